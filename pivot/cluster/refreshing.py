"""A part of the cluster that is read again when it may have changed; until then the last reading stays."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from pivot.errors import StoreError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds between two readings."""

    settle_s: float = 1.0
    """After a change: more often come several, and a storm of them costs one reading in this time."""
    poll_s: float = 300.0
    """Without any news, which may get lost."""
    retry_s: float = 5.0
    """After the first failure; doubles with each, up to `poll_s`."""


class Refreshed:
    """Reads at once, on every change, and every now and then in any case; never raises.

    Args:
        name: of what is read, for the log.
        read: reads and hands on what it found.
        pauses: how often.
    """

    def __init__(self, name: str, read: Callable[[], Awaitable[None]], pauses: Pauses) -> None:
        self._name = name
        self._read = read
        self._pauses = pauses
        self._news = asyncio.Event()
        self._failures = 0
        self.tried = asyncio.Event()
        """Set once the first reading is over, well or not."""

    def changed(self) -> None:
        """There may be something new; returns at once."""
        self._news.set()

    async def keep(self) -> None:
        """Read again and again until cancelled."""
        while True:
            self._news.clear()
            await self._read_once()
            self.tried.set()
            await self._wait()

    async def _read_once(self) -> None:
        try:
            await self._read()
        except StoreError as error:
            self._failed(str(error))
        except Exception as error:
            log.exception("cluster.read_crashed", of=self._name)
            self._failed(repr(error))
        else:
            if self._failures:
                log.info("cluster.readable_again", of=self._name)
            self._failures = 0

    def _failed(self, reason: str) -> None:
        self._failures += 1
        if self._failures == 1:
            log.warning("cluster.unreadable", of=self._name, reason=reason, instead="the last known values")

    async def _wait(self) -> None:
        pauses = self._pauses
        wait_s = pauses.poll_s
        if self._failures:
            wait_s = min(wait_s, pauses.retry_s * 2 ** min(self._failures - 1, 16))
        try:
            async with asyncio.timeout(wait_s * random.uniform(0.8, 1.0)):
                await self._news.wait()
        except TimeoutError:
            return
        await asyncio.sleep(pauses.settle_s)
