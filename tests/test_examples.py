"""The examples do what they say, on the real engine and over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web

from examples import call_centre
from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.fetch.fetcher import open_fetcher
from pivot.fetch.settings import FetchSettings
from pivot.meeting.local import LocalMeetings
from pivot.model.call import Call
from pivot.model.commands import BusCommand, HandOverFlow, SayFailed, SayProcessing
from pivot.model.events import Requested
from pivot.session.session import Session
from pivot.session.world import World
from pivot.sim.fakes import FakeBus, FakeDelivery, FakeOwnership
from pivot.sim.leg import Observed
from pivot.sim.switch import SimulatedSwitch
from tests.calls import pivot_request
from tests.conformance.over_http import FastClock
from tests.rules import RULES

_SOON_S = 10.0


@dataclass
class Exchange:
    """A switch in fast motion and the calls on it."""

    url: str
    world: World
    switch: SimulatedSwitch
    heard: list[tuple[str, str]] = field(default_factory=list)
    """Who heard what, and who was joined with whom."""
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)
    tasks: list[asyncio.Task[object]] = field(default_factory=list)

    def call(self, call_id: str, path: str, profile: str) -> None:
        """Somebody calls."""
        self.switch.add_leg(call_id, call_id)
        request = pivot_request(voice_uri=self.url + path)
        request = replace(request, call=replace(request.call, call_id=call_id))
        machine = CallMachine(CallState(request, seed=call_id), replace(RULES, profile=profile))
        session = Session(machine, FakeDelivery(request), self.world)
        session.post(Requested(10.0))
        self.tasks.append(asyncio.create_task(session.run()))

    async def until(self, who: str, text: str) -> None:
        """Somebody has heard this."""
        async with asyncio.timeout(_SOON_S), self.moved:
            await self.moved.wait_for(lambda: any(w == who and text in said for w, said in self.heard))

    def notice(self, observed: Observed) -> None:
        details = observed.details
        if observed.op in ("say", "bridge"):
            what = details.get("text") or f"joined with {details.get('target')}"
            self.heard.append((str(details.get("leg", "")), str(what)))
            self.tasks.append(asyncio.create_task(self._tell()))

    async def _tell(self) -> None:
        async with self.moved:
            self.moved.notify_all()


@asynccontextmanager
async def exchange(app: web.Application) -> AsyncIterator[Exchange]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    loop = asyncio.get_running_loop()

    def perform(call: Call, command: BusCommand) -> None:
        if not isinstance(command, SayFailed | SayProcessing | HandOverFlow):
            there.switch.perform(call.call_id, command)

    bus = FakeBus(perform)
    async with open_fetcher(FetchSettings(egress="loopback")) as fetcher:
        world = World(bus, fetcher, FakeOwnership(), loop.time, LocalMeetings(loop.time))
        switch = SimulatedSwitch(FastClock(loop), bus.deliver, lambda observed: there.notice(observed))
        there = Exchange(url, world, switch)
        try:
            yield there
        finally:
            for task in there.tasks:
                task.cancel()
            await asyncio.gather(*there.tasks, return_exceptions=True)
            await runner.cleanup()


@pytest.mark.parametrize("profile", ["kazoo", "twilio"])
async def test_the_call_centre_joins_a_caller_with_an_agent_and_asks_how_it_was(profile: str) -> None:
    """The caller hears its place, then an announcement, talks, and is still there after the agent's star."""
    async with exchange(call_centre.make_app()) as there:
        there.call("caller", "/support", profile)
        await there.until("caller", "You are next.")
        there.call("agent", "/agent", profile)
        await there.until("caller", "You are being connected")
        await there.until("", "joined with queue:support")

        there.switch.legs["agent"].press("*")
        await there.until("agent", "Next caller.")
        await there.until("caller", "How did we do?")
        there.switch.legs["caller"].press("5")
        await there.until("caller", "Thank you. Goodbye.")


async def test_a_caller_of_the_call_centre_may_be_called_back_instead() -> None:
    """A key while waiting leads out of the queue."""
    async with exchange(call_centre.make_app()) as there:
        there.call("caller", "/support", "twilio")
        await there.until("caller", "You are next.")

        there.switch.legs["caller"].press("1")

        await there.until("caller", "We will call you back.")
