"""The floor of the benchmark: what the bare libraries cost for one call, without any of pivot's code.

Consume with manual acknowledgement, GET, publish twice with confirmation, acknowledge.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import aiormq
import orjson
import uvloop
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from pivot.bus import kazoo_timestamp  # without it no message of Kazoo's can be received at all

QUEUE = "pivot_bench_floor"
_PROPERTIES = Basic.Properties(content_type="application/json")


async def main(amqp_url: str) -> None:
    kazoo_timestamp.install()
    connection = await aiormq.connect(amqp_url)
    consuming = await connection.channel(publisher_confirms=False)
    publishing = await connection.channel(publisher_confirms=True)
    await consuming.queue_declare(QUEUE, auto_delete=True)
    await consuming.queue_bind(QUEUE, "callmgr", "pivot.req.*")
    tasks = set[asyncio.Task[None]]()
    async with aiohttp.ClientSession() as client:

        async def one(message: DeliveredMessage) -> None:
            request: dict[str, Any] = orjson.loads(message.body)
            call = request["Call"]
            async with client.get(request["Voice-URI"], params={"Call-ID": call["Call-ID"]}) as reply:
                flow = await reply.read()
            queue = call["Controller-Queue"].rpartition("/")[2]
            for exchange, key, name in (
                ("targeted", queue, "processing"),
                ("callevt", f"call.CHANNEL_PIVOT.{call['Call-ID']}", "CHANNEL_PIVOT"),
            ):
                payload = orjson.dumps(
                    {"Call-ID": call["Call-ID"], "Event-Name": name, "Application-Data": flow.decode()}
                )
                await publishing.basic_publish(
                    payload, exchange=exchange, routing_key=key, properties=_PROPERTIES
                )
            assert isinstance(message.delivery, Basic.Deliver)
            await consuming.basic_ack(message.delivery.delivery_tag or 0)

        async def take(message: DeliveredMessage) -> None:
            task = asyncio.create_task(one(message))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        await consuming.basic_consume(QUEUE, take)
        print("ready", file=sys.stderr, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
