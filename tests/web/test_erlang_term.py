"""View keys in Erlang's external term format."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.web.erlang_term import Key, decode, encode
from pivot.web.paging import from_start_key, to_start_key

KAZOO: list[tuple[Key, str]] = [
    ("c1@host", "g20AAAAHYzFAaG9zdA"),
    (["c1@host", 63_900_000_000], "g2wAAAACbQAAAAdjMUBob3N0bgUAAJ-84A5q"),
    (["c1@host", {}], "g2wAAAACbQAAAAdjMUBob3N0aAFqag"),
]
KEYS: st.SearchStrategy[Key] = st.recursive(
    st.one_of(st.text(max_size=30), st.integers(-(2**70), 2**70), st.just({})),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=5,
)


@pytest.mark.parametrize(("key", "text"), KAZOO)
def test_keys_are_written_and_read_as_kazoo_does(key: Key, text: str) -> None:
    """Byte for byte what Erlang's `term_to_binary` gives for these keys."""
    assert to_start_key(key) == text
    assert from_start_key(text) == key


@given(KEYS)
def test_a_key_comes_back_as_it_was(key: Key) -> None:
    """Unless it is nested deeper than keys ever are."""
    try:
        back = decode(encode(key))
    except ValueError:
        assert isinstance(key, list)
    else:
        assert back == key


@given(st.binary(max_size=60))
def test_any_bytes_are_a_key_or_refused(term: bytes) -> None:
    """Clients send what they like: nothing but ValueError may come of it."""
    for candidate in (term, b"\x83" + term):
        try:
            decode(candidate)
        except ValueError:
            continue


@pytest.mark.parametrize(
    "term",
    [
        b"",
        b"\x83",
        b"\x83m\xff\xff\xff\xffx",
        b"\x83l\xff\xff\xff\xff",
        b"\x83l\x00\x00\x00\x01a\x01a\x02",
        b"\x83" + b"l\x00\x00\x00\x01" * 1000,
        b"\x83P\x00\x00\x00\x01x",
        b"\x83d\x00\x04true",
        b"\x83h\x02a\x01a\x02",
        b"\x83o\x7f\xff\xff\xff\x00",
        b"\x83m\x00\x00\x00\x01\xff",
        b"\x83a\x01a",
    ],
)
def test_hostile_terms_are_refused(term: bytes) -> None:
    """Announced lengths, depth, compression, atoms: none is taken at its word."""
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ, the refusal counts
        decode(term)


@given(st.text(max_size=50))
def test_any_text_is_some_start_key(text: str) -> None:
    """What is no encoded key is a raw one."""
    key = from_start_key(text)
    try:
        meant = base64.urlsafe_b64decode(text.encode() + b"==")
    except ValueError:
        meant = b""
    assert key == text or meant.startswith(b"\x83")
