"""Circuit breaker: after repeated failures an origin gets no requests for a time, then one at a time.

closed --`failures` in a row--> open --`open_s` later--> one probe --success--> closed
                                  ^--------------- failure ---'
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """What the breaker does with requests to one origin: let them pass, refuse them, or let one pass."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(slots=True)
class _Run:
    """An origin's failures since its last success."""

    failures: int = 0
    open_until: float | None = None
    probing: bool = False


class Breaker:
    """One for all origins; remembers only those that fail. Times are the caller's clock, in seconds."""

    def __init__(self, failures: int, open_s: float, *, max_origins: int = 10_000) -> None:
        self._failures = failures
        self._open_s = open_s
        self._max_origins = max_origins
        self._runs: dict[str, _Run] = {}

    def state(self, origin: str) -> BreakerState:
        """The state for one origin; an origin without failures is CLOSED."""
        run = self._runs.get(origin)
        if run is None or run.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.PROBING if run.probing else BreakerState.OPEN

    def states(self) -> dict[str, BreakerState]:
        """Of all origins whose breaker is not closed."""
        return {
            origin: self.state(origin) for origin, run in self._runs.items() if run.open_until is not None
        }

    def enter(self, origin: str, now: float) -> BreakerState:
        """Ask before a request: closed, go on; open, do not; probing, go on as the one probe."""
        run = self._runs.get(origin)
        if run is None or run.open_until is None:
            return BreakerState.CLOSED
        if run.probing or now < run.open_until:
            return BreakerState.OPEN
        run.probing = True
        return BreakerState.PROBING

    def succeeded(self, origin: str) -> None:
        """Forget the failures of an origin that has answered."""
        self._runs.pop(origin, None)

    def failed(self, origin: str, now: float, *, probe: bool) -> None:
        """A request ended badly; `probe`: it was let in as PROBING."""
        run = self._runs.get(origin)
        if run is None:
            if len(self._runs) >= self._max_origins:
                del self._runs[next(iter(self._runs))]
            run = self._runs[origin] = _Run()
        run.failures += 1
        run.probing = run.probing and not probe
        if run.failures >= self._failures:
            run.open_until = now + self._open_s

    def abandoned(self, origin: str, *, probe: bool) -> None:
        """A request ended without telling anything about the origin; after a probe another may follow."""
        run = self._runs.get(origin)
        if run is not None and probe:
            run.probing = False
