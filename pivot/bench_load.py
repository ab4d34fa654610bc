"""The other sides of a benchmark: a cheap customer's server, and callflow with many calls at once."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import aiormq
import orjson
from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from pivot.bus.kazoo_timestamp import KazooTime
from pivot.bus.topology import declare_exchanges
from pivot.model.json import Json
from pivot.wire.envelope import Message
from pivot.wire.names import CONTENT_TYPE, Exchange
from pivot.wire.requests import encode_request

FLOW = b'{"module":"tts","data":{"text":"Hello, and thank you for calling."}}'
_ANOTHER_CUSTOMER = "f" * 32
STALL_S = 20.0
"""Without any progress for so long, a run has failed."""


@dataclass
class Trace:
    """One call's moments on the clock of `time.perf_counter`."""

    published: float = 0.0
    asked: float = 0.0
    answered: float = 0.0
    over: float = 0.0


@dataclass
class Load:
    """All calls of one run."""

    traces: dict[str, Trace] = field(default_factory=lambda: defaultdict(Trace))
    failed: int = 0
    done: int = 0
    progress: asyncio.Event = field(default_factory=asyncio.Event)


class VoiceProtocol(asyncio.Protocol):
    """Answers every request with the same flow; finds the Call-ID in the query without parsing more."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class is none of asyncio's

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            trace = self._load.traces[_call_id(head)]
            trace.asked = time.perf_counter()
            self._transport.write(_REPLY)
            trace.answered = time.perf_counter()


_REPLY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    + str(len(FLOW)).encode()
    + b"\r\n\r\n"
    + FLOW
)


def _call_id(head: bytes) -> str:
    start = head.find(b"Call-ID=") + len(b"Call-ID=")
    return head[start : start + 32].decode()


@asynccontextmanager
async def voice_server(load: Load) -> AsyncIterator[str]:
    """Yields its URL."""
    server = await asyncio.get_running_loop().create_server(lambda: VoiceProtocol(load), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/flow"


class Callflow:
    """Publishes requests and hears what becomes of them."""

    def __init__(self, channel: AbstractChannel, load: Load, url: str, accounts: int, debug: bool) -> None:
        self._channel = channel
        self._load = load
        self._queue = f"bench_callflow_{secrets.token_hex(4)}"
        self._options: dict[str, Json] = {"Voice-URI": url, "Request-Format": "kazoo", "Debug": debug}
        self._accounts = [f"{number:032x}" for number in range(1, accounts + 1)]

    async def listen(self) -> None:
        await declare_exchanges(self._channel)
        await self._channel.queue_declare(self._queue, auto_delete=True)
        await self._channel.queue_bind(self._queue, Exchange.TARGETED, self._queue)
        await self._channel.queue_bind(self._queue, Exchange.CALLEVT, "call.CHANNEL_PIVOT.*")
        await self._channel.basic_consume(self._queue, self._heard, no_ack=True)

    async def place_call(self, url: str | None = None) -> str:
        """Place a call, if a URL is given one of another customer; returns its Call-ID."""
        call_id = secrets.token_hex(16)
        message = self._request(call_id, url)
        self._load.traces[call_id].published = time.perf_counter()
        await self._channel.basic_publish(
            message.payload,
            exchange=message.exchange.value,
            routing_key=message.routing_key,
            properties=Basic.Properties(content_type=CONTENT_TYPE, timestamp=KazooTime.now_stamp()),
        )
        return call_id

    def _request(self, call_id: str, url: str | None) -> Message:
        call: dict[str, Json] = {
            "Call-ID": call_id,
            "Account-ID": self._account() if url is None else _ANOTHER_CUSTOMER,
            "Control-Queue": self._queue,
            "Controller-Queue": f"pid://<0.1.0>/{self._queue}",
            "From": "1001@pbx.example.com",
            "To": "5000@pbx.example.com",
            "Request": "5000@pbx.example.com",
            "Caller-ID-Name": "Bench",
            "Caller-ID-Number": "1001",
        }
        options = self._options if url is None else {**self._options, "Voice-URI": url}
        return encode_request(call, options, node="kazoo_apps@bench", msg_id=secrets.token_hex(16))

    def _account(self) -> str:
        return self._accounts[len(self._load.traces) % len(self._accounts)]

    async def _heard(self, message: DeliveredMessage) -> None:
        payload = orjson.loads(message.body)
        if payload["Event-Name"] == "processing":
            return
        self._load.failed += payload["Event-Name"] == "failed"
        self._load.traces[payload["Call-ID"]].over = time.perf_counter()
        self._load.done += 1
        self._load.progress.set()


@asynccontextmanager
async def callflow(
    amqp_url: str, load: Load, url: str, accounts: int = 1, debug: bool = False
) -> AsyncIterator[Callflow]:
    """A callflow that listens."""
    connection = await aiormq.connect(amqp_url)
    try:
        channel = await connection.channel(publisher_confirms=False)
        side = Callflow(channel, load, url, accounts, debug)
        await side.listen()
        yield side
    finally:
        await connection.close()


async def run_calls(side: Callflow, load: Load, calls: int, at_once: int) -> None:
    """Place `calls` calls, `at_once` of them in progress, and wait for the last.

    Raises:
        TimeoutError: nothing ended for a long time.
    """
    placed, goal = 0, load.done + calls
    begun = load.done
    while load.done < goal:
        while placed < calls and placed - (load.done - begun) < at_once:
            await side.place_call()
            placed += 1
        load.progress.clear()
        if load.done < goal and placed - (load.done - begun) >= min(at_once, goal - load.done):
            async with asyncio.timeout(STALL_S):
                await load.progress.wait()
