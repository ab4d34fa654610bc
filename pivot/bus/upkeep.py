"""What must stand at the broker for us to hear anything, declared again now and then.

An operator, or another program, may delete an exchange and declare it again, or remove a binding. The broker
tells nobody: requests would go elsewhere, and the worker would wait for ever and look well. A deleted queue
is told of at once, by the cancelled consumer, and costs a new connection.
"""

from __future__ import annotations

import asyncio
import time

import structlog
from aiormq.channel import Channel

from pivot.bus.error_mapping import bus_errors
from pivot.bus.open_connection import OpenConnection, open_channel
from pivot.bus.stats import BusStats
from pivot.bus.topology import (
    declare_event_queue,
    declare_exchange_mark,
    declare_exchanges,
    declare_pivot_queue,
)
from pivot.errors import BusError

log = structlog.get_logger()

CHECKED_EVERY_S = 10.0
_CHECK_TIMEOUT_S = 5.0


class Upkeep:
    """Declares again; the broker answers at once where everything stands.

    Args:
        stats: `deaf` is kept there.
        event_queue: of this worker.
    """

    def __init__(self, stats: BusStats, event_queue: str) -> None:
        self.mark = f"pivot.mark.events.{event_queue}"
        self._stats = stats
        self._event_queue = event_queue

    async def start(self, link: OpenConnection) -> None:
        """On a new connection, before calls are bound; raises the library's errors."""
        await declare_exchange_mark(link.events, self.mark)
        self._stats.checked_s = time.monotonic()
        self._stats.trouble = ""

    async def check(self, link: OpenConnection) -> None:
        """Declare all again, on a channel of its own that an error may close."""
        try:
            with bus_errors("declaring exchanges, queues and bindings again"):
                async with asyncio.timeout(_CHECK_TIMEOUT_S):
                    await self._check(link)
        except BusError as error:
            if link.usable:
                log.warning("bus.may_be_deaf", error=str(error))
                self._stats.trouble = str(error)
            return
        self._stats.checked_s = time.monotonic()
        self._stats.trouble = ""

    async def _check(self, link: OpenConnection) -> None:
        if not await link.has_exchange(self.mark):
            self._give_up(link, "the exchange of call events was deleted, and all calls' bindings with it")
            return
        channel = await open_channel(link.connection, confirms=False)
        await declare_exchanges(channel)
        await declare_event_queue(channel, self._event_queue)
        await self._check_requests(link, channel)
        await channel.close()

    async def _check_requests(self, link: OpenConnection, channel: Channel) -> None:
        async with link.consuming:
            if link.consumer_tag is None:
                return
            consumers = await declare_pivot_queue(channel)
            if not consumers:
                self._give_up(link, "nobody consumes the queue of requests")

    def _give_up(self, link: OpenConnection, why: str) -> None:
        """A new connection declares, binds and consumes in the order that counts."""
        log.warning("bus.deaf", why=why)
        link.given_up.set()
