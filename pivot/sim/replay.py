"""Replay a recorded call against a worker: the switch's side is played, the worker's is compared."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from pivot.model.events import FileSent
from pivot.sim.link import Arrived, Link
from pivot.sim.recorded import Payload, RecordedCall, RecordedMessage, Rewriting, differences, kind_of
from pivot.wire.envelope import Message
from pivot.wire.media_server import encode_reply
from pivot.wire.messages import decode_command
from pivot.wire.names import CALL_ID_HEADER, Exchange

WAIT_S = 2.0
"""How long a message of the worker may be later than it was recorded."""
_LISTENS = (
    (Exchange.CALLEVT, "call.CHANNEL_PIVOT.*"),
    (Exchange.CALLEVT, "call.status_req.*"),
    (Exchange.RESOURCES, "offnet.resource.req.*"),
    (Exchange.CALLMGR, "originate.resource.req"),
    (Exchange.CONFERENCE, "conference.discovery"),
    (Exchange.CONFERENCE, "conference.command.*"),
    (Exchange.SWITCH, "switch.command.*"),
)


@dataclass
class Report:
    """How a worker's side of a replayed call compares with the recording.

    Attributes:
        same: messages that came as recorded, by their kinds.
        missing: recorded ones that did not come, with their seconds.
        more: ones that no recording has.
        changed: members that differ.
        requests: what the customer's server was asked: method and path.
    """

    name: str
    same: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """True when the worker sent exactly what was recorded."""
        return not (self.missing or self.more or self.changed)

    def __str__(self) -> str:
        lines = [
            f"{self.name}: {len(self.same)} messages of the worker as recorded, {len(self.missing)} missing, "
            f"{len(self.more)} more, {len(self.changed)} members differ"
        ]
        lines += [f"  missing  {text}" for text in self.missing]
        lines += [f"  more     {text}" for text in self.more]
        lines += [f"  differs  {text}" for text in self.changed]
        lines += [f"  asked    {text}" for text in self.requests]
        return "\n".join(lines)


class Replay:
    """One recorded call on one link.

    Args:
        recorded: the call.
        link: a connection to the worker's broker.
        wait_s: how long the worker may be late.
    """

    def __init__(self, recorded: RecordedCall, link: Link, wait_s: float = WAIT_S) -> None:
        self.report = Report(recorded.name)
        self._recorded = recorded
        self._link = link
        self._wait_s = wait_s
        self._rewriting = Rewriting()
        self._arrived: list[Payload] = []
        self._news = asyncio.Event()
        self._file: str | None = None
        self._replies: list[asyncio.Task[bool]] = []
        self._queue = f"replay-{secrets.token_hex(8)}"
        """Where Kazoo's processes are told what to do."""

    async def run(self) -> Report:
        """Play the call from its `pivot_req` to its last message."""
        async with _serving(self._answer) as base_url:
            await self._prepare(base_url)
            before_s = self._recorded.request.t_s
            for message in self._of_this_call():
                await self._step(message, max(0.0, message.t_s - before_s))
                before_s = message.t_s
            await asyncio.sleep(min(self._wait_s, 0.5))
        await asyncio.gather(*self._replies)
        self.report.more += [_line(each) for each in self._arrived]
        return self.report

    async def _prepare(self, base_url: str) -> None:
        texts, recorded = self._rewriting.texts, self._recorded
        texts[recorded.base_url] = base_url
        for call_id in (recorded.call_id, *recorded.legs):
            self._rewriting.fresh(call_id)
        ours = self._queue
        for message in recorded.messages:
            if message.exchange in (Exchange.CALLCTL, Exchange.TARGETED) and message.of_worker:
                texts[message.routing_key] = ours
        for exchange, key in (*_LISTENS, (Exchange.CALLCTL, ours), (Exchange.TARGETED, ours)):
            await self._link.listen(exchange, key, self._take)

    def _of_this_call(self) -> list[RecordedMessage]:
        """The request, what the worker sent, and what it was sent."""
        begin = self._recorded.messages.index(self._recorded.request)
        return [
            each for each in self._recorded.messages[begin:] if each.of_worker or self._is_for_worker(each)
        ]

    def _is_for_worker(self, message: RecordedMessage) -> bool:
        if message is self._recorded.request or message.exchange == Exchange.CALLEVT:
            return True
        if message.exchange == Exchange.CONFERENCE:
            return message.payload.get("Event-Name") == "event"
        keys = {each.payload.get("Server-ID") for each in self._recorded.messages if each.of_worker}
        return message.exchange == Exchange.TARGETED and message.routing_key in keys

    async def _step(self, message: RecordedMessage, after_s: float) -> None:
        if message.of_worker:
            await self._expect(message)
            return
        await asyncio.sleep(after_s)
        payload = self._rewriting.apply(message.payload, self._file)
        key = next(iter(self._rewriting.apply({message.routing_key: 0})))
        await self._link.publish(_message(message.exchange, key, payload))

    async def _expect(self, message: RecordedMessage) -> None:
        kind = kind_of(message.payload)
        live = await self._live(kind)
        if live is None:
            self.report.missing.append(f"{message.t_s:.3f} s {_line(message.payload)}")
            return
        self._rewriting.learn(message.payload, live)
        if kind in ("command record", "command record_call"):
            self._file = str(live.get("Media-Name"))
        self.report.same.append(kind)
        told = self._rewriting.apply(message.payload)
        self.report.changed += [f"{kind}: {each}" for each in differences(told, live)]

    async def _live(self, kind: str) -> Payload | None:
        """The oldest message of this kind, as soon as it is there."""
        try:
            async with asyncio.timeout(self._wait_s):
                while (found := next((e for e in self._arrived if kind_of(e) == kind), None)) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return None
        self._arrived.remove(found)
        return found

    def _take(self, message: Arrived) -> None:
        """A message of the worker; others' calls are none of ours."""
        text = message.body.decode()
        ours = [
            self._rewriting.texts[self._recorded.call_id],
            self._queue,
            *([self._file] if self._file else []),
        ]
        if message.routing_key == self._queue or any(each in text for each in ours):
            self._arrived.append(json.loads(text))
            self._news.set()
            self._put_file(message)

    def _put_file(self, message: Arrived) -> None:
        """Recordings may lack the media server's own exchange: it says that each file is put."""
        sent = decode_command(message.body) if message.exchange == Exchange.SWITCH else None
        if sent is None:
            return
        put = encode_reply(FileSent(sent.msg_id, ok=True), sent.server_id or "", sent.msg_id, node="replay")
        self._replies.append(asyncio.create_task(self._link.publish(put)))

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        self.report.requests.append(f"{request.method} {request.path}")
        document = self._recorded.documents.get(request.path)
        if document is None:
            return web.Response(status=404)
        base_url = self._rewriting.texts[self._recorded.base_url]
        text = document.replace(self._recorded.base_url, base_url)
        return web.Response(text=text, content_type="text/xml")


def _message(exchange: str, key: str, payload: dict[str, Any]) -> Message:
    headers: dict[str, bytes] = {}
    if exchange == Exchange.CALLEVT:
        headers[CALL_ID_HEADER] = str(payload.get("Call-ID", "")).encode()
    body = json.dumps(payload).encode()
    return Message(Exchange(exchange), key, body, str(payload.get("Msg-ID", "")), headers)


def _line(payload: Payload) -> str:
    told = {name: payload[name] for name in ("Text", "Media-Name", "Target-Call-ID") if name in payload}
    return f"{kind_of(payload)}{' ' + json.dumps(told) if told else ''}"


class _serving:
    """The customer's server on a free port of this machine; gives its base URL."""

    def __init__(self, answer: Callable[[web.BaseRequest], Any]) -> None:
        self._runner = web.ServerRunner(web.Server(answer))

    async def __aenter__(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(self, *failure: object) -> None:
        await self._runner.cleanup()
