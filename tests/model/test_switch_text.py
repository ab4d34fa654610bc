"""Strangers' texts in a dial string: what passes is a value there, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.model.switch_text import (
    HEADER,
    PLACES,
    QUOTED,
    Place,
    is_address,
    may_be_caller,
    may_be_header,
    may_be_number,
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
        ("Remote-Party-ID", "sip:bob@example.com;party=calling"),
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
    assert not QUOTED.takes(text)


def test_a_password_may_be_hard_to_guess() -> None:
    """Most marks mean nothing there."""
    assert QUOTED.takes('p,a$s w0rd&%/()=?*+#-_.:;@"^~')


@pytest.mark.parametrize(
    "text",
    [
        "sip:kate@example.com",
        "SIPS:a@[::1]:5061;transport=tls",
        "sip:a!b@c;fs_path='sip:proxy.example.com:5060;lr'",
    ],
)
def test_an_address_is_a_sip_uri(text: str) -> None:
    """Also one that leads through a proxy."""
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "loopback/app=system:reboot",
        "sofia/gateway/x/1",
        "sip:a[x=y]@h",
        "sip:a@[x]",
        "sip:a';fs_path='b",
        "sip:a@b,sip:c@d",
        "sip:a@b|x",
        "sip:a:_:b",
        "",
    ],
)
def test_what_the_switch_would_take_for_more_is_no_address(text: str) -> None:
    """Applications, somebody's gateway, several parties."""
    assert not is_address(text)


def test_a_number_has_digits_letters_and_separators() -> None:
    """Extensions with letters and stars are dialled, too."""
    assert all(may_be_number(text) for text in ("+15550007777", "*97", "+1 (555) 000-7777", "sales.desk"))
    assert not any(may_be_number(text) for text in ("app=system:reboot", "1/default/xml", "1,2", "", "${x}"))


def test_a_caller_is_shown_as_a_number_or_an_address() -> None:
    """What sets it on the caller's leg parts its variables with `~`."""
    assert all(may_be_caller(text) for text in ("+15550007777", "sip:kate@example.com;user=phone", "2001"))
    assert not any(may_be_caller(text) for text in ("1~api_hangup_hook=shutdown", "1>x", "${x}", ""))


HEADERS_OF_APPLICATIONS = (
    "42",
    "CA00112233445566778899aabbccddeeff",
    "4fd2b1aa-9c1e-4b0e-9c55-0d1f9a3b7c11",
    "+15550007777",
    "(555) 000-7777",
    "*72#",
    "tel:+15550007777",
    "sip:kate@example.com;user=phone",
    "kate.miller+pbx@example.com",
    "https://crm.example.com/case/17?tab=notes&view=full#latest",
    "https://example.com/~kate/",
    "name=Kate; queue=support; tier=gold",
    "a=1&b=two%20words&c=%E2%82%AC",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "c2VjcmV0IHZhbHVlIQ==",
    "a+b/c==",
    "2024-03-12T10:00:00.000Z",
    "2024-03-12 10:00:00 +0100",
    "Tue 12 Mar 2024 10:00:00 GMT",
    "1710237600.123",
    "50%",
    "true",
    "Support desk (second floor)",
    'Kate "Kay" Miller',
    "Grüße aus Köln",
    "Привет мир",
    "日本語の名前",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "5 €, naïve — ¿qué?".replace(",", ";"),
    "00FA;encoding=hex;purpose=isdn-uui",
    "en-US/fr-CA:2*x",
    "👩\u200d🚀 crew",
)


@pytest.mark.parametrize("value", HEADERS_OF_APPLICATIONS)
def test_headers_that_applications_send_pass(value: str) -> None:
    """Ids, numbers, addresses, URLs, tokens, times and words of all languages."""
    assert may_be_header("X-A", value)


@pytest.mark.parametrize("character", [chr(code) for code in range(128) if not chr(code).isalnum()])
def test_no_mark_is_text_unless_it_is_named(character: str) -> None:
    """An allow list: a control character is text nowhere, a mark where its place says so."""
    for place in PLACES:
        assert place.takes(f"a{character}b") == (character in place.marks)
        assert character not in "\x00\r\n\x1b\x7f" or not place.takes(character)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
@pytest.mark.parametrize(
    "character", ["\u2028", "\u2029", "\x85", "\u200b", "\u202e", "\ufeff", "\ud800", "\ue000", "\U000e0001"]
)
def test_separators_and_what_nobody_sees_are_text_nowhere(place: Place, character: str) -> None:
    """Lines' ends beyond ASCII, marks of direction, halves of characters, private ones."""
    assert not place.takes(character)
    assert place.cleaned(f"a{character}b") == "ab"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_place_says_what_reads_it_and_how_that_is_known(place: Place) -> None:
    """Measured, read or guessed."""
    assert "(measured" in place.why or "(read" in place.why or "(guessed" in place.why
    assert not place.takes("a" * (place.longest + 1))


@given(st.text(), st.sampled_from(PLACES))
def test_what_is_left_of_a_text_is_text(text: str, place: Place) -> None:
    """Cleaning leaves nothing that is refused, also when what is taken out brings two things together."""
    assert place.takes(place.cleaned(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a>b", "'>'"),
        ("a:_:b", "':_:'"),
        ("a\u2028", "U+2028"),
        ("a\n", "U+000A"),
        ("ARRAY::a", "'ARRAY::' at its beginning"),
        ("  ARRAY::a", "'ARRAY::' at its beginning"),
        ("a" * 20_000, "more than 16384 characters"),
    ],
)
def test_what_is_refused_is_named(text: str, said: str) -> None:
    """So that a developer sees it in the warning."""
    assert HEADER.refuses(text) == said
