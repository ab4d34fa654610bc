"""The benchmark measures calls that really happen: small runs of it over a real broker."""

from __future__ import annotations

import sys

import pytest

from pivot.bench.compare import Plan, Subject, measure
from pivot.bench.gather import bench_gather
from pivot.bench.peers import Page

pytestmark = [pytest.mark.rabbit, pytest.mark.live]


@pytest.mark.parametrize(("kind", "page"), [("flow", Page.FLOW), ("twiml", Page.SAY)])
async def test_the_floor_runs_the_calls_to_their_end(amqp_vhost_url: str, kind: str, page: Page) -> None:
    """A ratio means something only if the floor does the whole call: each one was asked for and answered."""
    floor = Subject("floor", (sys.executable, "-m", "pivot.bench.floor", kind, amqp_vhost_url), "ready", {})

    result = await measure(floor, amqp_vhost_url, Plan(page, calls=20, at_once=5))

    assert result.cpu_us >= 0
    assert 0 < result.to_command_ms[0] <= result.to_command_ms[1]


async def test_calls_that_wait_in_a_gather_all_end_by_their_key(amqp_vhost_url: str) -> None:
    """What it says about lost calls is counted: each key reached the customer's server, each call its end."""
    waited = await bench_gather(amqp_vhost_url, waiting=30, calls=20, quiet_s=0.1)

    assert [level.in_progress for level in waited.levels] == [10, 30]
    assert waited.failed == 0
    assert waited.placed == waited.keys == waited.ended
    assert waited.placed > 30 + 2 * 20
