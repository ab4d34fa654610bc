"""The link of a simulated cluster over a real broker; it declares and stamps as Kazoo does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiormq
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel
from aiormq.exceptions import PublishError
from pamqp.commands import Basic

from pivot.bus.kazoo_timestamp import KazooTime
from pivot.bus.topology import declare_exchanges, declare_message_exchange
from pivot.sim.link import Arrived, Handler
from pivot.wire.envelope import Message
from pivot.wire.names import CONTENT_TYPE


class RabbitLink:
    """Implements `Link` on one channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def publish(self, message: Message) -> bool:
        properties = Basic.Properties(
            content_type=CONTENT_TYPE,
            headers={name: bytearray(value) for name, value in message.headers.items()} or None,
            message_id=message.msg_id,
            timestamp=KazooTime.now_stamp(),
        )
        try:
            await self._channel.basic_publish(
                message.payload,
                exchange=message.exchange.value,
                routing_key=message.routing_key,
                properties=properties,
                mandatory=True,
                wait=False,
            )
        except PublishError:
            return False
        return True

    async def listen(self, exchange: str, binding_key: str, handler: Handler) -> None:
        queue = await self._channel.queue_declare("", auto_delete=True)
        assert queue.queue is not None
        await self._channel.queue_bind(queue.queue, exchange, binding_key)

        async def arrived(message: DeliveredMessage) -> None:
            headers = message.header.properties.headers or {}
            texts = {name: bytes(_raw(value)) for name, value in headers.items()}
            handler(Arrived(message.exchange or "", message.routing_key or "", message.body, texts))

        await self._channel.basic_consume(queue.queue, arrived, no_ack=True)


def _raw(value: object) -> bytes | bytearray:
    return value if isinstance(value, bytes | bytearray) else str(value).encode()


@asynccontextmanager
async def open_link(url: str) -> AsyncIterator[RabbitLink]:
    """A link with Kazoo's exchanges declared."""
    connection = await aiormq.connect(url)
    try:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        assert isinstance(channel, Channel)
        await declare_exchanges(channel)
        await declare_message_exchange(channel)
        yield RabbitLink(channel)
    finally:
        await connection.close()
