"""Events of bound legs, answers to our questions, news of databases: read, and given to who wants them."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from contextlib import suppress

import structlog
from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.channel import Channel

from pivot.bus.bindings import Bindings
from pivot.bus.database_changes import ChangeFeed
from pivot.bus.error_mapping import bus_errors
from pivot.bus.incoming import body_of, delivered
from pivot.bus.stats import BusStats
from pivot.errors import BusError, WireError
from pivot.model.dialling import LegControlled, LegPrepared
from pivot.model.events import Event
from pivot.wire.conference import decode_conference_event
from pivot.wire.events import decode_event
from pivot.wire.names import Exchange, Field
from pivot.wire.payload import decode
from pivot.wire.replies import decode_reply
from pivot.wire.routing import (
    CONFERENCE_LEG,
    decode_word,
    encode_word,
    split_call_key,
    split_conference_key,
)

log = structlog.get_logger()

REMEMBERED_EVENTS = 4096
"""More than come in the time after which they are acknowledged."""
ACKNOWLEDGED_WITHIN_S = 0.05
REMEMBERED_QUESTIONS = 65_536  # a carrier answers when the dialled party has hung up


class EventFeed:
    """Consumes the worker's own queue.

    Events are acknowledged when their receivers have them, many at once: what the broker had sent into a
    connection that broke comes again on the next one. An acknowledgement may get lost as well, and a sender
    may publish twice, so each event is compared with the last ones; a digit must not count twice.
    """

    def __init__(self, queue: str, bindings: Bindings, changes: ChangeFeed, stats: BusStats) -> None:
        self._queue = queue
        self._bindings = bindings
        self._changes = changes
        self._stats = stats
        self._seen: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._asked: OrderedDict[str, str] = OrderedDict()
        self._acknowledging: asyncio.Task[None] | None = None
        self._newest: tuple[AbstractChannel, int] | None = None
        """Delivery tag of the newest event that has been read, and its channel."""

    async def start(self, channel: Channel) -> None:
        """Consume on this channel; raises the library's errors."""
        await channel.basic_consume(self._queue, self._received, no_ack=False)

    def expect_answer(self, msg_id: str, call_id: str) -> None:
        """An answer with this Msg-ID is for the receivers of this call."""
        self._asked[msg_id] = encode_word(call_id)
        if len(self._asked) > REMEMBERED_QUESTIONS:
            self._asked.popitem(last=False)

    async def _received(self, message: DeliveredMessage) -> None:
        """Nothing waits before the receivers, so events keep their order."""
        channel, tag, _ = delivered(message)
        key = message.routing_key or ""
        if (key, _digest(message.body)) not in self._seen:
            self._read(key, message)
        self._newest = channel, tag
        if self._acknowledging is None:
            self._acknowledging = asyncio.create_task(self._acknowledge_soon(), name="acknowledging events")

    async def _acknowledge_soon(self) -> None:
        """All that has come by then; nothing waits for it, and a write costs as much as an event."""
        await asyncio.sleep(ACKNOWLEDGED_WITHIN_S)
        self._acknowledging = None
        assert self._newest is not None
        channel, tag = self._newest
        with suppress(BusError), bus_errors("acknowledging events"):
            await channel.basic_ack(tag, multiple=True, wait=False)

    def _read(self, key: str, message: DeliveredMessage) -> None:
        try:
            if message.exchange == Exchange.TARGETED:
                self._read_answer(key, message)
            elif message.exchange == Exchange.CONFIGURATION:
                self._changes.read(key)
            else:
                self._read_event(key, message)
        except WireError as error:
            self._stats.rejected += 1
            log.warning("bus.message_rejected", queue=self._queue, routing_key=key, error=str(error))
        except Exception:  # a fault of ours; the other calls' events go on
            log.exception("bus.event_unread", routing_key=key)

    def _read_event(self, key: str, message: DeliveredMessage) -> None:
        """Told apart by routing key: the payload may name another Call-ID."""
        if leg := split_conference_key(key):
            watched = encode_word(CONFERENCE_LEG) + leg
            if self._bindings.receivers(watched):
                event = decode_conference_event(decode_word(leg), body_of(message))
                self._give(watched, event, message)
            return
        words = split_call_key(key)
        if words and self._bindings.receivers(words[1]):
            self._give(words[1], decode_event(key, body_of(message)), message)

    def _read_answer(self, key: str, message: DeliveredMessage) -> None:
        """Told apart by Msg-ID. Many nodes may answer one question; the one that knows something counts."""
        body = body_of(message)
        msg_id = str(decode(body).get(Field.MSG_ID))
        leg = self._asked.get(msg_id)
        answer = decode_reply(body) if leg else None
        if leg and answer:
            if not isinstance(answer, LegControlled | LegPrepared):  # the leg's own end is still to come
                del self._asked[msg_id]
            self._give(leg, answer, message)

    def _give(self, leg: str, event: Event | None, message: DeliveredMessage) -> None:
        if event is None:
            return
        key = message.routing_key or ""
        self._remember(key, message.body)
        for receive in self._bindings.receivers(leg):
            try:
                receive(event)
            except Exception:
                log.exception("bus.receiver_failed", routing_key=key)

    def _remember(self, key: str, body: bytes) -> None:
        """Not by Msg-ID, which events of the same 20 ms of the switch's clock share: the same bytes."""
        self._seen[key, _digest(body)] = None
        if len(self._seen) > REMEMBERED_EVENTS:
            self._seen.popitem(last=False)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
