"""The other side of the bus in tests: declares, publishes and listens as Kazoo does, stamps included."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

import aio_pika
import orjson
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel
from pamqp.commands import Basic

from pivot.bus.kazoo_timestamp import KazooTime
from tests.vectors import vectors

WAIT_S = 10.0
RECORDED = vectors("kazoo/amqp_publish.json")
PIVOT_REQ: dict[str, Any] = next(
    case["messages"][0]
    for case in RECORDED["publishes"]
    if case["case"] == "pivot_req as the callflow application builds it, every option"
)


def properties(age_s: float = 0.0, headers: Mapping[str, str] | None = None) -> Basic.Properties:
    """What Kazoo sets, and nothing else."""
    return Basic.Properties(
        content_type="application/json",
        timestamp=KazooTime.fromtimestamp(time.time() - age_s, UTC),
        headers={name: bytearray(value.encode()) for name, value in (headers or {}).items()} or None,
    )


def request(call_id: str = "call-id-20@192.168.1.10", **call: Any) -> bytes:
    """The recorded `pivot_req` with members of its Call changed; `_` in a name stands for `-`."""
    members = {name.replace("_", "-"): value for name, value in call.items()}
    payload = PIVOT_REQ["payload"]
    return orjson.dumps(
        payload | {"Call": payload["Call"] | {"Call-ID": call_id} | members, "Msg-ID": f"m-{call_id}"}
    )


class KazooSide:
    """One connection of somebody who is not pivot."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    async def declare(self) -> None:
        """Exchanges and the shared queue as recorded from an Erlang node."""
        for exchange in RECORDED["exchanges"]:
            await self.channel.exchange_declare(exchange=exchange["name"], exchange_type=exchange["type"])
        queue = RECORDED["queues"][1]
        arguments = {name: value for name, _, value in queue["arguments"]}
        await self.channel.queue_declare(queue["name"], auto_delete=queue["auto_delete"], arguments=arguments)

    async def publish(
        self, body: bytes, exchange: str, routing_key: str, sent: Basic.Properties | None = None
    ) -> None:
        await self.channel.basic_publish(
            body, exchange=exchange, routing_key=routing_key, properties=sent or properties(), mandatory=True
        )

    async def ask(self, body: bytes, age_s: float = 0.0) -> None:
        """Publish a `pivot_req`."""
        await self.publish(body, PIVOT_REQ["exchange"], PIVOT_REQ["routing_key"], properties(age_s))

    async def listen(
        self, exchange: str, *routing_keys: str, queue: str = ""
    ) -> asyncio.Queue[DeliveredMessage]:
        """Everything that is published with these keys from now on."""
        declared = await self.channel.queue_declare(queue, auto_delete=True)
        assert declared.queue is not None
        for key in routing_keys:
            await self.channel.queue_bind(declared.queue, exchange, key)
        heard: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
        await self.channel.basic_consume(declared.queue, heard.put, no_ack=True)
        return heard

    async def keep_queue_alive(self) -> None:
        """Hold one message of the shared queue, so that the queue stays; the next messages are pivot's."""
        held = asyncio.Event()

        async def hold(_: DeliveredMessage) -> None:
            held.set()

        await self.channel.basic_qos(prefetch_count=1)
        await self.channel.basic_consume("pivot_listener", hold)
        for _ in range(2):  # one for each consumer, in turn
            await self.publish(b"{}", "", "pivot_listener")
        await asyncio.wait_for(held.wait(), WAIT_S)


@asynccontextmanager
async def kazoo_side(url: str) -> AsyncIterator[KazooSide]:
    async with await aio_pika.connect(url) as connection:
        opened = connection.channel(on_return_raises=True)
        await opened.initialize()
        channel = await opened.get_underlay_channel()
        assert isinstance(channel, Channel)
        side = KazooSide(channel)
        await channel.queue_delete("pivot_listener")
        await side.declare()
        yield side


async def heard(queue: asyncio.Queue[Any]) -> Any:
    """The next one, within a time that only a fault exceeds."""
    return await asyncio.wait_for(queue.get(), WAIT_S)
