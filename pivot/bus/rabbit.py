"""The bus over RabbitMQ: requests in, commands out, events of bound legs in between, across reconnects."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog

from pivot.bus.bindings import Bindings, Receiver
from pivot.bus.connection import CLOSE_TIMEOUT_S, Connection
from pivot.bus.database_changes import Changed, ChangeFeed
from pivot.bus.error_mapping import bus_errors
from pivot.bus.event_feed import EventFeed
from pivot.bus.inbox import Inbox, RequestHandler
from pivot.bus.open_connection import BINDING_CHANNELS, OpenConnection
from pivot.bus.outbox import Outbox, new_msg_id
from pivot.bus.settings import BusSettings
from pivot.bus.stats import BusStats
from pivot.bus.topology import declare_message_exchange
from pivot.bus.upkeep import CHECKED_EVERY_S, Upkeep
from pivot.bus.worker_messages import WorkerMessages
from pivot.errors import BusError, WireError
from pivot.model.call import Call
from pivot.model.codes import Code
from pivot.model.commands import BusCommand
from pivot.model.dialling import CallApart, CallToHear, DialCarrier
from pivot.model.switch import AskChannel, SendFile
from pivot.wire.database_changes import database_created
from pivot.wire.envelope import Sender
from pivot.wire.messages import encode_command, failed
from pivot.wire.routing import binding_of

log = structlog.get_logger()


class RabbitBus:
    """The session's `Bus`, and the worker's source of requests."""

    def __init__(
        self,
        settings: BusSettings,
        *,
        node: str,
        event_queue: str,
        watched: Mapping[str, Changed] | None = None,
        messages: bool = False,
        worker_messages: WorkerMessages | None = None,
    ) -> None:
        self.settings = settings
        self._messages = messages
        self.stats = BusStats()
        self.sender = Sender(node, event_queue)
        *binders, unbinder = range(BINDING_CHANNELS)
        self._bindings = Bindings(
            [partial(self._bind, by) for by in binders], partial(self._unbind, unbinder)
        )
        self._changes = ChangeFeed(watched or {})
        self._events = EventFeed(event_queue, self._bindings, self._changes, self.stats)
        self._queue_mark = f"pivot.mark.requests.{event_queue}"
        self._inbox = Inbox(
            self.stats, settings.consumer_name or event_queue, self._say_failed, self._queue_mark
        )
        self._upkeep = Upkeep(self.stats, event_queue)
        self._worker_messages = worker_messages
        self._connection = Connection(
            settings,
            self.stats,
            node=node,
            event_queue=event_queue,
            restore=self._restore,
            lost=self._lost,
        )
        self._outbox = Outbox(self._connection, self.stats, settings.publish_timeout_s)
        self._keeper = asyncio.create_task(self._connection.keep(), name="bus connection")
        self._looking_after = asyncio.create_task(self._look_after(), name="bus upkeep")

    @property
    def clocks(self) -> str:
        """Which clocks differ, for an operator; empty: none."""
        return self._inbox.clocks.shown()

    async def connected(self) -> None:
        """Return when there is a connection and all that stood on the last one stands again.

        Raises:
            ConfigError: the broker refuses us for a reason that waiting will not change.
        """
        up = asyncio.ensure_future(self._connection.current())
        try:
            await asyncio.wait({up, self._keeper}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
        if self._keeper.done():
            self._keeper.result()

    async def consume(self, handle: RequestHandler) -> None:
        """Give every request to `handle` from now on, after reconnects too; returns when requests can come.

        `handle` is called in the order of arrival with a delivery that it must get settled, and returns at
        once. While the broker cannot be reached, this waits.

        Raises:
            ConfigError: the broker refuses us, or the shared queue stands with other arguments.
        """
        while not self.stats.consuming:
            await self.connected()
            with suppress(BusError):
                await self._inbox.start(await self._connection.current(), handle)

    async def stop_consuming(self) -> bool:
        """Take no further requests, first step of a drain; held ones can still be settled.

        Returns:
            Whether what is still held when the bus closes goes back to the queue, to the other nodes: the
            queue is gone with its last consumer.
        """
        with suppress(BusError):
            link = await self._connection.current() if self.stats.connected else None
            await self._inbox.stop(link)
            return link is not None and await link.has_pivot_queue()
        return False

    async def send(self, call: Call, command: BusCommand) -> None:
        """Publish and wait for the broker's confirmation.

        Raises:
            BusError: see `Outbox.publish`; `bus.returned` also when the call names no queue to send it to.
        """
        try:
            message = encode_command(call, command, self.sender, new_msg_id())
        except WireError as error:
            raise BusError(Code.BUS_RETURNED, str(error)) from error
        if isinstance(command, AskChannel | SendFile | DialCarrier | CallApart | CallToHear):
            self._events.expect_answer(message.msg_id, call.call_id)
        await self._outbox.publish(message)

    async def tell_created(self, database: str) -> None:
        """Tell the cluster of a database that we made, by its encoded name.

        Raises:
            BusError: the broker did not confirm.
        """
        await self._outbox.publish(database_created(database, self.sender, new_msg_id()))

    async def bind(self, call_id: str, receive: Receiver) -> None:
        """Deliver this leg's events to `receive`; returns when the binding stands. Counted per leg.

        However long the broker takes: cancel to wait no longer, which also takes the wish back.

        Raises:
            BusError: the binding could not be made.
        """
        _check_length(call_id)
        try:
            await self._bindings.add(call_id, receive)
        finally:
            self.stats.bound_legs = self._bindings.wanted

    async def unbind(self, call_id: str, receive: Receiver) -> None:
        """Take one binding of this receiver away at once; the broker lets go of a leg's last one later."""
        self._bindings.remove(call_id, receive)
        self.stats.bound_legs = self._bindings.wanted

    async def close(self) -> None:
        """Disconnect in good order."""
        self._keeper.cancel()
        self._looking_after.cancel()
        await asyncio.gather(
            self._keeper, self._looking_after, return_exceptions=True
        )  # `connected` has told of its errors
        await self._remove_marks()
        if self._worker_messages is not None:
            await self._worker_messages.close()
        await self._connection.close()

    async def _remove_marks(self) -> None:
        """Those of a killed worker stay until the queue and the exchange go."""
        link = self._connection.standing
        if link is None:
            return
        with suppress(BusError), bus_errors("removing what marked the queue"):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                for mark in (self._queue_mark, self._upkeep.mark):
                    await link.events.exchange_delete(mark)

    def _lost(self) -> None:
        self._inbox.lost()
        if self._worker_messages is not None:
            self._worker_messages.lost()

    async def _restore(self, link: OpenConnection) -> None:
        """What must stand on a new connection before anybody uses it; raises the library's errors."""

        if self._messages:
            await declare_message_exchange(link.calls)
        await self._upkeep.start(link)
        await self._bindings.restore(partial(self._change_bindings, link))
        await self._changes.start(link.events, self.sender.server_id)
        await self._events.start(link.events)
        await self._inbox.resume(link)
        if self._worker_messages is not None:
            await self._worker_messages.start(link)

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(CHECKED_EVERY_S)
            link = self._connection.standing
            if link is not None:
                await self._upkeep.check(link)

    async def _bind(self, by: int, legs: Sequence[str]) -> None:
        with bus_errors("binding the events of calls"):
            await self._change_bindings(await self._link(), legs, (), by)

    async def _unbind(self, by: int, legs: Sequence[str]) -> None:
        with bus_errors("unbinding the events of calls"):
            await self._change_bindings(await self._link(), (), legs, by)

    async def _link(self) -> OpenConnection:
        async with asyncio.timeout(self.settings.publish_timeout_s):
            return await self._connection.current()

    async def _change_bindings(
        self, link: OpenConnection, bind: Sequence[str], unbind: Sequence[str], by: int = 0
    ) -> None:
        await link.change_bindings(
            self.sender.server_id, [binding_of(leg) for leg in bind], [binding_of(leg) for leg in unbind], by
        )

    async def _say_failed(self, call_id: str, controller_queue: str) -> None:
        await self._outbox.publish(failed(call_id, controller_queue, self.sender, new_msg_id()))


def _check_length(call_id: str) -> None:
    """Refuse what cannot be bound.

    Raises:
        BusError: longer than AMQP can carry, so no event could ever come.
    """
    _, key = binding_of(call_id)
    if len(key) > 255:
        raise BusError(
            Code.BUS_LOST, f"the Call-ID has {len(call_id)} characters, too many for a routing key"
        )


@asynccontextmanager
async def open_bus(
    settings: BusSettings,
    *,
    node: str,
    event_queue: str | None = None,
    watched: Mapping[str, Changed] | None = None,
    messages: bool = False,
    worker_messages: WorkerMessages | None = None,
) -> AsyncIterator[RabbitBus]:
    """A bus that connects, and stays connected; on leaving, what is not settled goes back to the queue.

    It is there at once, so that health can be asked for; `consume` and `connected` wait for the broker.

    Args:
        node: our name in messages, like an Erlang node's: `pivot@host.example.com`.
        event_queue: name of the worker's own queue; by default a new one for each start.
        watched: by database, whom to tell of its changes.
        messages: text messages will be sent.
        worker_messages: what carries messages between workers, over the same connection.
    """
    queue = event_queue or f"{node}-{random.getrandbits(64):016x}"
    bus = RabbitBus(
        settings,
        node=node,
        event_queue=queue,
        watched=watched,
        messages=messages,
        worker_messages=worker_messages,
    )
    try:
        yield bus
    finally:
        await bus.close()
