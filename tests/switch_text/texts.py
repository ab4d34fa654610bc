"""Texts of people who try to make the switch do something."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

_WORDS: Final = (
    "${ ${system(x)} ^^ ^^: :_: @@ %[ %;[ ARRAY:: |: \\' é 日本 loopback/app=system:x execute_on_answer=x"
    " {caller_id_name} sofia/gateway/x/1 &park() :// http:// file:// /path/x.wav tone_stream:// path="
)
TOKENS: Final = [*"ab1 '\"!,|[]{}<>\\$^~=;:@&#/?*%()+-_.`", *_WORDS.split(), "\u2028", "\t", "\u200b"]
TEXTS: Final = st.lists(st.sampled_from(TOKENS), max_size=6).map("".join)
