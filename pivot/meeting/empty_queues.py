"""How long a queue that nobody is in is known, so that an agent waits for its next caller."""

from __future__ import annotations

from collections.abc import Mapping

KNOWN_S = 86_400.0
MOST_KNOWN = 2_000
"""Of one shard: documents name queues as they like, and each name must not cost a day's memory."""


def forgotten(used_s: Mapping[str, float], now_s: float) -> list[str]:
    """Which of these queues are to be forgotten: used too long ago, and beyond the limit the eldest.

    Args:
        used_s: when each was used last.
    """
    eldest = sorted(used_s, key=used_s.__getitem__)
    too_many = max(0, len(eldest) - MOST_KNOWN)
    return eldest[:too_many] + [each for each in eldest[too_many:] if used_s[each] < now_s - KNOWN_S]
