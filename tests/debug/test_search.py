"""The one-line search of the list of calls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.debug.search import SearchError, parse_search
from pivot.debug.store import CallFilter

NOW = 1_732_780_800.0


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", CallFilter()),
        ("alice  smith", CallFilter(text="alice smith")),
        ("code:http.status outcome:branched", CallFilter(code="http.status", outcome="branched")),
        ("host:Example.COM slow:2s", CallFilter(host="example.com", slow_ms=2000.0)),
        ("slow:500ms after:1h", CallFilter(slow_ms=500.0, after_s=NOW - 3600)),
        ("after:2024-11-28 before:2024-11-28T08:00", CallFilter(after_s=NOW - 28_800, before_s=NOW)),
        ("after:2024-11-28T09:00+01:00", CallFilter(after_s=NOW)),
        ("sip:1001@host nothing: :x", CallFilter(text="sip:1001@host nothing: :x")),
        ("http://h/a host.example:80", CallFilter(text="http://h/a host.example:80")),
    ],
)
def test_a_search_is_read(text: str, wanted: CallFilter) -> None:
    """Known names filter, everything else is free text: call ids and SIP addresses hold colons."""
    assert parse_search(text, NOW) == wanted


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("code:http.nothing", "code"),
        ("outcome:bad", "outcome"),
        ("slow:soon", "slow"),
        ("slow:2", "slow"),
        ("after:yesterday", "after"),
        ("x" * 501, "q"),
        ("outcom:ok", "q"),
    ],
)
def test_a_value_that_cannot_be_is_named(text: str, name: str) -> None:
    """The error says which filter, and what it can be."""
    with pytest.raises(SearchError) as caught:
        parse_search(text, NOW)
    assert caught.value.name == name
    assert caught.value.want


@given(st.text(max_size=60) | st.from_regex(r"(after|before|slow|code|host):\S{1,20}"))
def test_any_text_is_a_search_or_refused(text: str) -> None:
    """Nothing else may come of what somebody types."""
    try:
        parse_search(text, NOW)
    except SearchError:
        return
