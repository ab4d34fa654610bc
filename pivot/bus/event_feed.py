"""Events of bound legs: read, and given to whoever wants them."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress

import structlog
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel

from pivot.bus.bindings import Bindings
from pivot.bus.edge import bus_errors
from pivot.bus.inbox import body_of, delivered
from pivot.bus.stats import BusStats
from pivot.errors import BusError, WireError
from pivot.wire.events import decode_event
from pivot.wire.routing import split_call_key

log = structlog.get_logger()

REMEMBERED_EVENTS = 1024


class EventFeed:
    """Consumes the worker's own queue.

    An event is acknowledged when its receivers have it: what the broker had sent into a connection that broke
    comes again on the next one. An acknowledgement may get lost as well, so what comes again is compared with
    the last events; a digit must not count twice.
    """

    def __init__(self, queue: str, bindings: Bindings, stats: BusStats) -> None:
        self._queue = queue
        self._bindings = bindings
        self._stats = stats
        self._seen: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    async def start(self, channel: Channel) -> None:
        """Consume on this channel; raises the library's errors."""
        await channel.basic_consume(self._queue, self._received, no_ack=False)

    async def _received(self, message: DeliveredMessage) -> None:
        """Told apart by routing key. Nothing waits before the receivers, so events keep their order."""
        channel, tag, redelivered = delivered(message)
        key = message.routing_key or ""
        words = split_call_key(key)
        if (
            words
            and self._bindings.receivers(words[1])
            and not (redelivered and self._was_seen(key, message))
        ):
            self._give(key, words[1], message)
        with suppress(BusError), bus_errors("acknowledging an event"):
            await channel.basic_ack(tag, wait=False)

    def _give(self, key: str, leg: str, message: DeliveredMessage) -> None:
        try:
            event = decode_event(key, body_of(message))
        except WireError as error:
            self._stats.rejected += 1
            log.warning("bus.message_rejected", queue=self._queue, routing_key=key, error=str(error))
            return
        if event is None:
            return
        self._remember(key, message)
        for receive in self._bindings.receivers(leg):
            try:
                receive(event)
            except Exception:
                log.exception("bus.receiver_failed", routing_key=key)

    def _was_seen(self, key: str, message: DeliveredMessage) -> bool:
        return (key, message.body) in self._seen

    def _remember(self, key: str, message: DeliveredMessage) -> None:
        """Every event has a Msg-ID of its own, so the same bytes are the same event."""
        self._seen[key, message.body] = None
        if len(self._seen) > REMEMBERED_EVENTS:
            self._seen.popitem(last=False)
