"""A queue that serves accounts in turn, however much one account asks for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Entries of many accounts; each account's in order, the accounts in turn.

    Args:
        per_account: entries of one account that are taken and not yet done.
        max_bytes: what entries that wait may hold; those of one account an eighth of it.
    """

    def __init__(self, per_account: int, max_bytes: int) -> None:
        self._per_account = per_account
        self._max_bytes = max_bytes
        self._waiting: OrderedDict[str, deque[tuple[T, int]]] = OrderedDict()
        self._bytes: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._changed = asyncio.Condition()

    @property
    def waiting(self) -> int:
        """Entries of all accounts together."""
        return sum(map(len, self._waiting.values()))

    async def put(self, account: str, entry: T, size: int) -> bool:
        """Whether there was room for it; an account's first one has room whatever its size."""
        own = self._bytes.get(account, 0)
        if own and own + size > self._max_bytes / 8:
            return False
        if self._bytes and sum(self._bytes.values()) + size > self._max_bytes:
            return False
        self._waiting.setdefault(account, deque()).append((entry, size))
        self._bytes[account] = own + size
        async with self._changed:
            self._changed.notify()
        return True

    def remove(self, account: str, entry: T) -> None:
        """Nobody wants it any more; one that was taken already stays so."""
        entries = self._waiting.get(account)
        found = next((item for item in entries or () if item[0] is entry), None)
        if entries is not None and found is not None:
            entries.remove(found)
            self._left(account, found[1])

    async def take(self) -> tuple[str, T]:
        """The next entry, as soon as there is one; `done` must follow."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._next() is not None)
            account = self._next()
            assert account is not None
            entry, size = self._waiting[account].popleft()
            self._waiting.move_to_end(account)
            self._left(account, size)
            self._taken[account] = self._taken.get(account, 0) + 1
            return account, entry

    async def done(self, account: str) -> None:
        """One entry that was taken is dealt with."""
        self._taken[account] -= 1
        if not self._taken[account]:
            del self._taken[account]
        async with self._changed:
            self._changed.notify()

    def _next(self) -> str | None:
        return next(
            (account for account in self._waiting if self._taken.get(account, 0) < self._per_account), None
        )

    def _left(self, account: str, size: int) -> None:
        self._bytes[account] -= size
        if not self._waiting[account]:
            del self._waiting[account], self._bytes[account]
