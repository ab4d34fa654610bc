"""Limits of requests in progress by key, and of memory for bodies. Waiters are served in order."""

from __future__ import annotations

import asyncio
from collections import deque

SMALL_BYTES = 16_384
"""What every body may take without asking for its full size."""


class Pool:
    """A number of equal units; whoever wants more than are free waits in line."""

    def __init__(self, units: int) -> None:
        self.units = units
        self.used = 0
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    @property
    def idle(self) -> bool:
        """True when nothing is taken and nobody waits."""
        return self.used == 0 and not self._waiting

    async def take(self, units: int = 1) -> None:
        """Wait until so many are free and take them; cancelling gives up the place in line."""
        if not self._waiting and self.used + units <= self.units:
            self.used += units
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, units))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._serve()
            else:
                self.give_back(units)
            raise

    def give_back(self, units: int = 1) -> None:
        """Return units, and serve those who wait, in their order."""
        self.used -= units
        self._serve()

    async def __aenter__(self) -> None:
        await self.take()

    async def __aexit__(self, *exc_info: object) -> None:
        self.give_back()

    def _serve(self) -> None:
        """Let the first in line in as long as there is room; who gave up is passed over."""
        while self._waiting:
            turn, units = self._waiting[0]
            if not turn.done():
                if self.used + units > self.units:
                    return
                self.used += units
                turn.set_result(None)
            self._waiting.popleft()


class Places:
    """At most so many at once for each key; a key costs nothing while nobody uses it."""

    def __init__(self, per_key: int) -> None:
        self._per_key = per_key
        self._pools: dict[str, Pool] = {}

    def in_use(self) -> int:
        """Places taken by all keys together."""
        return sum(pool.used for pool in self._pools.values())

    def place(self, key: str) -> Place:
        """For `async with`."""
        return Place(self, key)

    def pool(self, key: str) -> Pool:
        """The pool of one key, made when it is missing."""
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(self._per_key)
        return pool

    def forget_if_idle(self, key: str) -> None:
        """Drop the pool of a key that nobody uses."""
        pool = self._pools.get(key)
        if pool is not None and pool.idle:
            del self._pools[key]


class Place:
    """One key's place for as long as the block lasts."""

    __slots__ = ("_key", "_places", "_pool")

    def __init__(self, places: Places, key: str) -> None:
        self._places = places
        self._key = key
        self._pool = places.pool(key)

    async def __aenter__(self) -> None:
        try:
            await self._pool.take()
        except asyncio.CancelledError:
            self._places.forget_if_idle(self._key)
            raise

    async def __aexit__(self, *exc_info: object) -> None:
        self._pool.give_back()
        self._places.forget_if_idle(self._key)


class Memory:
    """Bounds all bodies that are being read, together.

    A body starts with a small share, and when it outgrows that takes the most it may become, at once. The
    two come from separate pools, so a body that waits for its full share never holds what another needs to
    finish: there is no deadlock, and dripping servers cannot sit on large shares that they do not use.
    """

    def __init__(self, max_bytes: int) -> None:
        self._small = Pool(max(max_bytes // 4, SMALL_BYTES))
        self._large = Pool(max_bytes - max_bytes // 4)

    @property
    def used_bytes(self) -> int:
        """Bytes reserved for bodies now."""
        return self._small.used + self._large.used

    def share(self) -> Share:
        """A body's memory, for `async with`."""
        return Share(self._small, self._large)


class Share:
    """One body's memory; given back at the end of the block."""

    __slots__ = ("_extra", "_large", "_small")

    def __init__(self, small: Pool, large: Pool) -> None:
        self._small = small
        self._large = large
        self._extra = 0

    async def __aenter__(self) -> Share:
        await self._small.take(SMALL_BYTES)
        return self

    async def grow(self, most_bytes: int) -> None:
        """Take the whole of `most_bytes`; the second time is free."""
        if self._extra == 0:
            extra = min(most_bytes, self._large.units)
            await self._large.take(extra)
            self._extra = extra

    async def __aexit__(self, *exc_info: object) -> None:
        self._small.give_back(SMALL_BYTES)
        if self._extra:
            self._large.give_back(self._extra)
