"""Requests' paths and queries, and times: whatever a stranger sends is taken apart or refused."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.model.json import JsonObject
from pivot.web.errors import ApiError
from pivot.web.filters import parse_filter
from pivot.web.paths import parse_query, split_debug_id, split_target
from pivot.web.time_range import gregorian, month_of, month_start, neighbour, time_range

NOW = 63_900_000_600


@pytest.mark.parametrize(
    ("target", "segments", "query"),
    [
        ("/v2/a%2Fb/c+d", ("v2", "a/b", "c+d"), ""),
        ("/v2/a?x=1?y", ("v2", "a"), "x=1?y"),
        ("/v2/a/", ("v2", "a"), ""),
        ("/v2//a", ("v2", "", "a"), ""),
        ("http://host:1/v2/a?q", ("v2", "a"), "q"),
        ("http://host", ("",), ""),
        ("/v2/a%252F", ("v2", "a%2F"), ""),
        ("/v2/../x", ("v2", "..", "x"), ""),
        ("/", ("",), ""),
        ("*", ("",), ""),
    ],
)
def test_a_target_is_split_before_it_is_decoded(target: str, segments: tuple[str, ...], query: str) -> None:
    """And decoded once."""
    assert split_target(target) == (segments, query)


@given(st.text(min_size=1, max_size=40))
def test_every_call_id_survives_its_way_through_a_path(call_id: str) -> None:
    """Quoted by any client's library."""
    if call_id.encode("utf-8", "replace").decode() == call_id:
        assert split_target(f"/x/{quote(call_id, safe='')}")[0] == ("x", call_id)


@given(st.text(max_size=60), st.text(max_size=60))
def test_anything_can_be_asked(path: str, query: str) -> None:
    """Paths, queries, filters and times of any text give a value or an error of the API's."""
    split_target(path)
    pairs = parse_query(query)
    parse_filter(pairs, times_alone=True).passes({"a": {"b": [1]}, "pvt_created": 5})
    split_debug_id(path)
    with suppress(ApiError):
        time_range({"created_from": path, "created_to": query}, NOW)


@given(st.integers(-(10**18), 10**18))
def test_every_time_has_a_month(seconds: int) -> None:
    """Also times that no calendar has."""
    month = month_of(seconds)
    assert len(month) == 6
    assert month in ("999912", neighbour(neighbour(month, 1), -1))


def test_months_begin_where_they_begin() -> None:
    """In UTC, years included."""
    assert month_start("202411") == gregorian(1_730_419_200)
    assert [neighbour("202412", step) for step in (-12, -1, 0, 1)] == ["202312", "202411", "202412", "202501"]
    assert time_range({}, NOW).months() == ("202410", "202411")


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        ("filter_a.b=1", True),
        ("filter_a.b=2", False),
        ('filter_s=["x","y"]', True),
        ("filter_s=[x", False),
        ("filter_not_s=x", False),
        ("filter_not_s=z", True),
        ("filter_flag=true", True),
        ("filter_missing=", False),
        ("has_key=a.b&key_missing=a.c", True),
        ("has_value=empty", False),
        ("value_missing=empty", True),
        ("has_key=a&created_from=100", True),
        ("has_key=a&created_from=101", False),
        ("has_key=a&modified_to=99", False),
        ("created_from=101", True),
    ],
)
def test_a_filter_looks_at_what_is_in_a_document(query: str, passes: bool) -> None:
    """Times count only beside another filter."""
    document: JsonObject = {
        "a": {"b": 1},
        "s": "x",
        "flag": True,
        "empty": "",
        "pvt_created": 100,
        "pvt_modified": 100,
    }
    assert parse_filter(parse_query(query)).passes(document) is passes
