"""Many calls side by side: each in its own boundary, all of them ended in order."""

from __future__ import annotations

import asyncio

import pytest

from pivot.execute.machine import CallMachine
from pivot.model.codes import Code, Outcome
from pivot.model.commands import Command, End, HandOverFlow, SayFailed, SayProcessing
from pivot.model.events import Event
from pivot.model.fetch import Answer, FetchRequest
from pivot.model.notes import Moment, Note
from pivot.session.ports import Observer
from pivot.session.worker import Limits, Worker
from pivot.session.world import World
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeBus, FakeDelivery, FakeFetcher, FakeOwnership
from tests.calls import answer, call, pivot_request
from tests.rules import RULES

FLOW = '{"module":"hangup","data":{}}'


def delivery(number: int, age_s: float = 0.0) -> FakeDelivery:
    return FakeDelivery(pivot_request(call=call(call_id=f"call-{number}")), age_s)


class Seen:
    """Remembers how calls ended; an observer."""

    def __init__(self) -> None:
        self.ends: list[End] = []

    def saw(self, moment: Moment, at_s: float) -> None:
        if isinstance(moment, End):
            self.ends.append(moment)


class Floor:
    """A worker whose customers' servers take `delay_s`."""

    def __init__(
        self, delay_s: float = 0.0, limits: Limits | None = None, observers: tuple[Observer, ...] = ()
    ) -> None:
        self.bus = FakeBus()
        fetcher = FakeFetcher(self._reply, delay_s)
        world = World(self.bus, fetcher, FakeOwnership(), now=lambda: asyncio.get_running_loop().time())
        self.worker = Worker(world, lambda: RULES, lambda request, delivery: observers, limits or Limits())

    @staticmethod
    def _reply(request: FetchRequest) -> Answer:
        return answer(FLOW)


def test_a_thousand_calls_run_side_by_side() -> None:
    """Their servers' seconds do not add up."""

    async def live() -> tuple[Floor, float]:
        floor = Floor(delay_s=2.0)
        for number in range(1000):
            floor.worker.take(delivery(number))
        assert floor.worker.calls == 1000
        assert await floor.worker.drain(5.0) == 0
        return floor, asyncio.get_running_loop().time()

    floor, at_s = run_virtually(live())

    assert at_s == 2.0
    assert len(floor.bus.sent) == 2000
    assert floor.worker.calls == 0


def test_a_full_worker_refuses_in_time() -> None:
    """callflow is told at once, and goes on; the figures count it like any other end."""
    seen = Seen()

    async def live() -> tuple[Floor, list[FakeDelivery]]:
        floor = Floor(delay_s=1.0, limits=Limits(max_calls=1), observers=(seen,))
        deliveries = [delivery(1), delivery(2)]
        for one in deliveries:
            floor.worker.take(one)
        await floor.worker.drain(5.0)
        return floor, deliveries

    floor, deliveries = run_virtually(live())

    assert floor.bus.sent[0] == ("call-2", SayFailed())
    assert [command for _, command in floor.bus.sent[1:]] == [SayProcessing(), HandOverFlow(FLOW)]
    assert [one.acknowledged for one in deliveries] == [1, 1]
    assert [end.code for end in seen.ends] == [Code.WORKER_OVERLOADED, None]


def test_a_worker_refuses_what_it_could_not_answer_in_time() -> None:
    """Of a burst, callers beyond what one process can serve hear from callflow at once."""

    async def live() -> Floor:
        floor = Floor(delay_s=1.0, limits=Limits(max_asking=2))
        for number in range(3):
            floor.worker.take(delivery(number))
        await floor.worker.drain(5.0)
        floor.worker.take(delivery(3))
        await floor.worker.drain(5.0)
        return floor

    floor = run_virtually(live())

    assert [call_id for call_id, command in floor.bus.sent if command == SayFailed()] == ["call-2"]
    assert {call_id for call_id, command in floor.bus.sent if command == HandOverFlow(FLOW)} == {
        "call-0",
        "call-1",
        "call-3",
    }


def test_what_cannot_end_in_time_is_given_back() -> None:
    """A worker that stops leaves its unanswered requests to the others."""

    async def live() -> tuple[int, Floor, FakeDelivery, float]:
        floor, one = Floor(delay_s=8.0), delivery(1)
        floor.worker.take(one)
        left = await floor.worker.drain(2.0)
        return left, floor, one, asyncio.get_running_loop().time()

    left, floor, one, at_s = run_virtually(live())

    assert (left, floor.bus.sent, one.acknowledged, floor.worker.calls) == (1, [], 0, 0)
    assert at_s == 2.0


def test_one_calls_crash_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody else's call goes on, and callflow hears `failed` for this one."""
    seen = Seen()

    class Crashing(CallMachine):
        def receive(self, event: Event, at_s: float) -> list[Command | Note]:
            raise RuntimeError("a fault of ours")

        abandon = receive  # type: ignore[assignment]  # not even the way out works

    async def live() -> Floor:
        floor = Floor(observers=(seen,))
        with monkeypatch.context() as patched:
            patched.setattr("pivot.session.worker.CallMachine", Crashing)
            floor.worker.take(FakeDelivery(pivot_request(call=call(call_id="broken"))))
        floor.worker.take(delivery(2))
        await floor.worker.drain(5.0)
        return floor

    floor = run_virtually(live())

    assert ("broken", SayFailed()) in floor.bus.sent
    assert ("call-2", HandOverFlow(FLOW)) in floor.bus.sent
    assert [(end.outcome, end.code) for end in seen.ends] == [
        (Outcome.BRANCHED, Code.WORKER_CRASH),
        (Outcome.OK, None),
    ]


def test_a_lost_refusal_is_no_crash() -> None:
    """callflow's own ten seconds remain."""

    async def live() -> int:
        floor = Floor(limits=Limits(max_calls=0))
        lost = delivery(1)
        lost.lost = True
        floor.worker.take(lost)
        await asyncio.sleep(0)
        return await floor.worker.drain(1.0)

    assert run_virtually(live()) == 0
