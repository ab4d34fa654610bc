"""Virtual time: an event loop whose clock jumps to the next timer as soon as nothing else is left to do.

A call of ten minutes takes milliseconds, and two runs of one script take the same course.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time. Real sockets still work, but waiting for them costs no virtual time."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_JumpingSelector(self._jump))

    def time(self) -> float:
        return self._now

    def _jump(self, seconds: float) -> None:
        self._now += seconds


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return super().select(_STUCK_S) or _stuck()
        self._jump(timeout)
        return []


_STUCK_S = 5.0
"""Real seconds to wait when no timer is left, since only another thread or a socket can go on."""


def _stuck() -> list[tuple[selectors.SelectorKey, int]]:
    raise RuntimeError("nothing is left to happen: a task waits for something that never comes")


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run to completion on a loop of virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
