"""What a server sets in a call it gets back in the same call, until it ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.execute.call_data import Cookie
from pivot.execute.cookie_dates import cookie_date
from pivot.execute.cookies import cookie_header, keep_cookies, unexpired
from pivot.model.fetch import Answer

NOW_S = 1_710_237_600.0
"""Tue, 12 Mar 2024 10:00:00 GMT."""
URL = "https://app.test/voice"
SID = (Cookie("app.test", "/", "sid", "1"),)


def answer(*cookies: str, date: str | None = None) -> Answer:
    headers = [("Set-Cookie", each) for each in cookies]
    return Answer(200, (*headers, *([("Date", date)] if date else [])), b"", URL)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Tue, 12 Mar 2024 10:00:00 GMT", NOW_S),
        ("Tuesday, 12-Mar-24 10:00:00 GMT", NOW_S),
        ("Tue Mar 12 10:00:00 2024", NOW_S),
        ("12 march 2024 10:0:0", NOW_S),
        ("2024 12 mar 10:00:00", NOW_S),
        ("Tue, 12 Mar 2024 10:00:00 +0500", NOW_S),
        ("Mon, 01-Jan-70 00:00:01 GMT", 1.0),
        ("Mon, 01-Jan-69 00:00:01 GMT", 3_124_224_001.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799.0),
    ],
)
def test_dates_as_servers_write_them(text: str, seconds: float) -> None:
    """RFC 6265, 5.1.1: in any order, with years of two digits, and whatever zone is named it is UTC."""
    assert cookie_date(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "-1",
        "now",
        "Thu, 01 Jan 1970",
        "Thu, 30 Feb 2024 10:00:00 GMT",
        "Thu, 00 Jan 2024 10:00:00 GMT",
        "Thu, 01 Jan 2024 24:00:00 GMT",
        "Thu, 01 Jan 2024 10:60:00 GMT",
        "Thu, 01 Jan 2024 10:00:60 GMT",
        "Thu, 01 Jan 1600 10:00:00 GMT",
        "Thu, 01 Jan 20240 10:00:00 GMT",
    ],
)
def test_what_is_no_date_ends_nothing(text: str) -> None:
    """An attribute that cannot be read is passed over, and the cookie kept."""
    assert cookie_date(text) is None
    kept = keep_cookies((), answer(f"sid=1; Expires={text}"), NOW_S)
    assert cookie_header(kept, URL) == "sid=1"


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_no_text_is_too_odd_for_a_date(text: str) -> None:
    """Whatever a server sends in a header."""
    date = cookie_date(text)
    assert date is None or isinstance(date, float)


@pytest.mark.parametrize(
    ("attributes", "is_kept"),
    [
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("Expires=Tue, 12 Mar 2024 10:00:00 GMT", False),
        ("Expires=Tue, 12 Mar 2024 10:00:01 GMT", True),
        ("expires = Thu, 01-Jan-70 00:00:00 GMT; HttpOnly", False),
        ("Max-Age=0", False),
        ("Max-Age=-5", False),
        ("Max-Age=5", True),
        ("Max-Age=" + "9" * 400, True),
        ("Max-Age=0; Expires=Fri, 31 Dec 9999 23:59:59 GMT", False),
        ("Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT", True),
        ("Max-Age=soon; Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("Max-Age=5; Max-Age=soon", True),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=never", False),
    ],
)
def test_a_cookie_whose_end_has_come_is_taken_back(attributes: str, is_kept: bool) -> None:
    """RFC 6265, 5.3: `Max-Age` goes before `Expires`."""
    kept = keep_cookies(SID, answer(f"sid=2; Path=/; {attributes}"), NOW_S)

    assert cookie_header(kept, URL) == ("sid=2" if is_kept else "")


@pytest.mark.parametrize("attributes", ["Max-Age=30", "Expires=Tue, 12 Mar 2024 10:00:30 GMT"])
def test_a_cookie_is_kept_until_its_end(attributes: str) -> None:
    """A call may last longer."""
    kept = keep_cookies((), answer(f"sid=2; {attributes}"), NOW_S)

    assert len(unexpired(kept, NOW_S + 29.9)) == 1
    assert unexpired(kept, NOW_S + 30.0) == ()


@pytest.mark.parametrize(("date", "is_kept"), [("Tue, 12 Mar 2024 10:00:00 GMT", False), (None, True)])
def test_when_nobody_tells_the_time_the_servers_own_counts(date: str | None, is_kept: bool) -> None:
    """Without either, only what ended with 1970 is known to be over."""
    told = answer("sid=2; Path=/; Expires=Mon, 11 Mar 2024 10:00:00 GMT", date=date)

    assert bool(keep_cookies(SID, told, None)) == is_kept
    assert keep_cookies(SID, answer("sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), None) == ()
    assert keep_cookies(SID, answer("sid=; Path=/; Max-Age=0"), None) == ()
