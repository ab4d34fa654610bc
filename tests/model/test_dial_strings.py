"""Strangers' texts in a dial string: what passes is a value there, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.model.dial_strings import (
    may_be_address,
    may_be_caller,
    may_be_header,
    may_be_number,
    may_be_quoted,
)


@pytest.mark.parametrize(
    "value",
    [
        "1!execute_on_answer=system reboot",
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
    """Split at exclamation marks and cut at the bracket: one variable, one value."""
    if may_be_header("X-A", value):
        inside = f"[^^!sip_h_X-A={value}!sip_h_X-B=b]"

        assert inside[4 : inside.index("]")].split("!") == [f"sip_h_X-A={value}", "sip_h_X-B=b"]


@pytest.mark.parametrize(
    "text", ["ends\\", "${sip_auth_password}", "a]loopback/app=system", "it's", "a!b=c", "a:_:b", "a|b"]
)
def test_a_quoted_text_holds_nothing_that_ends_or_expands_it(text: str) -> None:
    """Quotes are gone after the first cut, and brackets are looked for without regard to them."""
    assert not may_be_quoted(text)


def test_a_password_may_be_hard_to_guess() -> None:
    """Most marks mean nothing there."""
    assert may_be_quoted('p,a$s w0rd&%/()=?*+#-_.:;<>@"^{}')


@pytest.mark.parametrize(
    "text", ["sip:kate@example.com", "SIPS:a@[::1]:5061;transport=tls", "sip:a!b@c;x='y'"]
)
def test_an_address_is_a_sip_uri(text: str) -> None:
    """Also one that leads through a proxy."""
    assert may_be_address(text)


@pytest.mark.parametrize(
    "text",
    ["loopback/app=system:reboot", "sofia/gateway/x/1", "sip:a@b,sip:c@d", "sip:a@b|x", "sip:a:_:b", ""],
)
def test_what_the_switch_would_take_for_more_is_no_address(text: str) -> None:
    """Applications, somebody's gateway, several parties."""
    assert not may_be_address(text)


def test_a_number_has_digits_letters_and_separators() -> None:
    """Extensions with letters and stars are dialled, too."""
    assert all(may_be_number(text) for text in ("+15550007777", "*97", "+1 (555) 000-7777", "sales.desk"))
    assert not any(may_be_number(text) for text in ("app=system:reboot", "1/default/xml", "1,2", "", "${x}"))


def test_a_caller_is_shown_as_a_number_or_an_address() -> None:
    """What sets it on the caller's leg parts its variables with `~`."""
    assert all(may_be_caller(text) for text in ("+15550007777", "sip:kate@example.com;user=phone", "2001"))
    assert not any(may_be_caller(text) for text in ("1~api_hangup_hook=shutdown", "1>x", "${x}", ""))
