"""Requests from the shared queue: read, handed over, settled or given back."""

from __future__ import annotations

import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import structlog
from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import ChannelPreconditionFailed
from pamqp.commands import Basic

from pivot.bus.delivery import AmqpDelivery
from pivot.bus.error_mapping import bus_errors
from pivot.bus.open_connection import OpenConnection
from pivot.bus.stats import BusStats
from pivot.bus.topology import declare_pivot_queue
from pivot.errors import BusError, ConfigError
from pivot.model.call import PivotRequest
from pivot.wire.names import CONTENT_TYPE, PIVOT_QUEUE
from pivot.wire.requests import RequestError, decode_request, refused
from pivot.wire.timestamps import age_s

log = structlog.get_logger()

RequestHandler: TypeAlias = Callable[[AmqpDelivery], None]
"""Takes a request and returns at once; from then on the delivery is its to settle."""

MAX_UNPACKED_BYTES = 4_194_304
REMEMBERED_REQUESTS = 4096


class Inbox:
    """Consumes `pivot_listener` while there is a handler.

    Nothing limits how many requests we hold: the shared queue drops its oldest waiting message beyond a
    hundred, so what is not taken at once may be gone. The handler refuses what is too much.
    """

    def __init__(
        self, stats: BusStats, consumer_tag: str, say_failed: Callable[[str, str], Awaitable[None]]
    ) -> None:
        self._stats = stats
        self._consumer_tag = consumer_tag
        self._say_failed = say_failed
        self._handle: RequestHandler | None = None
        self._held: set[AmqpDelivery] = set()
        self._gone_back: WeakValueDictionary[tuple[str, str], AmqpDelivery] = WeakValueDictionary()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def start(self, link: OpenConnection, handle: RequestHandler) -> None:
        """Consume on this link, and on every later one.

        Raises:
            ConfigError: somebody has declared the queue otherwise.
            BusError: the connection broke; the next one will consume.
        """
        self._handle = handle
        try:
            with bus_errors(f"consuming {PIVOT_QUEUE}"):
                await self.resume(link)
        except BusError as error:
            if isinstance(error.__cause__, ChannelPreconditionFailed):
                self._handle = None
                raise ConfigError(
                    f"the broker has a queue {PIVOT_QUEUE} with other arguments than Kazoo's "
                    f"({error.__cause__}); stop whoever declares it and delete it"
                ) from error
            raise

    async def resume(self, link: OpenConnection) -> None:
        """Consume if requests are wanted; raises the library's errors."""
        async with link.consuming:
            if self._handle is None or link.consumer_tag is not None:
                return
            await declare_pivot_queue(link.calls)
            await link.calls.basic_consume(
                PIVOT_QUEUE, self._received, no_ack=False, consumer_tag=self._consumer_tag
            )
            link.consumer_tag = self._consumer_tag
            self._stats.consuming = True

    async def stop(self, link: OpenConnection | None) -> None:
        """Take no further requests; those that are held stay held.

        Raises:
            BusError: the connection broke, which stops requests as well.
        """
        self._handle = None
        self._stats.consuming = False
        if link is None or link.consumer_tag is None:
            return
        async with link.consuming:
            tag, link.consumer_tag = link.consumer_tag, None
            with bus_errors(f"cancelling the consumer of {PIVOT_QUEUE}"):
                await link.calls.basic_cancel(tag)

    def lost(self) -> None:
        """The connection broke: the broker has put every held request back."""
        for delivery in self._held:
            delivery.lose()
            self._gone_back[_key(delivery.request)] = delivery
        self._stats.lost_deliveries += len(self._held)
        self._held.clear()
        self._stats.in_flight = 0

    async def _received(self, message: DeliveredMessage) -> None:
        arrived_s = time.time()
        self._stats.requests += 1
        channel, tag, redelivered = delivered(message)
        try:
            request = decode_request(body_of(message))
        except RequestError as error:
            self._report(error, message)
            await self._refuse(_reject(channel, tag), error.call_id, error.controller_queue)
            return
        except Exception:  # a fault of ours; unsettled, the message would stay with us for good
            log.exception("bus.request_unread", bytes=len(message.body))
            await self._refuse(_reject(channel, tag), None, None)
            return
        if redelivered and self._take_back(request, channel, tag):
            return
        if not redelivered and self._is_known(request):
            log.warning("bus.request_twice", call_id=request.call.call_id)
            await _acknowledge(channel, tag)
            return
        age = age_s(sent_at(message), arrived_s)
        await self._hand_over(
            AmqpDelivery(request, channel, tag, age_s=age, redelivered=redelivered, on_settled=self._settled)
        )

    async def _hand_over(self, delivery: AmqpDelivery) -> None:
        self._held.add(delivery)
        self._stats.in_flight = len(self._held)
        self._stats.redelivered += delivery.redelivered
        if self._handle is None:
            return  # it came while the consumer was being cancelled, and goes back at close
        try:
            self._handle(delivery)
        except Exception:
            call = delivery.request.call
            log.exception("bus.handler_failed", call_id=call.call_id)
            if not delivery.settled:
                await self._refuse(delivery.reject(), call.call_id, call.controller_queue)

    def _is_known(self, request: PivotRequest) -> bool:
        """Published twice: the caller is being served. What another worker is given we cannot know of."""
        key = _key(request)
        known = bool(request.msg_id) and key in self._known
        self._known[key] = None
        if len(self._known) > REMEMBERED_REQUESTS:
            self._known.popitem(last=False)
        return known

    def _take_back(self, request: PivotRequest, channel: AbstractChannel, tag: int) -> bool:
        """A request that we lost comes back while its session still runs: no second session for it."""
        delivery = self._gone_back.pop(_key(request), None)
        if delivery is None or delivery.settled:
            return False
        delivery.find(channel, tag)
        self._held.add(delivery)
        self._stats.in_flight = len(self._held)
        self._stats.redelivered += 1
        log.info("bus.request_came_back", call_id=request.call.call_id)
        return True

    def _settled(self, delivery: AmqpDelivery) -> None:
        self._held.discard(delivery)
        self._stats.in_flight = len(self._held)

    def _report(self, error: RequestError, message: DeliveredMessage) -> None:
        self._stats.rejected += 1
        log.warning(
            "bus.message_rejected",
            queue=PIVOT_QUEUE,
            routing_key=message.routing_key,
            call_id=error.call_id,
            bytes=len(message.body),
            error=str(error),
        )

    async def _refuse(
        self, settle: Coroutine[Any, Any, None], call_id: str | None, controller_queue: str | None
    ) -> None:
        """Drop what nobody can serve, and let callflow go on at once if it can be told."""
        try:
            await settle
            if call_id and controller_queue:
                await self._say_failed(call_id, controller_queue)
        except BusError as lost:
            log.warning("bus.refusal_lost", call_id=call_id, error=str(lost))


def delivered(message: DeliveredMessage) -> tuple[AbstractChannel, int, bool]:
    """Where a message came from, its delivery tag, and whether somebody was given it before."""
    deliver = message.delivery
    assert isinstance(deliver, Basic.Deliver)
    assert deliver.delivery_tag is not None
    return message.channel, deliver.delivery_tag, bool(deliver.redelivered)


async def _acknowledge(channel: AbstractChannel, tag: int) -> None:
    with suppress(BusError), bus_errors("acknowledging a request that came twice"):
        await channel.basic_ack(tag, wait=False)


async def _reject(channel: AbstractChannel, tag: int) -> None:
    with bus_errors("rejecting an invalid request"):
        await channel.basic_reject(tag, requeue=False, wait=False)


def body_of(message: DeliveredMessage) -> bytes:
    """The body, unpacked when its sender packed it.

    Raises:
        RequestError: of another type than JSON, or badly packed.
    """
    properties = message.header.properties
    if properties.content_type != CONTENT_TYPE:
        raise refused(message.body, f"content type is {properties.content_type!r}, want {CONTENT_TYPE}")
    if properties.content_encoding != "gzip":
        return message.body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(message.body, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise RequestError(f"body is no gzip: {error}") from error
    if unpacker.unconsumed_tail:
        raise RequestError(f"body is larger than {MAX_UNPACKED_BYTES} bytes")
    return body


def sent_at(message: DeliveredMessage) -> float | None:
    """When the sender published it, in seconds since 1970, as far as its stamp tells."""
    stamp = message.header.properties.timestamp
    return stamp.timestamp() if isinstance(stamp, datetime) else None


def _key(request: PivotRequest) -> tuple[str, str]:
    return request.call.call_id, request.msg_id
