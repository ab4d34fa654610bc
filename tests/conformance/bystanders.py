"""The others in a case's queue: callers who wait and agents who take, with calls of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.meeting.queues import QueueTable
from pivot.model.call import PivotRequest
from pivot.model.commands import SendMessage
from pivot.model.dialling import JoinLeg
from pivot.model.events import Requested
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from pivot.model.overrides import without_fragment
from pivot.model.queues import EnterQueue, LeaveQueue, QueueNews, queue_id
from pivot.model.switch import SwitchCommand
from pivot.session.ports import Fetcher
from pivot.session.session import Session
from pivot.session.world import World
from pivot.sim.fakes import FakeDelivery
from pivot.sim.publisher import Clock
from pivot.sim.switch import SimulatedSwitch
from tests.conformance.cases import Case
from tests.rules import RULES

BYSTANDER = "bystander"
"""How observations name their legs."""
AGENT = "dequeuer"
_OWN_URL = "https://app.test/bystander"
_SETTLED_S = 0.001


class _OwnDocument:
    """A bystander's first document; for all else it asks the case's servers."""

    def __init__(self, document: str, servers: Fetcher) -> None:
        self._document = document
        self._servers = servers

    async def fetch(self, request: FetchRequest) -> Answer | FetchFailure:
        if without_fragment(request.url).partition("?")[0] != _OWN_URL:
            return await self._servers.fetch(request)
        body = f"<Response>{self._document}</Response>".encode()
        return Answer(200, (("Content-Type", "text/xml"),), body, _OWN_URL)


class Bystanders:
    """Their calls run on the same engine, switch and queues as the case's own.

    Args:
        case: which says who is there and who comes.
        request: the case's own, which theirs resemble.
        world: the case's.
        switch: where their legs are.
        queues: the owner of the case's queues.

    Attributes:
        calls: their Call-IDs.
    """

    def __init__(
        self, case: Case, request: PivotRequest, world: World, switch: SimulatedSwitch, queues: QueueTable
    ) -> None:
        self.calls: list[str] = []
        self._request = request
        self._world = world
        self._switch = switch
        self._queues = queues
        self._there: Mapping[str, Any] = case.call.get("queues") or {}
        self._queue = next(iter(self._there), "support")
        self._tasks: list[asyncio.Task[object]] = []

    async def come(self) -> None:
        """Those who are there when the case begins."""
        for name, queue in self._there.items():
            strangers = 1000 if queue.get("full") else 1
            command = EnterQueue(queue_id(self._request.call.account_id or "", name), name)
            for number in range(strangers):
                self._queues.perform(f"stranger-{number}", command, _nobody)
            if not queue.get("full"):
                self._queues.perform("stranger-0", LeaveQueue(command.queue), _nobody)
            for call_id in queue.get("members", ()):
                self._call(call_id, f"<Enqueue>{name}</Enqueue>")
        if self._tasks:
            await asyncio.sleep(_SETTLED_S)

    def follow(self, script: Iterable[Mapping[str, Any]], clock: Clock) -> None:
        """Rows `queue` of a script: `dequeue` and `member_join`."""
        for row in script:
            if row["do"] == "queue":
                clock.call_later(row["t"], self._do, row["event"])

    def perform(self, call_id: str, command: SwitchCommand | SendMessage) -> None:
        """What a call tells the switch, whosever it is."""
        if call_id in self.calls and isinstance(command, JoinLeg):
            command = replace(command, label=call_id)
        self._switch.perform(call_id, command)

    async def go(self) -> None:
        """The case is over."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _do(self, event: str) -> None:
        if event == "dequeue":
            self._call(AGENT, f"<Dial><Queue>{self._queue}</Queue></Dial>")
        else:
            self._call(f"member-{len(self.calls)}", f"<Enqueue>{self._queue}</Enqueue>")

    def _call(self, call_id: str, document: str) -> None:
        self.calls.append(call_id)
        self._switch.add_leg(call_id, BYSTANDER)
        self._switch.parties.count(call_id, call_id)
        request = replace(
            self._request,
            call=replace(self._request.call, call_id=call_id),
            voice_uri=_OWN_URL,
            cdr_uri=None,
        )
        world = replace(self._world, fetcher=_OwnDocument(document, self._world.fetcher))
        rules = replace(RULES, profile="twilio")
        session = Session(CallMachine(CallState(request, seed=call_id), rules), FakeDelivery(request), world)
        session.post(Requested(10.0))
        self._tasks.append(asyncio.create_task(session.run()))


def _nobody(news: QueueNews) -> None:
    """A stranger is told nothing."""
