"""Notices of one series leave one after the other, also when several calls of this worker tell them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class NoticeOrder:
    """Who waits for a turn gets it in the order in which it asked."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}

    @property
    def series(self) -> int:
        """Of how many something is being told."""
        return len(self._locks)

    @asynccontextmanager
    async def turn(self, series: str) -> AsyncIterator[None]:
        """A notice of this series; one of no series has its turn at once."""
        if not series:
            yield
            return
        lock = self._locks.setdefault(series, asyncio.Lock())
        self._waiting[series] = self._waiting.get(series, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[series] -= 1
            if not self._waiting[series]:
                del self._waiting[series], self._locks[series]
