"""Requests that look old, until it is known whether they are, or a clock is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pivot.bus.clock_offset import ClockOffset

DOUBTED_AT_S = 5.0
"""Half of callflow's patience."""
DOUBTED_FOR_S = 0.5
"""In which other requests may tell; a caller does not notice it."""


class Doubtful:
    """Holds back requests that look old as long as nothing is known of their sender's clock."""

    def __init__(self, clocks: ClockOffset) -> None:
        self._clocks = clocks
        self._waiting: dict[str, list[tuple[asyncio.TimerHandle, Callable[[], None]]]] = {}

    def judge(self, node: str, age_s: float, decided: Callable[[], None]) -> None:
        """Call `decided` at once, or as soon as the clock is known, or after a while."""
        if age_s < DOUBTED_AT_S or self._clocks.of(node) is not None:
            decided()
        else:
            timer = asyncio.get_running_loop().call_later(DOUBTED_FOR_S, self.release, node)
            self._waiting.setdefault(node, []).append((timer, decided))

    def learned(self, node: str) -> None:
        """Another request of this node came."""
        if node in self._waiting and self._clocks.of(node) is not None:
            self.release(node)

    def release(self, node: str) -> None:
        """Nothing more is waited for."""
        for timer, decided in self._waiting.pop(node, []):
            timer.cancel()
            decided()
