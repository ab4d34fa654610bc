"""Which of the cluster's databases somebody watches, and the news of their changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import structlog
from aiormq.channel import Channel

from pivot.wire.names import Exchange
from pivot.wire.routing import changed_database, changes_of

log = structlog.get_logger()

Changed: TypeAlias = Callable[[], None]
"""Told that something in a database changed, or may have; returns at once."""


class ChangeFeed:
    """Tells watchers by database, whatever the change: they read again what they need."""

    def __init__(self, watched: Mapping[str, Changed]) -> None:
        self._watched = dict(watched)

    async def start(self, channel: Channel, queue: str) -> None:
        """Bind on a new connection; raises the library's errors.

        What changed while there was none is unknown, so everybody is told.
        """
        for database in self._watched:
            await channel.queue_bind(queue, Exchange.CONFIGURATION, changes_of(database))
        for database in self._watched:
            self._tell(database)

    def read(self, routing_key: str) -> None:
        """A message came; its key says all that matters."""
        database = changed_database(routing_key)
        if database in self._watched:
            self._tell(database)

    def _tell(self, database: str) -> None:
        try:
            self._watched[database]()
        except Exception:
            log.exception("bus.watcher_failed", database=database)
