"""One connection to the broker, from its opening to its break."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import aio_pika
import aiormq.connection
from aio_pika.abc import AbstractConnection
from aiormq.abc import ChannelFrame
from aiormq.channel import Channel
from aiormq.exceptions import ChannelNotFoundEntity
from pamqp.base import Frame
from pamqp.commands import Queue
from yarl import URL

import pivot.bus.kazoo_timestamp  # noqa: F401  (before the first message is read)
from pivot.bus.error_mapping import bus_errors
from pivot.bus.settings import BusSettings
from pivot.bus.topology import declare_event_queue, declare_exchanges
from pivot.bus.write_batching import bunch_frames
from pivot.wire.names import PIVOT_QUEUE

BINDING_CHANNELS = 4
"""All but the last for binding: three bindings may be slow at once before others wait for one of them."""

aiormq.connection.Connection.HEARTBEAT_GRACE_MULTIPLIER = 2
"""Silence of twice `heartbeat_s` + 1 is the end; the library's own three take 12 s with a heartbeat of 3."""

Binding: TypeAlias = tuple[str, str]
"""Exchange and routing key."""


@dataclass(slots=True, eq=False)
class OpenConnection:
    """A connection with its channels.

    On `calls` requests come in and are settled, and everything is published with confirms, so that an
    acknowledgement and a message sent after it keep their order. Events come by a channel of their own, and
    so do messages between workers. The broker works off a channel in order and delivers nothing by one that
    is busy with a binding, which may take seconds: each of `bindings` is used for nothing else.
    When one part breaks, all is given up.
    """

    connection: AbstractConnection
    calls: Channel
    events: Channel
    bindings: tuple[Channel, ...]
    consumer_tag: str | None = None
    consuming: asyncio.Lock = field(default_factory=asyncio.Lock)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def usable(self) -> bool:
        """False when the connection is given up or one of its channels is closed."""
        return not (self.given_up.is_set() or any(each.is_closed for each in self._channels))

    @property
    def _channels(self) -> tuple[Channel, ...]:
        return (self.calls, self.events, *self.bindings)

    async def broken(self) -> None:
        """Return when the connection, a channel or a consumer is gone."""
        given_up = asyncio.ensure_future(self.given_up.wait())
        ends = {given_up, *(each.closing for each in self._channels)}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            given_up.cancel()

    async def change_bindings(
        self, queue: str, bind: Sequence[Binding], unbind: Sequence[Binding], by: int = 0
    ) -> None:
        """Bind a queue and unbind it in one round trip, however many; raises the library's errors.

        Args:
            queue: ours.
            bind: what is to be bound.
            unbind: what is to be unbound; not both may be empty.
            by: which channel of `bindings` to take.

        The library would wait for the broker's answer to each. The broker works them off in order, a bind
        need not be answered and an unbind always is, so its last answer tells that all is done.
        """
        frames: list[Frame] = [Queue.Bind(0, queue, exchange, key, nowait=True) for exchange, key in bind]
        if not unbind:
            exchange, key = bind[-1]
            frames[-1] = Queue.Bind(0, queue, exchange, key)
        frames += [Queue.Unbind(0, queue, exchange, key) for exchange, key in unbind]
        channel = self.bindings[by]
        await channel.create_task(_exchange(channel, frames, len(unbind) or 1))

    async def has_pivot_queue(self) -> bool:
        """Whether the shared queue stands, which it does as long as somebody consumes it.

        Asked on a channel of its own, because the broker closes the channel when the answer is no.
        """
        with bus_errors(f"looking for {PIVOT_QUEUE}"):
            channel = await open_channel(self.connection, confirms=False)
            try:
                await channel.queue_declare(PIVOT_QUEUE, passive=True)
            except ChannelNotFoundEntity:
                return False
            await channel.close()
        return True

    async def has_exchange(self, name: str) -> bool:
        """Whether an exchange stands; raises the library's errors. Asked as `has_pivot_queue`."""
        channel = await open_channel(self.connection, confirms=False)
        try:
            await channel.exchange_declare(name, passive=True)
        except ChannelNotFoundEntity:
            return False
        await channel.close()
        return True

    async def close(self) -> None:
        """Close in order, so that what is written reaches the broker; what is not acknowledged goes back."""
        if not self.calls.is_closed:
            await self.calls.close()
        await self.connection.close()


async def open_connection(url: str, settings: BusSettings, *, node: str, event_queue: str) -> OpenConnection:
    """Connect and declare what does not depend on requests or calls; raises the library's errors."""
    connection = await aio_pika.connect(
        _with_heartbeat(url, settings.heartbeat_s),
        timeout=settings.connect_timeout_s,
        client_properties={"connection_name": node},
    )
    try:
        async with asyncio.timeout(settings.connect_timeout_s):
            link = OpenConnection(
                connection,
                calls=await open_channel(connection, confirms=True),
                events=await open_channel(connection, confirms=False),
                bindings=tuple(
                    [await open_channel(connection, confirms=False) for _ in range(BINDING_CHANNELS)]
                ),
            )
            bunch_frames(link.calls, link.events, *link.bindings)
            link.calls.on_consumer_cancel_callbacks.add(lambda _: link.given_up.set())
            link.events.on_consumer_cancel_callbacks.add(lambda _: link.given_up.set())
            await declare_exchanges(link.calls)
            await declare_event_queue(link.events, event_queue)
            return link
    except BaseException:
        await connection.close()
        raise


async def _exchange(channel: Channel, frames: list[Frame], answers: int) -> None:
    """As the library's own `rpc`, for several requests at once."""
    async with channel.lock:
        await channel.write_queue.put(ChannelFrame.marshall(channel.number, frames))
        for _ in range(answers):
            await channel.rpc_frames.get()


async def open_channel(connection: AbstractConnection, *, confirms: bool) -> Channel:
    """A channel of the AMQP library below; `confirms` also makes a returned message an error."""
    channel = connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
    await channel.initialize()
    underlay = await channel.get_underlay_channel()
    assert isinstance(underlay, Channel)
    return underlay


def _with_heartbeat(url: str, heartbeat_s: int) -> URL:
    parsed = URL(url)
    if not heartbeat_s or "heartbeat" in parsed.query:
        return parsed
    return parsed.update_query(heartbeat=heartbeat_s)
