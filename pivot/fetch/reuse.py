"""Which servers' connections carry more than one request.

An answer that nobody asked for and that arrives between our last look and the request's arrival cannot be
told from the right one. So a server is watched before it is trusted: only after one of its connections has
been silent for a while are they used again, and for some minutes after unasked bytes they are not.
"""

from __future__ import annotations

import structlog

WATCHED_S = 1.0
"""So long an idle connection must be silent before the first of an origin is used again."""
DENIED_S = 600.0
_MAX_ORIGINS = 10_000

log = structlog.get_logger("pivot.fetch")


class Reuse:
    """Remembers origins. Times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._silent: dict[str, None] = {}
        self._denied_until: dict[str, float] = {}

    def is_allowed(self, origin: str) -> bool:
        """A connection to it was watched, and nothing unasked has come since."""
        return origin in self._silent

    def is_denied(self, origin: str, now: float) -> bool:
        """True while connections to this origin must not be used again."""
        return self._denied_until.get(origin, 0.0) > now

    def was_silent(self, origin: str, now: float) -> None:
        """Note that a kept connection to this origin received nothing unasked."""
        if not self.is_denied(origin, now):
            self._silent.pop(origin, None)
            _make_room(self._silent)
            self._silent[origin] = None

    def deny(self, origin: str, now: float, reason: str) -> None:
        """Bytes came that nobody had asked for."""
        if not self.is_denied(origin, now):
            log.warning("fetch.unasked_bytes", origin=origin, reason=reason)
        self._silent.pop(origin, None)
        self._denied_until.pop(origin, None)
        _make_room(self._denied_until)
        self._denied_until[origin] = now + DENIED_S


def _make_room(origins: dict[str, None] | dict[str, float]) -> None:
    if len(origins) >= _MAX_ORIGINS:
        del origins[next(iter(origins))]
