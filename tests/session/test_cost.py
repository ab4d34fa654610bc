"""What one call costs in counts that no other program on the machine can change; see `pivot bench` for times.

The bounds are a tenth above what was measured. A change that needs more raises them, and says why.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from pivot.sim.clock import run_virtually
from tests.rooms import PACKAGE, ROOT
from tests.session.whole_calls import WAYS, Way, cluster

_CALLS = 10
_PACKAGE = f"{PACKAGE}/"
_TESTS = f"{ROOT / 'tests'}/"
_OTHER_SIDE = f"{PACKAGE / 'sim'}/"
_OUR_SIDE_OF_SIM = ("memory_bus.py", "broker.py", "clock.py", "fakes.py")
_OF_THE_LOOP = {"call_at": "timers", "create_task": "tasks", "_run": "loop callbacks"}
"""What asyncio's own functions count."""


class Profile:
    """Counts calls of Python functions; what the simulated cluster does and what it calls is left out."""

    def __init__(self) -> None:
        self.counts = Counter[str]()
        self._depth = 0
        """Of the stack, from the first function of the other side on."""

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            self._enter(frame.f_code.co_filename, frame.f_code.co_name)
        elif event == "return" and self._depth:
            self._depth -= 1

    def _enter(self, path: str, name: str) -> None:
        if self._depth or _is_other_side(path):
            self._depth += 1
        elif "/asyncio/" in path:
            self.counts[_OF_THE_LOOP.get(name, "")] += 1
        elif path == "<string>" or path.startswith(_PACKAGE):
            self.counts["Python calls"] += 1


def _is_other_side(path: str) -> bool:
    return path.startswith((_OTHER_SIDE, _TESTS)) and not path.endswith(_OUR_SIDE_OF_SIM)


@contextmanager
def profiled() -> Iterator[Counter[str]]:
    profile, before = Profile(), sys.getprofile()
    sys.setprofile(profile)
    try:
        yield profile.counts
    finally:
        sys.setprofile(before)


async def cost_of(way: Way) -> dict[str, float]:
    """For one call, after some that fill the caches."""
    async with cluster(way) as side:
        await side.call(_CALLS)
        with profiled() as counts:
            await side.call(_CALLS)
    return {name: counts[name] / _CALLS for name in ("Python calls", *_OF_THE_LOOP.values())}


BOUNDS = {
    "a flow": (622, 2, 4, 14),
    "a flow, with debug capture": (1720, 2, 4, 14),  # 690 of them for the sentence about the call
    "a flow, slowly": (989, 3, 8, 23),
    "TwiML that speaks and hangs up": (1758, 5, 8, 44),
    "a Gather": (2938, 5, 10, 65),
}
"""Python calls, timers, tasks and callbacks of the loop."""


@pytest.fixture(autouse=True)
def no_log() -> Iterator[None]:
    """How lines are written is set up by each program."""
    before = structlog.get_config()
    structlog.configure(processors=[LogCapture()])
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("name", BOUNDS)
def test_a_call_costs_no_more_than_it_did(name: str) -> None:
    """Functions of ours, and what the loop does for both sides."""
    cost = run_virtually(cost_of(WAYS[name]))

    bounds = dict(zip(cost, BOUNDS[name], strict=True))
    assert {what: (count, bounds[what]) for what, count in cost.items() if count > bounds[what]} == {}
    assert all(count > bounds[what] / 2 for what, count in cost.items()), "half as many: lower the bounds"
