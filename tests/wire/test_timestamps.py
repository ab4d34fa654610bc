"""Kazoo's clock."""

from __future__ import annotations

import pytest

from pivot.wire import timestamps


def test_a_stamp_counts_microseconds_from_the_year_0() -> None:
    """Checked against a date: 2024-03-12 00:00:00 UTC is 63877420800 s after the start of year 0."""
    assert timestamps.from_unix(1_710_201_600.25) == 63_877_420_800_250_000
    assert timestamps.to_unix(63_877_420_800_250_000) == 1_710_201_600.25


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [(63_877_420_800_250_000, True), (1_710_201_600, False), (1_710_201_600_000, False)],
)
def test_kazoos_stamps_are_told_from_other_clients(stamp: int, expected: bool) -> None:
    """Other clients send seconds or milliseconds since 1970."""
    assert timestamps.is_kazoo(stamp) is expected


@pytest.mark.parametrize(
    ("sent_s", "age_s"),
    [(None, 0.0), (990.0, 10.0), (1000.0, 0.0), (940.0, 60.0), (939.9, 0.0), (1000.5, 0.0)],
)
def test_only_an_age_of_up_to_a_minute_is_believed(sent_s: float | None, age_s: float) -> None:
    """A node with a wrong clock must not make every request look dead."""
    assert timestamps.age_s(sent_s, 1000.0) == age_s
