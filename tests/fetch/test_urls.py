"""Reading a URL by the letter: what is understood, and how it goes on."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.fetch import urls
from pivot.fetch.urls import BadUrl, Target, join, parse


def test_every_part_is_read() -> None:
    """Host in lower case, the default port left out, the fragment gone, the rest untouched."""
    assert parse("HTTPS://Us%65r:p%3Aw@App.Example:443/A/b%2f?x=[1]&%zz#ct=1") == Target(
        scheme="https",
        host="app.example",
        port=443,
        path="/A/b%2f?x=[1]&%zz",
        user="User",
        password="p:w",
        raw_user_info="Us%65r:p%3Aw",
    )


@pytest.mark.parametrize(
    ("url", "origin", "text"),
    [
        ("http://a.example", "http://a.example", "http://a.example/"),
        ("http://a.example:80/x", "http://a.example", "http://a.example/x"),
        ("http://a.example:443/x", "http://a.example:443", "http://a.example:443/x"),
        ("https://u:p@a.example:8443/?y", "https://a.example:8443", "https://u:p@a.example:8443/?y"),
        ("http://[2001:DB8:0:0::1]:81/", "http://[2001:db8::1]:81", "http://[2001:db8::1]:81/"),
        ("http://8.8.8.8/", "http://8.8.8.8", "http://8.8.8.8/"),
        ("http://a_b.example./", "http://a_b.example.", "http://a_b.example./"),
        ("http://a.example/?", "http://a.example", "http://a.example/"),
        ("http://a.example:81/x?#rc=1", "http://a.example:81", "http://a.example:81/x"),
        ("http://a.example/?#x?", "http://a.example", "http://a.example/"),
    ],
)
def test_origin_and_text(url: str, origin: str, text: str) -> None:
    """The origin is what limits, breaker and credentials go by; the text is what is signed."""
    target = parse(url)
    assert (target.origin, target.text) == (origin, text)


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("http://a.example./x", "http://a.example/x"),
        ("http://a.example.:81/x?#rc=1", "http://a.example:81/x"),
        ("http://u:p@a.example/?a=b&#x?", "http://u:p@a.example/?a=b&"),
        ("https://[::1]/??", "https://[::1]/??"),
    ],
)
def test_what_is_signed_is_what_the_server_sees(url: str, signed: str) -> None:
    """No final dot of the host, which no Host header has, and no lonely question mark."""
    target = parse(url)
    assert target.signed == signed
    assert target.signed.endswith(target.for_the_wire().raw_path_qs)


@pytest.mark.parametrize(
    ("host", "wire"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("аpple.example", "xn--pple-43d.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_names_beyond_ascii_go_out_in_punycode(host: str, wire: str) -> None:
    """By IDNA 2008; a look-alike is another name and stays one."""
    assert parse(f"https://{host}/").host == wire


@pytest.mark.parametrize(
    "host", ["ex🎉.example", "a\u00adb.example", "a\u200bb.example", "☃.example", "a。b", "\u212aö.example"]
)
def test_names_that_would_have_to_be_repaired_are_refused(host: str) -> None:
    """What one library drops or folds, another resolves."""
    with pytest.raises(BadUrl):
        parse(f"https://{host}/")


def test_a_message_never_repeats_a_password() -> None:
    """It is shown to whoever reads the debug document."""
    with pytest.raises(BadUrl) as refused:
        parse("https://user:hunter2@exa mple/")
    assert "hunter2" not in str(refused.value)


@given(st.text(max_size=40) | st.from_regex(r"https?://[a-z0-9@:./?#\[\]%\\-]{0,30}", fullmatch=True))
def test_any_text_is_understood_or_refused(text: str) -> None:
    """And what was understood means the same when it is read again."""
    try:
        target = parse(text)
    except BadUrl:
        return
    assert parse(target.text) == target
    assert str(target.for_the_wire()).isascii()


@given(st.text(max_size=30))
def test_any_location_is_understood_or_refused(reference: str) -> None:
    """Strangers write it."""
    base = urls.parse("https://app.example/a/b?c")
    with suppress(BadUrl):
        assert parse(join(base, reference).text).scheme in ("http", "https")
