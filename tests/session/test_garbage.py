"""No call leaves objects that hold each other, however it ends.

Cycles are freed by the garbage collector alone, which stops all calls for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import LogCapture

from pivot.errors import BusError
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeFetcher
from pivot.sim.memory_bus import MemoryBus
from tests.garbage import collector_off, garbage
from tests.session.whole_calls import WAYS, Way, cluster

_CALLS = 10


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """Errors as the worker writes them; the pictures that structlog draws of them leave cycles."""
    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.format_exc_info, LogCapture()])
    yield
    structlog.configure(**before)


async def left_by(way: Way) -> Counter[str]:
    async with cluster(way) as side:
        garbage()
        await side.call(_CALLS)
        return garbage()


def crashes(*args: object) -> None:
    raise RuntimeError("a fault of our own")


def check(way: Way) -> None:
    """Once before, since the first call imports what it needs."""
    with collector_off():
        run_virtually(left_by(way))
        found = run_virtually(left_by(way))
    assert found == Counter()


@pytest.mark.parametrize("name", WAYS)
def test_no_way_to_end_leaves_a_reference_cycle(name: str) -> None:
    """Whatever the server answered and the caller did."""
    check(WAYS[name])


def test_a_crash_of_the_engine_leaves_no_cycle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error and the frames that it went through hold each other, unless somebody lets go."""
    monkeypatch.setattr("pivot.execute.machine.CallMachine.receive", crashes)

    check(WAYS["a flow"])


@pytest.mark.parametrize("method", ["send", "bind"])
def test_a_broker_that_takes_nothing_leaves_no_cycle(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is with every command that is refused."""

    async def refuse(*args: object) -> None:
        raise BusError(Code.BUS_LOST, "the connection is gone")

    monkeypatch.setattr(MemoryBus, method, refuse)

    check(WAYS["a caller who hangs up before the answer"])


def test_a_fetch_that_is_given_up_leaves_no_cycle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timeout knows its task, which knows the error that went through the timeout."""
    real = FakeFetcher.fetch

    async def with_timeout(self: FakeFetcher, request: FetchRequest) -> Answer | FetchFailure:
        timeout = asyncio.timeout(request.deadline_s)
        async with timeout:
            return await real(self, request)

    monkeypatch.setattr(FakeFetcher, "fetch", with_timeout)

    check(WAYS["a caller who hangs up before the answer"])
