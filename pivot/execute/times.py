"""Times and durations as requests write them."""

from __future__ import annotations

from email.utils import formatdate
from math import ceil


def whole_seconds(duration_s: float) -> int:
    """A duration to the nearest second; exactly half a second does not count, as little as in Kazoo."""
    return max(0, ceil(duration_s - 0.5))


def written_time(unix_s: float) -> str:
    """`Tue, 12 Mar 2024 10:00:00 +0000`, from seconds since 1970. Source: RFC 2822, UTC as Twilio's."""
    return formatdate(int(unix_s)).removesuffix("-0000") + "+0000"
