"""The other sides of a benchmark: a cheap customer's server, callflow with many calls, their switch."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, cast

import aiormq
import orjson
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel
from pamqp.commands import Basic

from pivot.bench.load import Load
from pivot.bus.kazoo_timestamp import KazooTime
from pivot.bus.topology import declare_exchanges
from pivot.model.events import ChannelDestroyed, ChannelFound, DigitPressed, Event, Executed
from pivot.model.json import Json
from pivot.wire.envelope import Message
from pivot.wire.media_server import encode_reply
from pivot.wire.names import CONTENT_TYPE, Application, EventName, Exchange, Field
from pivot.wire.requests import encode_request
from pivot.wire.switch_events import encode_switch_event

GATHER_S = 3600
"""Longer than any run: only a key ends it."""


class Page(StrEnum):
    """What the customer's server has, by path."""

    FLOW = "/flow"
    SAY = "/say"
    GATHER = "/gather"
    BYE = "/bye"


_PAGES = {
    Page.FLOW: ("application/json", '{"module":"tts","data":{"text":"Hello, and thank you for calling."}}'),
    Page.SAY: ("text/xml", "<Response><Say>Hello, and thank you for calling.</Say><Hangup/></Response>"),
    Page.GATHER: (
        "text/xml",
        f'<Response><Gather numDigits="1" timeout="{GATHER_S}" action="{Page.BYE}" method="GET">'
        "<Say>Press any key.</Say></Gather></Response>",
    ),
    Page.BYE: ("text/xml", "<Response><Hangup/></Response>"),
}
_NODE = "freeswitch@bench"
_ANOTHER_CUSTOMER = "f" * 32


class VoiceProtocol(asyncio.Protocol):
    """Answers each GET with the page of its path; finds the call's id in the query without parsing more."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class is none of asyncio's

    def data_received(self, data: bytes) -> None:
        """Note when each call's request came, and answer every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            trace = self._load.traces[_call_id(head)]
            trace.asked = trace.asked or time.perf_counter()
            page = _page(head)
            self._load.served[page] += 1
            self._transport.write(_REPLIES[page])
            trace.answered = trace.answered or time.perf_counter()


def _reply(content_type: str, body: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"{head}{body}".encode()


_REPLIES = {page: _reply(*document) for page, document in _PAGES.items()}


def _page(head: bytes) -> Page:
    """By the path's last part: what `action="/bye"` means depends on the profile."""
    path = head[: head.index(b"?")]
    return Page(path[path.rindex(b"/") :].decode())


def _call_id(head: bytes) -> str:
    """Of either set of parameters; the benchmark's ids have 32 characters."""
    name = b"Call-ID=" if b"Call-ID=" in head else b"CallSid="
    start = head.find(name) + len(name)
    return head[start : start + 32].decode()


@asynccontextmanager
async def voice_server(load: Load) -> AsyncIterator[str]:
    """Yields its URL, to which a page's path is added."""
    server = await asyncio.get_running_loop().create_server(lambda: VoiceProtocol(load), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Callflow:
    """Publishes requests and hears what becomes of them; plays the switch as well, as cheaply as can be:
    a prompt is over at once, and a hang-up ends the channel."""

    def __init__(
        self, channel: Channel, load: Load, url: str, page: Page, accounts: int, debug: bool
    ) -> None:
        self._channel = channel
        self._load = load
        self._queue = f"bench_callflow_{secrets.token_hex(4)}"
        self._gathers = page is Page.GATHER
        format = "kazoo" if page is Page.FLOW else "twiml"
        self._options: dict[str, Json] = {"Voice-URI": url + page, "Request-Format": format, "Debug": debug}
        self._accounts = [f"{number:032x}" for number in range(1, accounts + 1)]

    async def listen(self) -> None:
        """Declare and bind a queue for the worker's messages, and consume from it."""
        await declare_exchanges(self._channel)
        await self._channel.queue_declare(self._queue, auto_delete=True)
        await self._channel.queue_bind(self._queue, Exchange.TARGETED, self._queue)
        await self._channel.queue_bind(self._queue, Exchange.CALLCTL, self._queue)
        await self._channel.queue_bind(self._queue, Exchange.CALLEVT, "call.CHANNEL_PIVOT.*")
        await self._channel.queue_bind(self._queue, Exchange.CALLEVT, "call.status_req.*")
        await self._channel.basic_consume(self._queue, self._heard, no_ack=True)

    async def place_call(self, url: str | None = None) -> str:
        """Place a call, if a URL is given one of another customer; returns its Call-ID."""
        call_id = secrets.token_hex(16)
        message = self._request(call_id, url)
        self._load.placed += 1
        self._load.traces[call_id].published = time.perf_counter()
        await self._publish(message)
        return call_id

    async def press(self, call_id: str) -> None:
        """The caller presses a key."""
        await self._happened(call_id, DigitPressed(call_id, "1"))

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
        match payload[Field.EVENT_NAME]:
            case EventName.COMMAND:
                await self._perform(payload)
            case EventName.FAILED:
                self._load.failed += 1
                self._ended()
            case EventName.CHANNEL_PIVOT:
                self._told(payload[Field.CALL_ID])
                self._ended()
            case EventName.CHANNEL_STATUS_REQ:
                found = ChannelFound(payload[Field.CALL_ID])
                server_id, msg_id = payload[Field.SERVER_ID], payload[Field.MSG_ID]
                await self._publish(encode_reply(found, server_id, msg_id, node=_NODE))

    async def _perform(self, command: dict[str, Any]) -> None:
        """As a switch does, in no time."""
        call_id = command[Field.CALL_ID]
        self._told(call_id)
        match command[Field.APPLICATION_NAME]:
            case Application.QUEUE:
                noop_id = command[Field.COMMANDS][0][Field.MSG_ID]
                await self._happened(call_id, Executed(call_id, Application.NOOP, noop_id))
                if self._gathers:
                    self._load.waiting.append(call_id)
                    self._load.progress.set()
            case Application.HANGUP:
                await self._happened(call_id, ChannelDestroyed(call_id, "NORMAL_CLEARING", "sip:200"))
                self._ended()

    def _told(self, call_id: str) -> None:
        trace = self._load.traces[call_id]
        trace.over = trace.over or time.perf_counter()

    def _ended(self) -> None:
        self._load.done += 1
        self._load.progress.set()

    async def _happened(self, call_id: str, event: Event) -> None:
        await self._publish(encode_switch_event(call_id, event, node=_NODE, msg_id=secrets.token_hex(8)))

    async def _publish(self, message: Message) -> None:
        await self._channel.basic_publish(
            message.payload,
            exchange=message.exchange.value,
            routing_key=message.routing_key,
            properties=Basic.Properties(content_type=CONTENT_TYPE, timestamp=KazooTime.now_stamp()),
            wait=False,
        )


@asynccontextmanager
async def callflow(
    amqp_url: str, load: Load, url: str, page: Page = Page.FLOW, accounts: int = 1, debug: bool = False
) -> AsyncIterator[Callflow]:
    """A callflow that listens; its calls get `page` of the voice server at `url`."""
    connection = await aiormq.connect(amqp_url)
    try:
        channel = await connection.channel(publisher_confirms=False)
        assert isinstance(channel, Channel)
        side = Callflow(channel, load, url, page, accounts, debug)
        await side.listen()
        yield side
    finally:
        await connection.close()
