"""`pivot bench --gather 10000`: calls that all wait in a Gather; what each takes, and whether one is lost."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pivot.bench.compare import cpu_s, memory_mb, pivot_subject, refuse_a_broker_in_use, running
from pivot.bench.load import Load
from pivot.bench.peers import Callflow, Page, callflow, voice_server

_WARM_UP = 200
_MOVING = 10
"""So many calls at most are on their way into the Gather, or out of it; the same at every level."""
_ROOM = 100
"""A call that has hung up is in progress until its binding is gone."""


@dataclass(frozen=True, slots=True)
class Level:
    """What calls take while so many of them are in progress."""

    in_progress: int
    cpu_us: float
    """For one more call from its request to its end, without what those take that wait meanwhile."""
    waiting_ms: float
    """CPU per second while all of them wait and nothing happens."""
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Waited:
    """One run."""

    levels: tuple[Level, ...]
    idle_mb: float
    """Before the first call waited."""
    peak_mb: float
    placed: int
    keys: int
    """So many keys were told to the customer's server."""
    ended: int
    failed: int


async def run_gather_bench(amqp_url: str, *, waiting: int, calls: int) -> None:
    """Measure and print.

    Args:
        amqp_url: a broker of its own.
        waiting: so many calls wait at once in the end; from ten on their number grows tenfold.
        calls: so many come and go at each of these levels.

    Raises:
        ConfigError: somebody else works on this broker.
        TimeoutError: no call moved for a long time: some are lost.
    """
    found = await bench_gather(amqp_url, waiting=waiting, calls=calls, quiet_s=10.0)
    console = Console(highlight=False)
    console.print(_table(found))
    console.print(
        f"{found.placed} calls placed, {found.keys} keys told to the server, {found.ended} calls ended, "
        f"{found.failed} of them by `failed`; "
        f"idle {found.idle_mb:.0f} MB, peak {found.peak_mb:.0f} MB"
    )


async def bench_gather(amqp_url: str, *, waiting: int, calls: int, quiet_s: float) -> Waited:
    """As `run_gather_bench`; for `quiet_s` at each level nobody does anything."""
    await refuse_a_broker_in_use(amqp_url)
    load = Load()
    with tempfile.TemporaryDirectory() as folder:
        subject = pivot_subject(amqp_url, Path(folder), debug=False)
        limit = {"PIVOT_BUS__MAX_CALLS": str(waiting + _ROOM)}
        subject = replace(subject, environment=subject.environment | limit)
        async with (
            voice_server(load) as url,
            callflow(amqp_url, load, url, Page.GATHER) as side,
            running(subject) as process,
        ):
            crowd = _Crowd(side, load)
            await crowd.grow(_MOVING)
            await crowd.turn_over(_WARM_UP)
            await crowd.leave()
            idle_mb = memory_mb(process.pid, "VmRSS")
            levels = [await _level(crowd, process.pid, size, calls, quiet_s) for size in _sizes(waiting)]
            await crowd.leave()
            peak_mb = memory_mb(process.pid, "VmHWM")
    return Waited(tuple(levels), idle_mb, peak_mb, load.placed, load.served[Page.BYE], load.done, load.failed)


class _Crowd:
    """The calls that wait."""

    def __init__(self, side: Callflow, load: Load) -> None:
        self._side = side
        self._load = load

    async def grow(self, size: int) -> None:
        """Place calls until so many wait."""
        for _ in range(size - len(self._load.waiting)):
            await self._load.until(lambda: self._moving < _MOVING)
            await self._side.place_call()
        await self._load.until(lambda: not self._moving)

    async def turn_over(self, calls: int) -> None:
        """So many times the caller who has waited longest presses a key, and another one comes."""
        for _ in range(calls):
            await self._load.until(lambda: self._moving < _MOVING and bool(self._load.waiting))
            await self._side.press(self._load.waiting.popleft())
            await self._side.place_call()
        await self._load.until(lambda: not self._moving)

    async def leave(self) -> None:
        """Everybody presses a key."""
        while self._load.waiting:
            await self._load.until(lambda: self._moving < _MOVING)
            await self._side.press(self._load.waiting.popleft())
        await self._load.until(lambda: not self._load.in_progress)

    @property
    def _moving(self) -> int:
        return self._load.in_progress - len(self._load.waiting)


async def _level(crowd: _Crowd, pid: int, size: int, calls: int, quiet_s: float) -> Level:
    clock = asyncio.get_running_loop().time
    await crowd.grow(size)
    began, before_s = clock(), cpu_s(pid)
    await crowd.turn_over(calls)
    turned, turned_s = clock(), cpu_s(pid)
    await asyncio.sleep(quiet_s)
    waiting = (cpu_s(pid) - turned_s) / (clock() - turned)
    turning_s = turned_s - before_s - waiting * (turned - began)
    return Level(size, turning_s / calls * 1e6, waiting * 1000, memory_mb(pid, "VmRSS"))


def _sizes(largest: int) -> Iterator[int]:
    size = 10
    while size < largest:
        yield size
        size *= 10
    yield largest


def _table(found: Waited) -> Table:
    table = Table(title="Calls that wait in a Gather")
    for column in (
        "in progress",
        "CPU µs/call",
        "ratio",
        "CPU ms/s, all waiting",
        "MB",
        "kB/call above idle",
    ):
        table.add_column(column, justify="right")
    for level in found.levels:
        table.add_row(
            f"{level.in_progress}",
            f"{level.cpu_us:.0f}",
            f"{level.cpu_us / found.levels[0].cpu_us:.2f}",
            f"{level.waiting_ms:.1f}",
            f"{level.memory_mb:.0f}",
            f"{(level.memory_mb - found.idle_mb) / level.in_progress * 1024:.1f}",
        )
    return table
