"""How many syntheses run at a time, altogether and of one account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from pivot.errors import SpeechError

MOST_WAITING = 100
"""Of one account; whoever comes then is refused at once, and the switch speaks."""


@dataclass(slots=True)
class _Own:
    places: asyncio.Semaphore
    present: int = 0


class ConcurrencyLimit:
    """Who waits for a place of its own account's does not stand in the way of other accounts."""

    def __init__(self, at_once: int, per_account: int) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._per_account = per_account
        self._own: dict[str, _Own] = {}

    @asynccontextmanager
    async def one(self, account_id: str, within_s: float) -> AsyncIterator[None]:
        """Hold one place.

        Raises:
            SpeechError: too many of this account wait, or none got free in time.
        """
        own = self._own.setdefault(account_id, _Own(asyncio.Semaphore(self._per_account)))
        if own.present >= self._per_account + MOST_WAITING:
            raise SpeechError("too many texts of this account wait to be synthesised")
        own.present += 1
        try:
            async with AsyncExitStack() as held:
                try:
                    async with asyncio.timeout(within_s):
                        await held.enter_async_context(own.places)
                        await held.enter_async_context(self._all)
                except TimeoutError:
                    raise SpeechError(f"no place to synthesise got free within {within_s:g} s") from None
                yield
        finally:
            own.present -= 1
            if not own.present:
                del self._own[account_id]
