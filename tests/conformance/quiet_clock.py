"""Real time that stands still while something goes on, for a simulated switch and whoever uses its phones."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

QUIET_S = 0.03


@dataclass(order=True, slots=True)
class _Timer:
    due_s: float
    number: int
    callback: Callable[[], object] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class QuietClock:
    """The cases count the caller's time as if whatever pivot and the network do took none.

    So this clock goes as fast as real time, but stands still from everything that happens, as a timer of its
    own or a message, until nothing has happened for a moment. It shows exactly the time at which a timer was
    due while the timer is served. Pivot's own timers know nothing of it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, quiet_s: float = QUIET_S) -> None:
        self._loop = loop
        self._quiet_s = quiet_s
        self._now_s = 0.0
        self._since_s: float | None = None
        """When it began to go, on the loop's clock; None while it stands still."""
        self._timers: list[_Timer] = []
        self._made = 0
        self._holds = 0
        self._next: asyncio.TimerHandle | None = None
        """What comes next: a timer, or the end of standing still."""
        self.stir()

    def time(self) -> float:
        return self._now_s if self._since_s is None else self._now_s + self._loop.time() - self._since_s

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> _Timer:
        self._made += 1
        timer = _Timer(self.time() + delay, self._made, lambda: callback(*args))
        heapq.heappush(self._timers, timer)
        if self._since_s is not None:
            self._wait_for_timer()
        return timer

    def stir(self) -> None:
        """Something happened: stand still from now, until it is quiet."""
        self._now_s, self._since_s = self.time(), None
        self._wait(self._quiet_s, self._go)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stand still while something goes on that may take long."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    def hold(self) -> None:
        self._holds += 1
        self.stir()

    def release(self) -> None:
        self._holds -= 1
        self.stir()

    def _go(self) -> None:
        if not self._holds:
            self._since_s = self._loop.time()
            self._wait_for_timer()

    def _wait_for_timer(self) -> None:
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
        if self._timers:
            self._wait(max(0.0, self._timers[0].due_s - self.time()), self._serve)

    def _serve(self) -> None:
        """All timers of one moment together, as a loop on virtual time does."""
        self._now_s, self._since_s = self._timers[0].due_s, None
        while self._timers and self._timers[0].due_s <= self._now_s:
            timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                timer.callback()
        self.stir()

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = self._loop.call_later(seconds, then)
