"""The floor of the benchmark: what the bare libraries cost for one call, without any of pivot's code.

    python -m pivot.bench.floor flow|twiml AMQP_URL

Flow: consume with manual acknowledgement, GET, publish twice with confirmation, acknowledge. TwiML: consume,
GET, bind, publish `processing`, acknowledge, publish the answer and the prompt, hear of its end, publish the
hang-up, hear of the channel's end, unbind; all publishing with confirmation.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import aiormq
import orjson
import uvloop
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from pivot.bus import kazoo_timestamp  # without it no message of Kazoo's can be received at all

QUEUE = "pivot_bench_floor"
_EVENTS = "pivot_bench_floor_events"
_PROPERTIES = Basic.Properties(content_type="application/json")


class _Floor:
    """One connection's channels, and the HTTP client."""

    def __init__(
        self,
        consuming: AbstractChannel,
        publishing: AbstractChannel,
        events: AbstractChannel,
        client: aiohttp.ClientSession,
    ) -> None:
        self.consuming = consuming
        self._publishing = publishing
        self._events = events
        self._client = client
        self._heard: dict[str, asyncio.Event] = {}

    async def listen(self) -> None:
        await self.consuming.queue_declare(QUEUE, auto_delete=True)
        await self.consuming.queue_bind(QUEUE, "callmgr", "pivot.req.*")
        await self._events.queue_declare(_EVENTS, auto_delete=True)
        await self._events.basic_consume(_EVENTS, self._happened)

    async def flow(self, message: DeliveredMessage) -> None:
        call, answer = await self._ask(message)
        call_id = call["Call-ID"]
        await self._publish("targeted", _queue(call), call_id, "processing")
        key = f"call.CHANNEL_PIVOT.{call_id}"
        await self._publish("callevt", key, call_id, "CHANNEL_PIVOT", {"Application-Data": answer})
        await _acknowledge(message)

    async def twiml(self, message: DeliveredMessage) -> None:
        call, answer = await self._ask(message)
        call_id, control = call["Call-ID"], call["Control-Queue"]
        heard = self._heard[call_id] = asyncio.Event()
        await self._events.queue_bind(_EVENTS, "callevt", f"call.*.{call_id}")
        await self._publish("targeted", _queue(call), call_id, "processing")
        await _acknowledge(message)
        await self._command(control, call_id, "answer")
        noop = {"Application-Name": "noop", "Msg-ID": call_id}
        tts = {"Application-Name": "tts", "Text": answer}
        await self._command(control, call_id, "queue", {"Commands": [noop, tts]})
        await heard.wait()
        heard.clear()
        await self._command(control, call_id, "hangup")
        await heard.wait()
        del self._heard[call_id]
        await self._events.queue_unbind(_EVENTS, "callevt", f"call.*.{call_id}")

    async def _ask(self, message: DeliveredMessage) -> tuple[dict[str, Any], str]:
        request: dict[str, Any] = orjson.loads(message.body)
        call = request["Call"]
        async with self._client.get(request["Voice-URI"], params={"Call-ID": call["Call-ID"]}) as reply:
            return call, (await reply.read()).decode()

    async def _command(
        self, control: str, call_id: str, name: str, members: dict[str, Any] | None = None
    ) -> None:
        command = {"Application-Name": name, **(members or {})}
        await self._publish("callctl", control, call_id, "command", command)

    async def _publish(
        self, exchange: str, key: str, call_id: str, name: str, members: dict[str, Any] | None = None
    ) -> None:
        payload = orjson.dumps({"Call-ID": call_id, "Event-Name": name, **(members or {})})
        await self._publishing.basic_publish(
            payload, exchange=exchange, routing_key=key, properties=_PROPERTIES
        )

    async def _happened(self, message: DeliveredMessage) -> None:
        event = orjson.loads(message.body)
        await _acknowledge(message)
        if event["Call-ID"] in self._heard:
            self._heard[event["Call-ID"]].set()


def _queue(call: dict[str, Any]) -> str:
    return str(call["Controller-Queue"].rpartition("/")[2])


async def _acknowledge(message: DeliveredMessage) -> None:
    assert isinstance(message.delivery, Basic.Deliver)
    await message.channel.basic_ack(message.delivery.delivery_tag or 0)


async def main(kind: str, amqp_url: str) -> None:
    """Serve requests of one kind with the bare libraries until the process is ended."""
    kazoo_timestamp.install()
    connection = await aiormq.connect(amqp_url)
    tasks = set[asyncio.Task[None]]()
    async with aiohttp.ClientSession() as client:
        floor = _Floor(
            await connection.channel(publisher_confirms=False),
            await connection.channel(publisher_confirms=True),
            await connection.channel(publisher_confirms=False),
            client,
        )
        calls: dict[str, Callable[[DeliveredMessage], Awaitable[None]]] = {
            "flow": floor.flow,
            "twiml": floor.twiml,
        }

        async def take(message: DeliveredMessage) -> None:
            task = asyncio.ensure_future(calls[kind](message))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        await floor.listen()
        await floor.consuming.basic_consume(QUEUE, take)
        print("ready", file=sys.stderr, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
