"""The simulated cluster hears what a real one would, through the bytes of the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pivot.meeting.local import LocalMeetings
from pivot.model.commands import HandOverFlow, SayFailed, SayProcessing
from pivot.model.fetch import Answer, FetchRequest
from pivot.model.rooms import room_id
from pivot.model.switch import SpeakText
from pivot.session.worker import Worker
from pivot.session.world import World
from pivot.sim.broker import MemoryBroker
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeFetcher, FakeOwnership
from pivot.sim.guests import Guests
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


def test_every_party_of_a_call_is_rung_told_and_heard() -> None:
    """Carriers, a bridge, a party apart with a document of its own, recordings: all by message."""
    documents = {
        1: "<Dial action='/2'>+15551230000</Dial>",
        2: "<Dial action='/3' record='record-from-answer'><Sip>sip:kate@example.com</Sip></Dial>",
        3: "<Dial action='/5'><Number url='/4'>+15551230001</Number></Dial>",
        4: "<Say>Whisper</Say>",
        5: "<Record maxLength='2' action='/6'/>",
        6: "<Say>Bye</Say>",
    }
    script = [
        {"t": 1.0, "do": "leg", "leg": 0, "event": "busy"},
        {"t": 2.0, "do": "leg", "leg": 1, "event": "answer"},
        {"t": 4.0, "do": "leg", "leg": 1, "event": "hangup"},
        {"t": 5.0, "do": "leg", "leg": 2, "event": "answer"},
        {"t": 9.0, "do": "leg", "leg": 2, "event": "hangup"},
    ]

    def reply(request: FetchRequest) -> Answer:
        path = request.url.rpartition("/")[2].partition("?")[0]
        return twiml(documents[int(path) if path.isdigit() else 1])

    call = run_virtually(one_call(reply, script=script))

    names = [type(item.command).__name__ for item in call.heard]
    assert names == [
        "SayProcessing",
        "AnswerCall",
        "SetNumber",
        "DialCarrier",
        "SetNumber",
        "BridgeTo",
        "StartRecording",
        "StopRecording",
        "SetNumber",
        "CallApart",
        "RingBack",
        "SpeakText",
        "StopMedia",
        "JoinLeg",
        "StopMedia",
        "Beep",
        "RecordLeg",
        "SpeakText",
        "Hangup",
    ]
    assert call.over.result() == "NORMAL_CLEARING"


def test_a_conference_is_joined_and_left_by_message() -> None:
    """Alone in it the caller hears music; who comes starts it, and its end is the next verb's turn."""

    def reply(request: FetchRequest) -> Answer:
        return twiml("<Dial><Conference beep='false'>Room</Conference></Dial><Say>Bye</Say>")

    async def live() -> list[str]:
        broker = MemoryBroker()
        kazoo, bus = SimulatedKazoo(broker), MemoryBus(broker, "pivot@test")
        loop = asyncio.get_running_loop()
        meetings = LocalMeetings(loop.time)
        world = World(bus, FakeFetcher(reply), FakeOwnership(), loop.time, meetings)
        await kazoo.start()
        await bus.consume(Worker(world, lambda: RULES).take)
        call = await kazoo.place_call(VOICE_URL, Request_Format="twiml")
        guests = Guests(meetings.rooms, room_id(call.account_id, "Room"))
        comes, ends = {"t": 2.0, "do": "conf", "event": "join"}, {"t": 5.0, "do": "conf", "event": "end"}
        guests.follow([comes, ends], loop)
        await call.over
        await kazoo.stop()
        assert kazoo.strays == []
        return [type(item.command).__name__ for item in call.heard]

    assert run_virtually(live()) == [
        "SayProcessing",
        "AnswerCall",
        "HoldMusic",
        "StopMedia",
        "JoinConference",
        "LeaveConference",
        "SpeakText",
        "Hangup",
    ]
