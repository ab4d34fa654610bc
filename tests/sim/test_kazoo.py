"""The simulated cluster hears what a real one would, through the bytes of the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pivot.model.commands import HandOverFlow, SayFailed, SayProcessing
from pivot.model.fetch import Answer, FetchRequest
from pivot.model.switch import SpeakText
from pivot.session.session import World
from pivot.session.worker import Worker
from pivot.sim.broker import MemoryBroker
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeFetcher, FakeOwnership
from pivot.sim.kazoo import SimulatedCall, SimulatedKazoo
from pivot.sim.link import Arrived
from pivot.sim.memory_bus import MemoryBus
from pivot.wire.envelope import Message
from pivot.wire.names import Exchange
from tests.calls import VOICE_URL, answer, twiml
from tests.rules import RULES


async def one_call(
    reply: Answer | Callable[[FetchRequest], Answer],
    with_worker: bool = True,
    script: Sequence[Mapping[str, Any]] = (),
) -> SimulatedCall:
    """A call on a bus in memory, until callflow knows what to do."""
    broker = MemoryBroker()
    kazoo = SimulatedKazoo(broker)
    await kazoo.start()
    if with_worker:
        bus = MemoryBus(broker, "pivot@test")

        def handler(request: FetchRequest) -> Answer:
            return reply if isinstance(reply, Answer) else reply(request)

        world = World(
            bus,
            FakeFetcher(handler),
            FakeOwnership(),
            now=lambda: asyncio.get_running_loop().time(),
        )
        await bus.consume(Worker(world, lambda: RULES).take)
    call = await kazoo.place_call(VOICE_URL, script=script, Request_Format="kazoo")
    await call.over
    await kazoo.stop()
    assert kazoo.strays == []
    return call


def test_a_flow_reaches_callflow_after_processing() -> None:
    """The whole main job, with nothing real but the code."""
    call = run_virtually(one_call(answer('{"module":"hangup"}')))

    assert [item.command for item in call.heard] == [
        SayProcessing(),
        HandOverFlow('{"module":"hangup","data":{}}'),
    ]
    assert call.over.result() == "flow"


def test_a_caller_listens_to_two_documents() -> None:
    """Every command and event of the switch goes over the wire and back; then the caller hangs up."""

    def reply(request: FetchRequest) -> Answer:
        if request.iteration == 1:
            return twiml("<Say>One</Say><Redirect>/two</Redirect>")
        return twiml("<Say loop='9'>Two</Say>")

    call = run_virtually(one_call(reply, script=[{"t": 7.0, "do": "hangup"}]))

    spoken = [item.command.text for item in call.heard if isinstance(item.command, SpeakText)]
    assert (spoken, call.over.result()) == (["One", "Two", "Two", "Two"], "NORMAL_CLEARING")


def test_callflow_goes_on_at_failed() -> None:
    """At once, not after ten seconds."""
    call = run_virtually(one_call(answer("no", status=404)))

    assert [(item.at_s, item.command) for item in call.heard] == [(0.0, SayFailed())]


def test_callflow_gives_up_after_ten_seconds() -> None:
    """Without a worker the call goes on all the same."""
    call = run_virtually(one_call(answer(""), with_worker=False))

    assert (call.over.result(), call.heard) == ("silence", [])


def test_topics_match_as_a_broker_matches_them() -> None:
    """One word for a star, any number for a hash; a direct exchange takes keys as they are."""

    async def collect() -> dict[str, list[str]]:
        broker, got = MemoryBroker(), dict[str, list[str]]()

        def listener(key: str) -> None:
            got[key] = []

        for exchange, key in [
            (Exchange.CALLEVT, "call.*.a%40b"),
            (Exchange.CALLEVT, "call.#"),
            (Exchange.TARGETED, "call.X.a%40b"),
            (Exchange.CALLEVT, "call.DTMF.c"),
        ]:
            name = f"{exchange.value} {key}"
            listener(name)

            def arrived(message: Arrived, name: str = name) -> None:
                got[name].append(message.routing_key)

            await broker.listen(exchange, key, arrived)
        assert await broker.publish(Message(Exchange.CALLEVT, "call.X.a%40b", b"{}", "m"))
        assert not await broker.publish(Message(Exchange.CALLCTL, "nobody", b"{}", "m"))
        await asyncio.sleep(0)
        return got

    assert run_virtually(collect()) == {
        "callevt call.*.a%40b": ["call.X.a%40b"],
        "callevt call.#": ["call.X.a%40b"],
        "targeted call.X.a%40b": [],
        "callevt call.DTMF.c": [],
    }
