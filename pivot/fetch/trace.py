"""What one request on the wire went through, noted as it happens.

The connector and the resolver work deep inside aiohttp and know no more than a socket; they find the
request they work for in `current`, which follows the task.
"""

from __future__ import annotations

from asyncio import Timeout
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum, auto

from pivot.fetch.breaker import BreakerState
from pivot.model.fetch import Times


class Phase(Enum):
    """What a request waits for."""

    PLACE = auto()
    """A place among the fetches in flight."""
    NAME = auto()
    CONNECTION = auto()
    ANSWER = auto()
    MEMORY = auto()
    """Room for the body."""
    BODY = auto()


@dataclass(slots=True, eq=False)
class Trace:
    """Moments of one request, on the loop's clock, and the one timer that ends it."""

    now: Callable[[], float]
    timer: Timeout
    host: str
    answer_limit_s: float
    """From the connection to the last byte."""
    latest: float
    """The timer is never moved beyond this."""
    started_at: float
    phase: Phase = Phase.PLACE
    breaker: BreakerState = BreakerState.CLOSED
    """Of the origin, when the request came to it."""
    placed_at: float | None = None
    dns_s: float | None = None
    socket_at: float | None = None
    """The first attempt to connect; None on a kept connection."""
    tls_at: float | None = None
    connected_at: float | None = None
    first_byte_at: float | None = None
    head_at: float | None = None
    ended_at: float | None = None
    address: str | None = None
    origin: str = ""
    pool: str = ""
    """Requests share kept connections with those of the same pool."""
    kept: bool = False
    """The request went out on a connection that had carried another."""
    alone: bool = False
    """The request wants a connection of its own, which is closed afterwards."""
    warnings: list[str] = field(default_factory=list)
    """What was odd about the answer, for the developer."""
    objected: bool = False
    """The guard said no to one of the addresses."""
    denied: bool = False
    """And it was in force."""

    @property
    def found_closed(self) -> bool:
        """A kept connection was used, and not one byte came back."""
        return self.kept and self.first_byte_at is None

    def limit(self, when: float) -> None:
        """Let the timer end this phase; it never passes `latest`."""
        if not self.timer.expired():
            self.timer.reschedule(min(when, self.latest))

    def connected(self, address: str | None, *, kept: bool) -> None:
        """Note the connection; `kept`: the connection carried a request before."""
        self.connected_at = self.now()
        self.first_byte_at = None
        self.address = address
        self.kept = kept
        self.phase = Phase.ANSWER
        self.latest = min(self.latest, self.connected_at + self.answer_limit_s)
        self.limit(self.latest)

    def times(self) -> Times:
        """All durations; the clock stops at the first call."""
        if self.ended_at is None:
            self.ended_at = self.now()
        return Times(
            queue_s=_between(self.started_at, self.placed_at),
            dns_s=self.dns_s,
            connect_s=_between(self.socket_at, self.tls_at or self.connected_at),
            tls_s=_between(self.tls_at, self.connected_at),
            first_byte_s=_between(self.connected_at, self.first_byte_at),
            body_s=_between(self.head_at, self.ended_at),
            total_s=self.ended_at - self.started_at,
        )


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start


current: ContextVar[Trace | None] = ContextVar("pivot_fetch_trace", default=None)
