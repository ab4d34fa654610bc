"""What a stranger's text may hold that becomes part of the switch's dial string.

The switch's side writes SIP headers of a party as channel variables, unquoted, between commas and brackets:
a comma begins the next variable, and there are variables that run programs. Others it quotes, and doubles no
backslash. In all of them `${...}` is expanded.
Source: ecallmgr_fs_xml.erl, sip_headers_fold and encode_fs_val; ecallmgr_util.erl, build_bridge_string.
"""

from __future__ import annotations

import re

_MEANS_SOMETHING = re.compile(r"[\x00-\x1f\x7f,\[\]{}'\\|$^`]|:_:")
_BREAKS_QUOTES = re.compile(r"[\x00-\x1f\x7f\\]|\$\{")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")


def may_be_header(name: str, value: str) -> bool:
    """Whether a SIP header can travel with a party that is rung, and is nothing else underway."""
    return _HEADER_NAME.fullmatch(name) is not None and not _MEANS_SOMETHING.search(value)


def may_be_quoted(text: str) -> bool:
    """Whether a text between quotes stays there."""
    return not _BREAKS_QUOTES.search(text)
