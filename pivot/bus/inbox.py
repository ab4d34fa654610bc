"""Requests from the shared queue: read, handed over, settled or given back."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import structlog
from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import ChannelPreconditionFailed

from pivot.bus.clock_offset import ClockOffset
from pivot.bus.delivery import AmqpDelivery
from pivot.bus.doubtful import Doubtful
from pivot.bus.error_mapping import bus_errors
from pivot.bus.incoming import body_of, delivered, sent_at
from pivot.bus.open_connection import OpenConnection
from pivot.bus.stats import BusStats
from pivot.bus.topology import declare_pivot_queue, declare_queue_mark
from pivot.errors import BusError, ConfigError
from pivot.model.call import PivotRequest
from pivot.wire.names import PIVOT_QUEUE
from pivot.wire.requests import RequestError, decode_request

log = structlog.get_logger()

RequestHandler: TypeAlias = Callable[[AmqpDelivery], None]
"""Takes a request and returns at once; from then on the delivery is its to settle."""

REMEMBERED_REQUESTS = 4096


class Inbox:
    """Consumes `pivot_listener` while there is a handler.

    Nothing limits how many requests we hold: the shared queue drops its oldest waiting message beyond a
    hundred, so what is not taken at once may be gone. The handler refuses what is too much.
    """

    def __init__(
        self,
        stats: BusStats,
        consumer_tag: str,
        say_failed: Callable[[str, str], Awaitable[None]],
        queue_mark: str,
    ) -> None:
        self.clocks = ClockOffset()
        self._doubtful = Doubtful(self.clocks)
        self._clocks_told: set[str] = set()
        self._queue_mark = queue_mark
        self._stats = stats
        self._consumer_tag = consumer_tag
        self._say_failed = say_failed
        self._handle: RequestHandler | None = None
        self._held: set[AmqpDelivery] = set()
        self._gone_back: WeakValueDictionary[tuple[str, str], AmqpDelivery] = WeakValueDictionary()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._refusing: set[asyncio.Task[None]] = set()

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
            if self._gone_back and not await link.has_exchange(self._queue_mark):
                self._keep_lost()
            if self._handle is None or link.consumer_tag is not None:
                return
            await declare_pivot_queue(link.calls)
            await declare_queue_mark(link.calls, self._queue_mark)
            await link.calls.basic_consume(
                PIVOT_QUEUE, partial(self._received, link), no_ack=False, consumer_tag=self._consumer_tag
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
        """The connection broke: the broker puts every held request back, if the queue still stands."""
        lost = {delivery for delivery in self._held if not delivery.kept}
        for delivery in lost:
            delivery.lose()
            self._gone_back[_key(delivery.request)] = delivery
        self._stats.lost_deliveries += len(lost)
        self._held -= lost
        self._stats.in_flight = len(self._held)

    def _keep_lost(self) -> None:
        """The queue was deleted since: nobody can be given what it held, so we answer what we know of."""
        kept = [delivery for delivery in self._gone_back.values() if not delivery.settled]
        self._gone_back.clear()
        for delivery in kept:
            self._held.add(delivery)
            delivery.keep()
        self._stats.kept_deliveries += len(kept)
        self._stats.in_flight = len(self._held)
        if kept:
            log.warning("bus.requests_kept", requests=len(kept), queue=PIVOT_QUEUE)

    async def _received(self, link: OpenConnection, message: DeliveredMessage) -> None:
        came_s = time.monotonic()
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
        if redelivered and self._take_back(request, link, tag):
            return
        if not redelivered and self._is_known(request):
            log.warning("bus.request_twice", call_id=request.call.call_id)
            await _acknowledge(channel, tag)
            return
        delivery = AmqpDelivery(
            request, link, tag, age_s=0.0, redelivered=redelivered, on_settled=self._settled
        )
        self._held.add(delivery)
        self._stats.in_flight = len(self._held)
        self._stats.redelivered += redelivered
        self._judge_age(delivery, sent_at(message), came_s)

    def _judge_age(self, delivery: AmqpDelivery, sent_s: float | None, came_s: float) -> None:
        """How long callflow has waited, and then who serves the call."""
        if sent_s is None:
            self._hand_over(delivery)
            return
        node = delivery.request.node
        if not delivery.redelivered:
            self.clocks.learn(node, sent_s, came_s)
            self._tell_clock(node)
            self._doubtful.learned(node)

        def decided() -> None:
            delivery.age_s = self.clocks.age_s(node, sent_s, came_s) + time.monotonic() - came_s
            self._hand_over(delivery)

        self._doubtful.judge(node, self.clocks.age_s(node, sent_s, came_s), decided)

    def _tell_clock(self, node: str) -> None:
        """Warned about once for each node."""
        if node not in self._clocks_told and (offset_s := self.clocks.of(node)):
            self._clocks_told.add(node)
            log.warning("bus.clock_differs", node=node, our_clock_is_ahead_s=round(offset_s, 1))

    def _hand_over(self, delivery: AmqpDelivery) -> None:
        if self._handle is None:
            return  # it came while the consumer was being cancelled, and goes back at close
        try:
            self._handle(delivery)
        except Exception:
            call = delivery.request.call
            log.exception("bus.handler_failed", call_id=call.call_id)
            if not delivery.settled:
                refusing = self._refuse(delivery.reject(), call.call_id, call.controller_queue)
                task = asyncio.create_task(refusing, name="refusing a request")
                self._refusing.add(task)
                task.add_done_callback(self._refusing.discard)

    def _is_known(self, request: PivotRequest) -> bool:
        """Published twice: the caller is being served. What another worker is given we cannot know of."""
        key = _key(request)
        known = bool(request.msg_id) and key in self._known
        self._known[key] = None
        if len(self._known) > REMEMBERED_REQUESTS:
            self._known.popitem(last=False)
        return known

    def _take_back(self, request: PivotRequest, link: OpenConnection, tag: int) -> bool:
        """A request that we lost comes back while its session still runs: no second session for it."""
        delivery = self._gone_back.pop(_key(request), None)
        if delivery is None or delivery.settled:
            return False
        delivery.find(link, tag)
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


async def _acknowledge(channel: AbstractChannel, tag: int) -> None:
    with suppress(BusError), bus_errors("acknowledging a request that came twice"):
        await channel.basic_ack(tag, wait=False)


async def _reject(channel: AbstractChannel, tag: int) -> None:
    with bus_errors("rejecting an invalid request"):
        await channel.basic_reject(tag, requeue=False, wait=False)


def _key(request: PivotRequest) -> tuple[str, str]:
    return request.call.call_id, request.msg_id
