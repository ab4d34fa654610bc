"""All calls of one run of a benchmark: when what happened to each, and how they are placed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

STALL_S = 20.0
"""Without any progress for so long, a run has failed."""


@dataclass
class Trace:
    """One call's moments on the clock of `time.perf_counter`."""

    published: float = 0.0
    asked: float = 0.0
    answered: float = 0.0
    over: float = 0.0
    """The flow, or the first command to the switch, was received."""


@dataclass
class Load:
    """All calls of one run."""

    traces: dict[str, Trace] = field(default_factory=lambda: defaultdict(Trace))
    placed: int = 0
    failed: int = 0
    served: Counter[str] = field(default_factory=Counter)
    """How often each page of the customer's server was asked for."""
    done: int = 0
    waiting: deque[str] = field(default_factory=deque)
    """Calls in a Gather whose prompt is over, by Call-ID, oldest first."""
    progress: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def in_progress(self) -> int:
        """Calls that are placed and have not ended."""
        return self.placed - self.done

    async def until(self, met: Callable[[], bool]) -> None:
        """Return when this is so; it is looked at whenever a call is over, or waits.

        Raises:
            TimeoutError: nothing moved for a long time.
        """
        while not met():
            self.progress.clear()
            async with asyncio.timeout(STALL_S):
                await self.progress.wait()


PlaceCall: TypeAlias = Callable[[], Awaitable[str]]
"""Returns the Call-ID."""


async def run_calls(place_call: PlaceCall, load: Load, calls: int, at_once: int) -> None:
    """Place `calls` calls, `at_once` of them in progress, and wait for the last.

    Raises:
        TimeoutError: nothing ended for a long time.
    """
    for _ in range(calls):
        await load.until(lambda: load.in_progress < at_once)
        await place_call()
    await load.until(lambda: load.in_progress == 0)


async def run_paced(place_call: PlaceCall, load: Load, calls: int, rate: float) -> None:
    """Place `calls` calls, `rate` of them a second whatever becomes of them, and wait for the last.

    Raises:
        TimeoutError: nothing ended for a long time.
    """
    async for _ in evenly(calls, rate):
        await place_call()
    await load.until(lambda: load.in_progress == 0)


async def evenly(times: int, rate: float) -> AsyncIterator[int]:
    """Yields `times` numbers, `rate` of them a second."""
    began = time.perf_counter()
    for number in range(times):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        yield number
