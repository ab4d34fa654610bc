"""Tells the cluster of the month databases that debug capture makes, as Kazoo's nodes tell each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import structlog

from pivot.debug.names import encoded
from pivot.errors import BusError

log = structlog.get_logger()

_MOST_WAITING = 10_000


class DatabaseEventPublisher(Protocol):
    """Carries the news."""

    async def tell_created(self, database: str) -> None:
        """Raises BusError when it did not get through."""


class DatabaseEvents:
    """Collects names from its making on, and tells them once there is a bus.

    News only spares Kazoo's nodes a wrong guess: what cannot be told is logged and not tried again.
    """

    def __init__(self) -> None:
        self._names: asyncio.Queue[str] = asyncio.Queue(_MOST_WAITING)

    def created(self, databases: Sequence[str]) -> None:
        """Take note of these plain names; returns at once."""
        with suppress(asyncio.QueueFull):
            for database in databases:
                self._names.put_nowait(database)

    @asynccontextmanager
    async def over(self, publisher: DatabaseEventPublisher) -> AsyncIterator[None]:
        """Tell what was collected, and what comes, until the block ends."""
        telling = asyncio.create_task(self._tell(publisher), name="announcements")
        try:
            yield
        finally:
            telling.cancel()
            await asyncio.wait({telling})

    async def _tell(self, publisher: DatabaseEventPublisher) -> None:
        while True:
            database = await self._names.get()
            try:
                await publisher.tell_created(encoded(database))
            except BusError as error:
                log.warning("cluster.database_unannounced", database=database, error=str(error))
