"""The session's ports without a network: what a test or a simulator puts in their place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from pivot.errors import BusError, SpeechError
from pivot.model.call import Call, PivotRequest
from pivot.model.codes import Code
from pivot.model.commands import BusCommand
from pivot.model.dialling import Endpoint, EndpointKind, Identity, Wanted
from pivot.model.events import Event
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from pivot.model.json import JsonObject
from pivot.model.speech import SpeechWish
from pivot.session.ports import Receiver


class FakeBus:
    """A broker that takes every command and delivers what it is told to.

    Attributes:
        sent: every command, with its Call-ID, in order.
        refuse: asked for each command; a code means that the broker refuses or loses it.
        confirm: asked for each command that was taken; an error is raised in place of the confirmation.
        refuse_binding: the code with which every binding fails.
        binding_takes_s: how long the broker takes to bind.
    """

    def __init__(self, on_command: Callable[[Call, BusCommand], None] | None = None) -> None:
        self.sent: list[tuple[str, BusCommand]] = []
        self.refuse: Callable[[BusCommand], Code | None] = lambda command: None
        self.confirm: Callable[[BusCommand], BusError | None] = lambda command: None
        self.refuse_binding: Code | None = None
        self.binding_takes_s = 0.0
        self._on_command = on_command
        self._receivers: dict[str, list[Receiver]] = {}

    async def send(self, call: Call, command: BusCommand) -> None:
        code = self.refuse(command)
        if code is not None:
            raise BusError(code, f"{type(command).__name__} was not taken")
        self.sent.append((call.call_id, command))
        if self._on_command is not None:
            self._on_command(call, command)
        if (error := self.confirm(command)) is not None:
            raise error

    async def bind(self, call_id: str, receive: Receiver) -> None:
        await asyncio.sleep(self.binding_takes_s)
        if self.refuse_binding is not None:
            raise BusError(self.refuse_binding, f"{call_id} was not bound")
        self._receivers.setdefault(call_id, []).append(receive)

    async def unbind(self, call_id: str, receive: Receiver) -> None:
        self._receivers[call_id].remove(receive)
        if not self._receivers[call_id]:
            del self._receivers[call_id]

    @property
    def bound(self) -> tuple[str, ...]:
        """The legs whose events somebody receives."""
        return tuple(self._receivers)

    def deliver(self, call_id: str, event: Event) -> None:
        """An event of this leg happens; without a binding nobody hears it."""
        for receive in tuple(self._receivers.get(call_id, ())):
            receive(event)


class FakeFetcher:
    """Customers' servers as one function; `delay_s` passes before each answer.

    Attributes:
        requests: everything that was asked, in order.
    """

    def __init__(
        self, handler: Callable[[FetchRequest], Answer | FetchFailure], delay_s: float = 0.0
    ) -> None:
        self.requests: list[FetchRequest] = []
        self._handler = handler
        self._delay_s = delay_s

    async def fetch(self, request: FetchRequest) -> Answer | FetchFailure:
        self.requests.append(request)
        if self._delay_s >= request.deadline_s:
            await asyncio.sleep(request.deadline_s)
            return FetchFailure(Code.FETCH_TOTAL_TIMEOUT, "the server did not answer in time")
        await asyncio.sleep(self._delay_s)
        return self._handler(request)


@dataclass
class FakeDelivery:
    """A request as if it came from the queue; counts how often it was settled."""

    request: PivotRequest
    age_s: float = 0.0
    redelivered: bool = False
    acknowledged: int = 0
    lost: bool = False
    """The connection is gone: nothing can be settled any more."""
    comes_back_after_s: float = inf

    async def regained(self) -> None:
        await asyncio.sleep(min(self.comes_back_after_s, 1e6))
        self.lost = False

    async def acknowledge(self) -> None:
        if self.lost:
            raise BusError(Code.BUS_LOST, "the connection is gone")
        self.acknowledged += 1


@dataclass
class FakeOwnership:
    """Remembers ownership records in memory."""

    records: dict[str, JsonObject] = field(default_factory=dict)

    async def record(self, call_id: str, snapshot: Callable[[], JsonObject]) -> None:
        self.records[call_id] = snapshot()

    async def release(self, call_id: str) -> None:
        self.records.pop(call_id, None)


@dataclass
class FakePhones:
    """Every user, device and client has one phone, unless `unknown` names them; so it is with numbers."""

    unknown: frozenset[str] = frozenset()
    identity: Identity | None = None
    """Of every caller."""

    async def look_up(self, call: Call, wanted: tuple[Wanted, ...]) -> tuple[tuple[Endpoint, ...], ...]:
        return tuple(() if each.name in self.unknown else (_phone(each.name),) for each in wanted)

    async def identity_of(self, call: Call) -> Identity | None:
        return self.identity

    async def owns(self, call: Call, number: str) -> bool | None:
        return number not in self.unknown


@dataclass
class FakeSpeech:
    """A plug-in that makes a sound of every text, or of none.

    Attributes:
        spoken: by the sound's URL: what it says.
        prepared: what was announced, in order.
    """

    delay_s: float = 0.0
    complaint: str = ""
    """Why no sound is made; empty: each is."""
    spoken: dict[str, SpeechWish] = field(default_factory=dict)
    prepared: list[SpeechWish] = field(default_factory=list)

    async def synthesise(self, account_id: str | None, wish: SpeechWish) -> str:
        await asyncio.sleep(self.delay_s)
        if self.complaint:
            raise SpeechError(self.complaint)
        url = f"http://speech.invalid/{len(self.spoken)}.wav"
        self.spoken[url] = wish
        return url

    def prepare(self, account_id: str | None, wish: SpeechWish) -> None:
        self.prepared.append(wish)


def _phone(name: str) -> Endpoint:
    return Endpoint(name, "", EndpointKind.DEVICE, f"user_{name}", "pbx.test")
