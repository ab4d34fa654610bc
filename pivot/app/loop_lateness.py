"""Measures how late the event loop runs its timers. A late loop delays all calls of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY_S = 0.1
"""Ten looks a second cost nothing that can be measured, and the next one sees a loop that stood for long."""


@contextmanager
def watched_loop(late: Callable[[float], None]) -> Iterator[None]:
    """A timer of the running loop every `EVERY_S`; `late` is given how many seconds after its time it ran."""
    timer = _LatenessTimer(asyncio.get_running_loop(), late)
    timer.start()
    try:
        yield
    finally:
        timer.stop()


class _LatenessTimer:
    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[float], None]) -> None:
        self._loop = loop
        self._late = late
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Counted from now: one long stand is one late look, and not many."""
        due = self._loop.time() + EVERY_S
        self._next = self._loop.call_at(due, self._ring, due)

    def _ring(self, due: float) -> None:
        self._late(max(0.0, self._loop.time() - due))
        self.start()

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
