"""A Dial ends and its action is told, whatever single event of it is lost, and when both its ends are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.model.commands import End
from pivot.model.dialling import LegReady, LegsBridged, LegsParted
from pivot.model.events import ChannelDestroyed, ChannelFound, Event, Executed, Requested
from pivot.model.fetch import Answer, FetchRequest
from pivot.session.session import Session
from pivot.session.world import World
from pivot.sim.behaviour import MEASURED
from pivot.sim.caller import follow_script
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeBus, FakeDelivery, FakeFetcher, FakeOwnership, FakePhones
from pivot.sim.switch import SimulatedSwitch
from tests.calls import CALL_ID, pivot_request, twiml
from tests.rules import RULES

ANSWER = {"t": 5.0, "do": "leg", "event": "answer"}
HANG_UP = {"t": 32.0, "do": "leg", "event": "hangup"}
DIALS = {
    "sip": "<Dial action='/d'><Sip>sip:a@example.com</Sip></Dial>",
    "two": "<Dial action='/d'><Sip>sip:a@example.com</Sip><Sip>sip:b@example.com</Sip></Dial>",
    "answered before": "<Say>one</Say><Dial action='/d'><Sip>sip:a@example.com</Sip></Dial>",
    "carrier": "<Dial action='/d'>+15550009999</Dial>",
    "apart": "<Dial action='/d'><Number url='/whisper'>+15550009999</Number></Dial>",
}
MOST_S = 300.0
"""Far below the `timeLimit` of 4 hours: a caller who hears nothing so long has hung up."""


class Scene:
    """A caller dials on a simulated switch; `loses` tells which of its events are lost, by number."""

    def __init__(self, document: str, loses: Callable[[int, Event], bool]) -> None:
        self.document = document
        self.loses = loses
        self.told: list[Event] = []
        self.lost: list[Event] = []
        self.actions: list[dict[str, str]] = []

    def run(self, *script: dict[str, Any]) -> tuple[End, float]:
        async def live() -> tuple[End, float]:
            loop = asyncio.get_running_loop()
            switch: SimulatedSwitch
            bus = FakeBus(lambda call, command: switch.perform(CALL_ID, command))  # type: ignore[arg-type]

            def tell(leg: str, event: Event) -> None:
                if not isinstance(event, ChannelFound):
                    self.told.append(event)
                    if self.loses(len(self.told), event):
                        self.lost.append(event)
                        return
                bus.deliver(leg, event)

            switch = SimulatedSwitch(loop, tell, behaviour=MEASURED)
            switch.ring(CALL_ID)
            follow_script(script, switch, CALL_ID, loop)
            world = World(bus, FakeFetcher(self._reply, 0.1), FakeOwnership(), loop.time, phones=FakePhones())
            machine = CallMachine(CallState(pivot_request(), "s"), RULES)
            session = Session(machine, FakeDelivery(machine.state.request), world)
            session.post(Requested(10.0))
            async with asyncio.timeout(20_000.0):
                return await session.run(), loop.time()

        return run_virtually(live())

    def _reply(self, request: FetchRequest) -> Answer:
        if "/whisper" in request.url:
            return twiml("<Say>hello</Say>")
        if request.iteration == 1:
            return twiml(self.document)
        self.actions.append(dict(request.parameters))
        return twiml("<Say>bye</Say>")


def is_number(lost: int, number: int, event: Event) -> bool:
    return number == lost


def nothing(number: int, event: Event) -> bool:
    return False


@pytest.mark.parametrize("kind", DIALS)
def test_a_dial_ends_whichever_single_event_is_lost(kind: str) -> None:
    """And a talk that was is told as one; only a leg whose `originate_resp` is lost cannot be joined.

    Measured: a broker that loses the first events of a leg, and a talk of 4 hours because of one.
    """
    whole = Scene(DIALS[kind], nothing)
    whole.run(ANSWER, HANG_UP)
    assert [each["DialCallStatus"] for each in whole.actions] == ["completed"]

    for lost in range(1, len(whole.told) + 1):
        scene = Scene(DIALS[kind], partial(is_number, lost))
        _, at_s = scene.run(ANSWER, HANG_UP)
        assert at_s < MOST_S, scene.lost
        assert len(scene.actions) == 1, scene.lost
        if not isinstance(scene.lost[0], LegReady | Executed):
            assert scene.actions[0].get("DialBridged") == "true", scene.lost


def is_end_of_talk(number: int, event: Event) -> bool:
    """Whatever tells that the two do not hear each other any more."""
    match event:
        case LegsParted() | Executed(application="bridge"):
            return True
        case ChannelDestroyed(call_id):
            return call_id != CALL_ID
    return type(event).__name__ == "CarrierDone"


@pytest.mark.parametrize("kind", DIALS)
def test_a_talk_whose_ends_are_all_lost_is_found_out(kind: str) -> None:
    """A connection to the broker that broke for a second: the caller heard nothing up to `timeLimit`."""
    scene = Scene(DIALS[kind], is_end_of_talk)

    _, at_s = scene.run(ANSWER, HANG_UP)

    assert at_s < MOST_S
    assert [each["DialCallStatus"] for each in scene.actions] == ["completed"]


@pytest.mark.parametrize("kind", DIALS)
def test_a_long_quiet_talk_goes_on(kind: str) -> None:
    """Asking after it ends nothing."""
    scene = Scene(DIALS[kind], nothing)

    _, at_s = scene.run(ANSWER, {**HANG_UP, "t": 3_600.0})

    assert 3_600.0 < at_s < 3_610.0
    assert sum(isinstance(event, LegsBridged) for event in scene.told) == 1
