"""The figure that shows whether something holds up all calls."""

from __future__ import annotations

import asyncio

import pytest

from pivot.app.loop_lateness import EVERY_S, watched_loop
from pivot.app.metrics import Metrics
from pivot.sim.clock import VirtualTimeLoop, run_virtually


def test_a_loop_that_stands_is_seen_once() -> None:
    """Nine looks in time, and one that comes when the loop goes on; then the next ones are in time again."""

    async def live() -> list[float]:
        late: list[float] = []
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        with watched_loop(late.append):
            await asyncio.sleep(0.95)
            loop._jump(3.0)  # as if a callback had taken so long
            await asyncio.sleep(0.45)
        await asyncio.sleep(10)
        return late

    late = run_virtually(live())

    assert late == pytest.approx([0.0] * 9 + [2.95] + [0.0] * 4, abs=1e-6)
    assert EVERY_S == 0.1


def test_metrics_show_how_late_the_loop_was() -> None:
    """In Prometheus' terms: a histogram."""
    metrics = Metrics()

    metrics.loop_was_late(0.004)
    metrics.loop_was_late(3.0)

    text = metrics.text().decode()
    assert 'pivot_loop_lateness_seconds_bucket{le="0.005"} 1.0' in text
    assert "pivot_loop_lateness_seconds_count 2.0" in text
