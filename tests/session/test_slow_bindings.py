"""A broker that is busy with other applications' queues stands in no call's way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress

import pytest

from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.model.call import Call
from pivot.model.codes import Code, Outcome
from pivot.model.commands import BusCommand, End, SayProcessing
from pivot.model.dialling import BridgeTo, LegsBridged, LegsParted
from pivot.model.events import ChannelAnswered, ChannelDestroyed, ChannelFound, Event, Executed, Requested
from pivot.model.fetch import Answer, FetchRequest
from pivot.model.notes import Moment
from pivot.model.switch import AskChannel, AskIdle, Hangup, SpeakText
from pivot.session.listening import BIND_WAIT_S
from pivot.session.ports import Receiver
from pivot.session.session import Session
from pivot.session.world import World
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeBus, FakeDelivery, FakeFetcher, FakeOwnership
from tests.calls import CALL_ID, pivot_request, twiml
from tests.rules import RULES

DIAL = "<Dial timeLimit='3' action='/d'><Sip>sip:a@example.com</Sip><Sip>sip:b@example.com</Sip></Dial>"


class BusyBus(FakeBus):
    """Needs long to bind and to unbind, and loses the first bindings; notes when what was sent."""

    def __init__(self, takes_s: float, losses: int = 0) -> None:
        super().__init__(self._switch)
        self.takes_s = takes_s
        self.losses = losses
        self.log: list[tuple[float, str]] = []
        self.alive = True
        self.parties: list[str] = []
        self.idle: list[str] = []
        """Of each `noop` that waits behind the bridge: its Msg-ID."""

    async def bind(self, call_id: str, receive: Receiver) -> None:
        await asyncio.sleep(self.takes_s)
        if self.losses:
            self.losses -= 1
            self.refuse_binding = Code.BUS_LOST
        try:
            await super().bind(call_id, receive)
        finally:
            self.refuse_binding = None

    async def unbind(self, call_id: str, receive: Receiver) -> None:
        await super().unbind(call_id, receive)
        await asyncio.sleep(self.takes_s)

    def at_s(self, kind: type[BusCommand]) -> float:
        """When the first command of this kind was sent."""
        return next(at_s for at_s, name in self.log if name == kind.__name__)

    def _switch(self, call: Call, command: BusCommand) -> None:
        loop = asyncio.get_running_loop()
        self.log.append((loop.time(), type(command).__name__))

        def soon(after_s: float, *events: Event) -> None:
            for event in events:
                leg = event.call_id if isinstance(event, ChannelAnswered | ChannelDestroyed) else CALL_ID
                loop.call_later(after_s, self.deliver, leg, event)

        match command:
            case SpeakText(noop_id=noop_id):
                soon(2.0, Executed(CALL_ID, "noop", noop_id))
            case BridgeTo(endpoints=endpoints):
                self.parties = [each.call_id for each in endpoints]
                soon(0.5, *self._answer())
            case Hangup(leg=None):
                soon(0.1, ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
            case Hangup():
                soon(0.1, *self._end_bridge())
            case AskIdle(msg_id) if self.parties:
                self.idle.append(msg_id)
            case AskIdle(msg_id):
                soon(0.05, Executed(CALL_ID, "noop", msg_id))
            case AskChannel(leg=leg) if self.alive and leg in (None, CALL_ID, *self.parties):
                soon(0.1, ChannelFound(leg or CALL_ID))

    def _answer(self) -> list[Event]:
        """The first party picks up, which answers the caller; the others are given up.

        What the party's own leg tells of it comes before its binding stands, and is lost.
        """
        first, *others = self.parties
        self.parties = [first]
        gone = (ChannelDestroyed(leg, "LOSE_RACE") for leg in others)
        return [ChannelAnswered(CALL_ID), LegsBridged(CALL_ID, first), *gone]

    def _end_bridge(self) -> list[Event]:
        """As the switch tells it: the bridge, the party's channel, then what waits behind the bridge."""
        gone = [ChannelDestroyed(leg, "NORMAL_CLEARING") for leg in self.parties]
        waiting = [Executed(CALL_ID, "noop", msg_id) for msg_id in self.idle]
        self.parties, self.idle = [], []
        return [LegsParted(CALL_ID), Executed(CALL_ID, "bridge", "NORMAL_CLEARING"), *gone, *waiting]


class Scene:
    """A call on a busy broker."""

    def __init__(self, bus: BusyBus, first: str, then: str = "<Say>Bye</Say>") -> None:
        self.bus = bus
        self.asked_at_s: list[float] = []
        self.delivery = FakeDelivery(pivot_request())
        self.first, self.then = first, then
        self.world = World(
            bus,
            FakeFetcher(self._reply, delay_s=0.1),
            FakeOwnership(),
            now=lambda: asyncio.get_running_loop().time(),
        )

    def _reply(self, request: FetchRequest) -> Answer:
        self.asked_at_s.append(asyncio.get_running_loop().time() - 0.1)
        return twiml(self.first if request.iteration == 1 else self.then)

    def begin(self, *observers: object) -> Session:
        machine = CallMachine(CallState(self.delivery.request, "s"), RULES)
        session = Session(machine, self.delivery, self.world, observers)  # type: ignore[arg-type]
        session.post(Requested(10.0))
        return session

    def run(self) -> tuple[End, float]:
        async def live() -> tuple[End, float]:
            return await self.begin().run(), asyncio.get_running_loop().time()

        return run_virtually(live())


@pytest.mark.parametrize("takes_s", [0.003, 0.5, 4.0])
def test_processing_is_said_in_time(takes_s: float) -> None:
    """Measured: a binding of 5.5 s before `processing`, and calls that ended because one took 10 s."""
    bus = BusyBus(takes_s)

    end, _ = Scene(bus, "<Say>Hello</Say>").run()

    assert end == End(Outcome.OK)
    assert bus.at_s(SayProcessing) == pytest.approx(0.1 + min(takes_s, BIND_WAIT_S))
    assert bus.at_s(SpeakText) == bus.at_s(SayProcessing)


def test_what_was_missed_is_asked_for() -> None:
    """The end of the sound came before the binding stood: the caller hears the next verb all the same."""
    bus = BusyBus(4.0)

    end, _ = Scene(bus, "<Say>Hello</Say><Say>World</Say>").run()

    assert end == End(Outcome.OK)
    assert bus.at_s(AskChannel) == pytest.approx(4.1)


def test_a_hang_up_that_was_missed_is_found_in_seconds() -> None:
    """Nobody may own a call for ever whose caller left in the wrong second."""
    bus = BusyBus(3.0)
    bus.alive = False

    end, at_s = Scene(bus, "<Gather timeout='3600'/>").run()

    assert (end.outcome, end.code) == (Outcome.GONE, Code.CALL_GONE)
    assert at_s == pytest.approx(3.1 + RULES.watch_tries * RULES.watch_answer_s)


def test_nothing_of_a_dial_waits_for_its_bindings() -> None:
    """Two parties wait together, the limit of time is kept, and the action is asked for at once."""
    bus = BusyBus(10.0)
    bus.takes_s = 0.0
    scene = Scene(bus, DIAL)

    async def live() -> End:
        session = scene.begin()
        asyncio.get_running_loop().call_later(0.05, setattr, bus, "takes_s", 10.0)
        bus.deliver(CALL_ID, ChannelFound(CALL_ID))
        running = asyncio.create_task(session.run())
        await asyncio.sleep(0)
        return await running

    run_virtually(live())

    bridged_s = bus.at_s(BridgeTo)
    assert bridged_s == pytest.approx(0.1 + 2 * BIND_WAIT_S)  # of the caller's leg, and of both parties
    assert len(scene.asked_at_s) == 2


def test_the_end_of_a_dial_waits_for_no_unbinding() -> None:
    """Measured: 9.9 s of silence between `timeLimit` and the action, for one unbinding."""
    bus = BusyBus(0.0)
    scene = Scene(bus, DIAL)

    async def live() -> tuple[End, float]:
        session = scene.begin()
        loop = asyncio.get_running_loop()
        loop.call_later(2.0, setattr, bus, "takes_s", 10.0)
        return await session.run(), loop.time()

    end, at_s = run_virtually(live())

    assert end == End(Outcome.OK)
    assert scene.asked_at_s == pytest.approx([0.0, 0.1 + 0.5 + 3.0 + 0.1])
    assert at_s < 7.0


def test_a_binding_that_fails_late_is_tried_again() -> None:
    """The call goes on meanwhile, and hears its events in the end."""
    bus = BusyBus(0.5, losses=2)

    end, _ = Scene(bus, "<Say>Hello</Say><Say>World</Say>").run()

    assert end == End(Outcome.OK)
    assert [name for _, name in bus.log].count("SpeakText") == 2


class Killed(BaseException):
    """The worker's process ends here."""


class Killer:
    """Writes the call down at the n-th moment it sees, and then kills it."""

    def __init__(self, at: int) -> None:
        self.countdown = at
        self.session: Session | None = None
        self.snapshot = ""

    def saw(self, moment: Moment, at_s: float) -> None:
        self.countdown -= 1
        if self.countdown == 0 and self.session is not None:
            self.snapshot = json.dumps(self.session.snapshot())
            raise Killed


HELLO = "<Say>Hello</Say><Say>World</Say>"


@pytest.mark.parametrize("document", [HELLO, DIAL], ids=["Say", "Dial"])
@pytest.mark.parametrize("takes_s", [0.003, 1.5])
def test_a_call_on_a_busy_broker_goes_on_wherever_its_worker_died(takes_s: float, document: str) -> None:
    """Legs that were not listened to yet are so by the next worker, and what was told meanwhile is not lost.

    Measured: a Dial whose CHANNEL_ANSWER came while its worker was replaced went on for ever.
    """
    expected, _ = Scene(BusyBus(takes_s), document).run()

    async def live_twice(scene: Scene, kill_at: int) -> End:
        killer = Killer(kill_at)
        session = killer.session = scene.begin(killer)
        with suppress(Killed):
            return await session.run()
        return await Session.rebuild(json.loads(killer.snapshot), RULES, scene.delivery, scene.world).run()

    for kill_at in range(1, 60):
        scene = Scene(BusyBus(takes_s), document)
        assert run_virtually(_bounded(live_twice(scene, kill_at))) == expected, kill_at
        assert scene.bus.bound == (), kill_at


async def _bounded(call: Coroutine[None, None, End]) -> End:
    """A call that would never end fails the test on virtual time."""
    async with asyncio.timeout(600.0):
        return await call
