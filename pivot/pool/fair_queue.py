"""Who is next: accounts in turn, whoever of them asks for how much."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Entries of many accounts; each account's in order, the accounts in turn.

    Args:
        per_account: entries of one account that are taken and not yet done.
        max_waiting: entries of one account that may wait.
    """

    def __init__(self, per_account: int, max_waiting: int) -> None:
        self._per_account = per_account
        self._max_waiting = max_waiting
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._taken: dict[str, int] = {}
        self._changed = asyncio.Condition()

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    async def put(self, account: str, entry: T) -> bool:
        """Whether there was room for it."""
        entries = self._waiting.setdefault(account, deque())
        if len(entries) >= self._max_waiting:
            return False
        entries.append(entry)
        async with self._changed:
            self._changed.notify()
        return True

    def remove(self, account: str, entry: T) -> None:
        """Nobody wants it any more; one that was taken already stays so."""
        entries = self._waiting.get(account)
        if entries is not None and entry in entries:
            entries.remove(entry)
            self._forget(account)

    async def take(self) -> tuple[str, T]:
        """The next entry, as soon as there is one; `done` must follow."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._next() is not None)
            account = self._next()
            assert account is not None
            entry = self._waiting[account].popleft()
            self._waiting.move_to_end(account)
            self._forget(account)
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

    def _forget(self, account: str) -> None:
        if not self._waiting[account]:
            del self._waiting[account]
