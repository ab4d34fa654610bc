"""Every case through the worker, on real time, side by side: real broker, real HTTP, simulated cluster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace

from aiohttp import web

from pivot.bus.rabbit import RabbitBus, open_bus
from pivot.bus.settings import BusSettings
from pivot.errors import BusError
from pivot.fetch.fetcher import open_fetcher
from pivot.meeting.local import LocalMeetings
from pivot.model.call import Call, PivotRequest
from pivot.model.commands import BusCommand
from pivot.model.fetch import Answer, FetchFailure, FetchRequest, Purpose
from pivot.session.ports import Delivery, Fetcher, Observer, Receiver
from pivot.session.worker import Worker
from pivot.session.world import World
from pivot.sim.behaviour import DOCUMENTED, SwitchBehaviour
from pivot.sim.fakes import FakePhones, FakeSpeech
from pivot.sim.kazoo import SimulatedKazoo
from pivot.sim.rabbit_link import open_link
from tests.conformance.callers import Callers
from tests.conformance.case_run import CaseRun, Snapshots
from tests.conformance.cases import Case, Item
from tests.conformance.engine import BEGAN_AT, rules_for_cases, timed_on_engine
from tests.conformance.over_http import OVER_HTTP, Noting, settings_for_cases
from tests.dns_server import Says, dns_server

LIMIT_S = 60.0
"""What lasts longer, on virtual time, is left out here."""
_SPREAD_S = 5.0
"""The calls come in over so many seconds."""
_PATIENCE_S = 30.0
"""How long a call may go on after its time."""


@dataclass
class Outcome:
    """What is left of a run.

    Attributes:
        seen: by case id, everything that was seen of its call, in order.
        stuck: calls that had to be ended.
        strays: messages of pivot that nobody in the cluster understood.
        unheard: commands that pivot published and that did not reach the cluster as they were meant.
    """

    seen: dict[str, list[Item]]
    stuck: int = 0
    strays: list[str] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)


@dataclass
class _Asking:
    """The port `Fetcher`: the real one, which is told which of its requests are callbacks."""

    runs: dict[str, CaseRun]
    """By account, of which each case has one of its own."""
    usual: Fetcher
    slow: Fetcher
    """Waits before the second attempt until a name that has moved is asked for again."""

    async def fetch(self, request: FetchRequest) -> Answer | FetchFailure:
        run = self.runs[request.account_id or ""]
        fetcher = Noting(self.slow, run.seen) if run.refuses_first else self.usual
        if request.purpose is not Purpose.DOCUMENT:
            run.tells(request)
            return await fetcher.fetch(request)
        with nullcontext() if run.keeps_silent else run.clock.held():
            return await fetcher.fetch(request)


@dataclass
class _Noted:
    """The port `Bus`: the real one, which is told what leaves."""

    bus: RabbitBus
    runs: dict[str, CaseRun]
    """By account."""

    async def send(self, call: Call, command: BusCommand) -> None:
        run = self.runs[call.account_id or ""]
        run.leaves(call.call_id, command)
        try:
            await self.bus.send(call, command)
        except BusError:
            run.sent.remove(command)
            run.arrives(command)
            raise

    async def bind(self, call_id: str, receive: Receiver) -> None:
        await self.bus.bind(call_id, receive)

    async def unbind(self, call_id: str, receive: Receiver) -> None:
        await self.bus.unbind(call_id, receive)


def is_short(case: Case) -> bool:
    """Whether a case can be run here; those about HTTP itself last seconds."""
    return case.id in OVER_HTTP or timed_on_engine(case)[1] <= LIMIT_S


async def run_over_rabbit(
    amqp_url: str, cases: Sequence[Case], behaviour: SwitchBehaviour = DOCUMENTED
) -> Outcome:
    """Run these cases on such a switch; `amqp_url` is an empty virtual host."""
    snapshots, speech = Snapshots(), FakeSpeech()
    runs: dict[str, CaseRun] = {}
    by_name: dict[str, CaseRun] = {}
    async with AsyncExitStack() as rooms:
        port = await rooms.enter_async_context(_serve(by_name))
        names = await rooms.enter_async_context(dns_server())
        for case in cases:
            run = CaseRun(case, port, snapshots, speech)
            runs[run.account_id] = run
            by_name[case.id] = run
            if run.refuses_first:  # nobody listens at the first address
                names.says[run.addresses.host("app.test")] = [Says(("127.0.0.2",)), Says(("127.0.0.1",))]
        settings = replace(settings_for_cases(), nameservers=(names.endpoint,))
        usual = await rooms.enter_async_context(open_fetcher(settings))
        slow = await rooms.enter_async_context(open_fetcher(replace(settings, retry_delay_s=2.5)))
        link = await rooms.enter_async_context(open_link(amqp_url))
        kazoo = SimulatedKazoo(link, "cases", behaviour=behaviour)
        await kazoo.start()
        rooms.push_async_callback(kazoo.stop)
        real = await rooms.enter_async_context(
            open_bus(BusSettings(url=amqp_url), node="pivot@cases", messages=True)
        )
        rules, meetings = rules_for_cases(), LocalMeetings(time.time)
        fetcher = _Asking(runs, usual, slow)
        world = World(
            _Noted(real, runs), fetcher, snapshots, lambda: BEGAN_AT + 0.5, meetings, FakePhones(), speech
        )
        callers = {run.account_id: Callers(run, kazoo, world, meetings) for run in runs.values()}

        def watch(request: PivotRequest, delivery: Delivery) -> tuple[Observer, ...]:
            return callers[request.call.account_id or ""].watch(request.call.call_id)

        worker = Worker(world, lambda: rules, watch)
        await real.consume(worker.take)
        for each in callers.values():
            await each.begin()
            await asyncio.sleep(_SPREAD_S / len(callers))
        longest_s = max(run.case.lasts_s for run in runs.values())
        stuck = await worker.drain(longest_s + _PATIENCE_S)
        for each in callers.values():
            await each.go()
    return Outcome(
        {run.case.id: run.everything() for run in runs.values()},
        stuck,
        [f"{each.exchange} {each.routing_key} {each.body.decode()}" for each in kazoo.strays],
        [text for run in runs.values() for text in run.unheard(kazoo.files)],
    )


def _date_of_the_cases() -> float:
    """When every call begins, in the middle of the second: dates that are told are counted on from there."""
    return BEGAN_AT + 0.5


@asynccontextmanager
async def _serve(by_name: dict[str, CaseRun]) -> AsyncIterator[int]:
    """The servers of all cases, told apart by the first part of their names."""

    async def answer(request: web.BaseRequest) -> web.Response:
        return await by_name[request.host.partition(".")[0]].door.answer(request)

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
