"""`created_from` and `created_to`: which time a client asks about, and which months that touches.

Times are gregorian seconds, seconds since the year 0, as in all of Kazoo. Months are texts, `202611`.

Source: crossbar_view.erl, time range; storage_and_api 3.4 describes both error bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pivot.web.errors import ApiError

GREGORIAN_OFFSET_S = 62_167_219_200
MAXIMUM_RANGE_S = 2_682_000
"""31 days and an hour."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start_s` to `end_s`, gregorian seconds, both included."""

    start_s: int
    end_s: int

    def holds(self, created_s: int) -> bool:
        """True when the gregorian second is within the range, both ends included."""
        return self.start_s <= created_s <= self.end_s

    def months(self) -> tuple[str, ...]:
        """Every month that the range touches, oldest first."""
        months, last = [month_of(self.start_s)], month_of(self.end_s)
        while months[-1] < last:
            months.append(neighbour(months[-1], 1))
        return tuple(months)


def gregorian(unix_s: float) -> int:
    """Seconds since the year 0, from seconds since 1970."""
    return int(unix_s) + GREGORIAN_OFFSET_S


def unix(gregorian_s: int) -> int:
    """Seconds since 1970, from seconds since the year 0."""
    return gregorian_s - GREGORIAN_OFFSET_S


def month_of(gregorian_s: int) -> str:
    """The UTC month of a time; times that no calendar has are taken to its nearest end."""
    seconds = min(max(unix(gregorian_s), -62_135_596_800), 253_402_300_799)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m").zfill(6)


def month_start(month: str) -> int:
    """Gregorian seconds of a month's first moment."""
    return gregorian(datetime(int(month[:4]), int(month[4:]), 1, tzinfo=UTC).timestamp())


def neighbour(month: str, step: int) -> str:
    """The month `step` months later, or earlier when negative; the calendar ends at its ends."""
    number = min(max(int(month[:4]) * 12 + int(month[4:]) - 1 + step, 12), 9999 * 12 + 11)
    return f"{number // 12:04d}{number % 12 + 1:02d}"


def is_month(text: str) -> bool:
    """`YYYYMM` of the years that the calendar knows."""
    return (
        text.isascii()
        and text.isdigit()
        and len(text) == 6
        and 1 <= int(text[4:]) <= 12
        and text[:4] > "0000"
    )


def time_range(query: Mapping[str, str], now_s: int) -> TimeRange:
    """The range that a request asks for; without parameters the last 31 days.

    Raises:
        ApiError: 400, the range ends before it begins or is too long.
    """
    end_s = positive(query.get("created_to")) or now_s
    start_s = positive(query.get("created_from")) or max(end_s - MAXIMUM_RANGE_S, 1)
    if end_s < start_s:
        raise _refused(f"created_to {end_s} is prior to created_from {start_s}", start_s)
    if end_s - start_s > MAXIMUM_RANGE_S:
        message = f"created_to {end_s} is more than {MAXIMUM_RANGE_S} seconds from created_from {start_s}"
        raise _refused(message, end_s)
    return TimeRange(start_s, end_s)


def positive(text: str | None) -> int | None:
    """A positive integer of at most 18 digits, None for everything else."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 18):
        return None
    return int(text) or None


def _refused(message: str, cause: int) -> ApiError:
    return ApiError(
        400, "validation error", {"created_from": {"date_range": {"message": message, "cause": cause}}}
    )
