"""A recorded run of Kazoo's translator, played to our engine: same document, same events, same times."""

from __future__ import annotations

import heapq
import itertools
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

from pivot.execute.machine import CallMachine
from pivot.execute.rules import Rules
from pivot.execute.state import CallState
from pivot.meeting.rooms import RoomTable
from pivot.model.call import Call, Method, Party, PivotRequest
from pivot.model.commands import (
    CancelTimer,
    Fetch,
    SayFailed,
    SayProcessing,
    StartTimer,
)
from pivot.model.dialling import CallerId, CarrierDone, EndpointsFound, Identity, LookUpEndpoints
from pivot.model.events import Event, Executed, Fetched, Requested, TimerFired
from pivot.model.fetch import Answer, FetchRequest
from pivot.model.rooms import EnterRoom, LeaveRoom, RoomNews
from pivot.model.switch import SwitchCommand
from pivot.wire.envelope import Sender
from pivot.wire.events import decode_event
from pivot.wire.messages import encode_command
from pivot.wire.routing import call_event

Row = dict[str, Any]
CALL_ID = "call-id-1@host"
SENDER = Sender("<NODE>", "pivot-call-queue")
IDENTITY = Identity(
    inside=CallerId("user-internal-number", "user-internal-name"),
    outside=CallerId("user-external-number", "user-external-name"),
    emergency=CallerId("device-emergency-number", "device-emergency-name"),
    presence_id="user-2@4a6863.sip.2600hz.local",
)
"""What the recorded account's documents say of the caller."""
_OF_THE_ENVELOPE = ("Node", "Server-ID", "App-Version")


@dataclass
class Replay:
    """One run of the engine.

    Attributes:
        published: payloads in order, as they would be on the bus.
        asked: the requests after the first one.
    """

    case: Row
    rules: Rules
    voice_uri: str
    auto_noop_s: float | None
    published: list[Row] = field(default_factory=list)
    asked: list[FetchRequest] = field(default_factory=list)

    def run(self) -> None:
        """Until nothing more happens, or the next document is asked for, where the recording ends."""
        call = Call(
            CALL_ID,
            "account0000000000000000000000001",
            "control-queue",
            "requester-q",
            Party("1001", "4a6863.sip.2600hz.local"),
            Party("5000", "4a6863.sip.2600hz.local"),
            Party("5000", "4a6863.sip.2600hz.local"),
            "Bob Smith",
            "1001",
            authorizing_id=None if "call_override" in self.case else "device00000000000000000000000002",
            authorizing_type="device",
        )
        request = PivotRequest("m1", call, self.voice_uri, Method.POST)
        self._machine = CallMachine(CallState(request, seed="s"), self.rules)
        self._queue: list[tuple[float, int, Event]] = []
        self._count = itertools.count()
        self._timers: dict[str, int] = {}
        self._seen = Counter[str]()
        self._rooms = RoomTable()
        self._perform(self._machine.receive(Requested(10.0), 0.0), 0.0)
        for row in self.case.get("script") or []:
            if "at_ms" in row:
                self._later(row["at_ms"] / 1000, self._event(row["event"]))
        while self._queue and not self.asked:
            at_s, number, event = heapq.heappop(self._queue)
            if isinstance(event, TimerFired) and self._timers.get(event.name) != number:
                continue
            self._perform(self._machine.receive(event, at_s), at_s)

    def _perform(self, course: list[Any], at_s: float) -> None:
        for item in course:
            match item:
                case Fetch(request) if self._machine.state.documents == 1 and not self.published:
                    body = self.case["body"].encode()
                    answer = Answer(200, (("Content-Type", "text/xml"),), body, self.voice_uri)
                    self._later(at_s, Fetched(request.fetch_id, answer))
                case Fetch(request):
                    self.asked.append(request)
                case StartTimer(name, delay_s):
                    self._timers[name] = self._later(at_s + delay_s, TimerFired(name))
                case EnterRoom() | LeaveRoom():
                    self._rooms.perform(CALL_ID, item, lambda news: self._soon(news, at_s))
                case LookUpEndpoints(lookup_id):
                    self._later(at_s, EndpointsFound(lookup_id, identity=IDENTITY))
                case CancelTimer(name):
                    self._timers.pop(name, None)
                case command if isinstance(command, SayProcessing | SayFailed | SwitchCommand):
                    self._publish(command, at_s)

    def _publish(self, command: Any, at_s: float) -> None:
        call = self._machine.state.request.call
        payload = orjson.loads(encode_command(call, command, SENDER, "m").payload)
        self.published.append(payload)
        noop_id = getattr(command, "noop_id", None)
        if noop_id is not None and self.auto_noop_s is not None:
            self._later(at_s + self.auto_noop_s, Executed(CALL_ID, "noop", noop_id))
        for name in {payload.get("Application-Name", ""), payload["Event-Name"], *_inner(payload)}:
            self._seen[name] += 1
            for row in self.case.get("script") or []:
                if row.get("on") == name and row.get("nth", self._seen[name]) == self._seen[name]:
                    event = json.loads(json.dumps(row["event"]).replace("{{noop_id}}", noop_id or ""))
                    self._later(at_s + row["after_ms"] / 1000, self._event(event))

    def _event(self, row: Row) -> Event | None:
        if row["Event-Name"] == "offnet_resp":  # the recording leaves out whose answer it is
            dialled = next(each for each in reversed(self.published) if each["Event-Name"] == "offnet_req")
            return CarrierDone(dialled["Msg-ID"], row["Response-Message"], row.get("Response-Code"))
        return decode_event(call_event(row["Event-Name"], row.get("Call-ID", CALL_ID)), orjson.dumps(row))

    def _soon(self, news: RoomNews, at_s: float) -> None:
        self._later(at_s, news)

    def _later(self, at_s: float, event: Event | None) -> int:
        number = next(self._count)
        if event is not None:
            heapq.heappush(self._queue, (at_s, number, event))
        return number


def comparable(payloads: list[Row]) -> list[Row]:
    """Payloads without what differs from run to run: ids numbered by first appearance, envelope left out."""
    ids: dict[str, str] = {}

    def renamed(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: renamed(each, key) for key, each in value.items() if key not in _OF_THE_ENVELOPE}
        if isinstance(value, list):
            return [renamed(each) for each in value]
        return ids.setdefault(value, f"<ID-{len(ids)}>") if name == "Msg-ID" else value

    return [renamed(payload) for payload in payloads]


def shared(messages: list[Row]) -> list[Row]:
    """What both sides should publish: Kazoo answers and hangs up again and again, tells the switch to `store`
    files, which no switch can, and names every recording of a call alike; we send silence in a Pause."""
    kept: list[Row] = []
    for message in json.loads(json.dumps(messages)):
        name = message.get("Application-Name")
        if name == "record":
            message["Media-Name"] = "<RECORDING>.mp3"
        if (
            name == "store"
            or _is_silence(message)
            or (name in ("answer", "hangup") and name in {each.get("Application-Name") for each in kept})
        ):
            continue
        kept.append(message)
    return kept


def _is_silence(message: Row) -> bool:
    """What we send in a Pause, where Kazoo sends nothing at all."""
    media = [each.get("Media-Name", "") for each in message.get("Commands", [])]
    return any(name.startswith("silence_stream://") for name in media)


def _inner(payload: Row) -> set[str]:
    return {each["Application-Name"] for each in payload.get("Commands", [])}
