"""Notices of one series leave one after the other; the others do not wait for them."""

from __future__ import annotations

import asyncio

from pivot.model.call import Method
from pivot.model.commands import Notify
from pivot.model.events import Event, Notified
from pivot.model.fetch import Answer, FetchRequest, Purpose
from pivot.session.background import BackgroundTasks
from pivot.session.notice_order import NoticeOrder
from pivot.session.world import World
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeBus, FakeOwnership
from tests.calls import answer, call
from tests.rules import RULES


class SlowServer:
    """The first request takes longest; tells the order in which requests begin and end."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def fetch(self, request: FetchRequest) -> Answer:
        self.seen.append(f"{request.fetch_id} begins")
        await asyncio.sleep({"1": 3.0, "2": 2.0}.get(request.fetch_id, 1.0))
        self.seen.append(f"{request.fetch_id} ends")
        return answer("")


def notice(fetch_id: str, series: str = "") -> Notify:
    request = FetchRequest(
        fetch_id, "http://127.0.0.1/", Method.POST, deadline_s=10.0, purpose=Purpose.CALLBACK
    )
    return Notify(request, series)


def test_a_slow_answer_is_not_overtaken_by_the_next_notice_of_its_series() -> None:
    """Also by another call's: two members of one conference tell of it in turn."""

    async def live() -> tuple[list[str], int]:
        server, order = SlowServer(), NoticeOrder()
        world = World(FakeBus(), server, FakeOwnership(), lambda: 0.0, notice_order=order)

        def hear(event: Event) -> None:
            assert isinstance(event, Notified)

        first, second = (BackgroundTasks(call(call_id=each), world, RULES, hear) for each in "ab")
        first.notify(notice("1", "conference"), hear)
        first.notify(notice("2", "conference"), hear)
        second.notify(notice("3", "conference"), hear)
        second.notify(notice("4"), hear)
        await first.stop()
        await second.stop()
        return server.seen, order.series

    seen, left = run_virtually(live())

    assert [each for each in seen if not each.startswith("4")] == [
        "1 begins",
        "1 ends",
        "2 begins",
        "2 ends",
        "3 begins",
        "3 ends",
    ]
    assert seen[1:3] == ["4 begins", "4 ends"]
    assert left == 0
