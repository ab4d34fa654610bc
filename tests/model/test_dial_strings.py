"""Strangers' texts in a dial string: what passes is a value there, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.model.dial_strings import may_be_header, may_be_quoted


@pytest.mark.parametrize(
    "value",
    [
        "1,execute_on_answer=system reboot",
        "1][api_on_answer=status",
        "${system(id)}",
        "a|sofia/x/y",
        "a:_:b",
        "it's",
        "a\\",
        "^^:a",
        "a\r\nVia: b",
    ],
)
def test_what_would_become_another_variable_is_no_header(value: str) -> None:
    """Some variables run programs on the media server."""
    assert not may_be_header("X-A", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Id", "42"),
        ("Remote-Party-ID", '"Bob" <sip:bob@example.com>;party=calling'),
        ("X-Stream-Parameters", "plan%20%26%20more=gold%2C%2050%25"),
        ("X-Name", "Grüße & 5 €"),
    ],
)
def test_what_a_header_usually_holds_passes(name: str, value: str) -> None:
    """Addresses, numbers, words and encoded lists."""
    assert may_be_header(name, value)


@pytest.mark.parametrize("name", ["X-A,b", "X A", "", "X-A=b", "X-" + "a" * 200])
def test_a_name_is_letters_digits_and_hyphens(name: str) -> None:
    """It stands in the dial string as well."""
    assert not may_be_header(name, "1")


@given(st.text())
def test_a_header_that_passes_leaves_the_list_of_variables_as_it_was(value: str) -> None:
    """Split at commas, cut at the bracket: one variable, one value."""
    if may_be_header("X-A", value):
        inside = f"[sip_h_X-A={value},sip_h_X-B=b]"

        assert inside[1 : inside.index("]")].split(",") == [f"sip_h_X-A={value}", "sip_h_X-B=b"]


def test_a_quoted_text_may_hold_quotes_and_commas_but_nothing_that_ends_or_expands_it() -> None:
    """The switch's side escapes quotes, and only those."""
    assert may_be_quoted("p,a'$s w0rd")
    assert not may_be_quoted("ends\\")
    assert not may_be_quoted("${sip_auth_password}")
