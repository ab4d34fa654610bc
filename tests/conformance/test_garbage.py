"""No call leaves objects that hold each other; the garbage collector (it stops all calls) finds none."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from pivot.session.world import World
from pivot.sim.clock import run_virtually
from tests.conformance import engine
from tests.conformance.cases import Case, Item
from tests.conformance.servers import CaseFetcher, Servers
from tests.conformance.test_engine import CASES
from tests.garbage import collector_off, garbage

_LATER_S = 30.0
"""Notices and bindings of a call that is over have ended by then."""


@pytest.fixture
def scenes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[World]]:
    """Every world of a case: switch, queues and bystanders hold each other and are no part of a call."""
    made: list[World] = []

    def world(*ports: object) -> World:
        made.append(World(*ports))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(engine, "World", world)
    with collector_off():
        yield made


def left_by(case: Case, scenes: list[World]) -> Counter[str]:
    """What a case's calls leave while the scene still stands."""
    servers, seen = Servers(case), list[Item]()
    fetcher = CaseFetcher(servers, seen)

    async def live() -> Counter[str]:
        loop = asyncio.get_running_loop()
        request = engine.request_for(case)
        await engine.live_call(case, request, seen, fetcher, servers.sound_of, loop)
        await asyncio.sleep(_LATER_S)
        return garbage()

    found = run_virtually(live())
    scenes.clear()
    garbage()
    return found


def test_no_case_leaves_a_reference_cycle(scenes: list[World]) -> None:
    """Every verb and every end that the cases know. Twice: the first of its kind imports what it needs."""
    found = {case.id: dict(left_by(case, scenes)) for case in CASES if left_by(case, scenes)}

    assert {name: left for name, left in found.items() if left} == {}


def test_a_cycle_would_be_seen(scenes: list[World]) -> None:
    """Else the test above would prove nothing."""
    knot: list[object] = []
    knot.append(knot)
    del knot

    assert garbage() == Counter({"builtins.list": 1})
