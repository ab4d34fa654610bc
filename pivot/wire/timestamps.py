"""The clock on Kazoo's messages: microseconds since the year 0.

Source: kz_time.erl, now_us; kz_amqp_util.erl, basic_publish.
"""

from __future__ import annotations

YEAR_0_S = 62_167_219_200
"""Seconds from the start of year 0 to the start of 1970."""

MAX_AGE_S = 60.0
"""Kazoo's queues drop what waits longer; an older stamp is a wrong clock."""

_US = 1_000_000


def from_unix(unix_s: float) -> int:
    """Kazoo's stamp of a moment given in seconds since 1970."""
    return YEAR_0_S * _US + round(unix_s * _US)


def to_unix(stamp_us: int) -> float:
    """Seconds since 1970 of one of Kazoo's stamps."""
    return (stamp_us - YEAR_0_S * _US) / _US


def is_kazoo(stamp: int) -> bool:
    """Whether a raw AMQP timestamp counts like Kazoo's, and not seconds or milliseconds since 1970."""
    return stamp >= YEAR_0_S * _US


def age_s(sent_unix_s: float | None, now_unix_s: float) -> float:
    """How old a message is, 0 when its stamp is missing or cannot be believed."""
    if sent_unix_s is None:
        return 0.0
    age = now_unix_s - sent_unix_s
    return age if 0.0 <= age <= MAX_AGE_S else 0.0
