"""The events of one call that it has not seen yet."""

from __future__ import annotations

import asyncio
from collections import deque

from pivot.model.events import Event


class EventQueue:
    """In the order in which they came.

    Whoever tells a call something holds this queue and not its session: a session and its helpers that held
    each other would stay in memory until the garbage collector comes by, and all other calls pause for it.
    """

    __slots__ = ("_arrived", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Event] = deque()
        self._arrived = asyncio.Event()

    def post(self, event: Event) -> None:
        """Hand an event to the call; it is seen after those that came before."""
        self.waiting.append(event)
        self._arrived.set()

    async def first(self) -> Event:
        """The next one; it stays here until it is taken away."""
        while not self.waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self.waiting[0]
