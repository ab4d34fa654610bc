"""Whole calls of a whole worker over the simulated cluster, one after the other, with every way to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pivot.app.metrics import Metrics
from pivot.debug.recorder import Recorder
from pivot.debug.settings import DebugSettings
from pivot.model.call import PivotRequest
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from pivot.session.ports import Delivery, Observer
from pivot.session.worker import Limits, Worker
from pivot.session.world import World
from pivot.sim.broker import MemoryBroker
from pivot.sim.caller import follow_script
from pivot.sim.fakes import FakeFetcher, FakeOwnership, FakeSpeech
from pivot.sim.kazoo import SimulatedKazoo
from pivot.sim.memory_bus import MemoryBus
from tests.calls import VOICE_URL, answer, twiml
from tests.rules import RULES, RULES_WITH_PLUGIN

Reply = Callable[[FetchRequest], Answer | FetchFailure]
HANG_UP_SOON = ({"t": 1.0, "do": "hangup"},)


def always(reply: Answer | FetchFailure) -> Reply:
    return lambda request: reply


def broken(request: FetchRequest) -> Answer:
    raise RuntimeError("a fault of our own")


@dataclass(frozen=True)
class Way:
    """How calls begin and end."""

    reply: Reply
    script: Sequence[Mapping[str, Any]] = ()
    """What the caller does, from when pivot has taken the call."""
    at_first: Sequence[Mapping[str, Any]] = ()
    """And what from when callflow asks."""
    answers_after_s: float = 0.0
    limits: Limits = field(default_factory=Limits)
    speech: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


FLOW = answer('{"module":"play","data":{"id":"x"},"children":{"_":{"module":"hangup","data":{}}}}')
WAYS = {
    "a flow": Way(always(FLOW)),
    "a flow, with debug capture": Way(always(FLOW), options={"Debug": True}),
    "a flow, slowly": Way(always(FLOW), answers_after_s=3.0),
    "a flow, too late": Way(always(FLOW), answers_after_s=30.0),
    "no flow": Way(always(answer('{"module":"nonsense"}'))),
    "no JSON": Way(always(answer("{"))),
    "no XML": Way(always(answer("<Response><Say>", "text/xml"))),
    "nothing": Way(always(answer("", status=204))),
    "no such page": Way(always(answer("no", status=404))),
    "no server": Way(always(FetchFailure(Code.FETCH_REFUSED, "nobody listens"))),
    "a fetch that crashes": Way(broken),
    "TwiML that speaks and hangs up": Way(always(twiml("<Say>Hello</Say><Hangup/>"))),
    "TwiML, with debug capture and a CDR": Way(
        always(twiml("<Say>Hello</Say>")), options={"Debug": True, "CDR-URI": f"{VOICE_URL}/cdr"}
    ),
    "a caller who hangs up": Way(always(twiml("<Say loop='0'>Hello</Say>")), HANG_UP_SOON),
    "a caller who hangs up before the answer": Way(
        always(twiml("<Say>Hello</Say>")), at_first=HANG_UP_SOON, answers_after_s=5.0
    ),
    "a Gather": Way(
        always(twiml("<Gather numDigits='1' action='/next'><Say>Press one</Say></Gather>")),
        ({"t": 1.0, "do": "dtmf", "digits": "1"}, {"t": 4.0, "do": "hangup"}),
    ),
    "speech of a plug-in": Way(always(twiml("<Say voice='Polly.Amy'>Hello</Say>")), speech=True),
    "a worker that is full": Way(always(FLOW), limits=Limits(max_calls=0)),
}


@dataclass(frozen=True)
class Cluster:
    """A worker with all its observers, and who calls."""

    way: Way
    kazoo: SimulatedKazoo
    worker: Worker

    async def call(self, times: int) -> None:
        """One call after the other, each to its end."""
        options = {"Request_Format": "kazoo", **self.way.options}
        for _ in range(times):
            call = await self.kazoo.place_call(VOICE_URL, script=self.way.script, **options)
            follow_script(self.way.at_first, call.switch, call.call_id, call.switch.clock)
            await call.over
            await asyncio.sleep(1.0)
            await self.worker.until_idle()


@asynccontextmanager
async def cluster(way: Way) -> AsyncIterator[Cluster]:
    """Until the block ends."""
    broker, metrics = MemoryBroker(), Metrics()
    kazoo, bus = SimulatedKazoo(broker), MemoryBus(broker, "pivot@test")
    recorder = Recorder(DebugSettings(store="sqlite"), "pivot@test", lambda document: None)
    loop = asyncio.get_running_loop()

    def watch(request: PivotRequest, delivery: Delivery) -> tuple[Observer, ...]:
        return metrics, recorder.watch(request, loop.time())

    fetcher = FakeFetcher(way.reply, way.answers_after_s)
    world = World(bus, fetcher, FakeOwnership(), loop.time, speech=FakeSpeech())
    rules = RULES_WITH_PLUGIN if way.speech else RULES
    worker = Worker(world, lambda: rules, watch, way.limits)
    await kazoo.start()
    await bus.consume(worker.take)
    yield Cluster(way, kazoo, worker)
    await kazoo.stop()
