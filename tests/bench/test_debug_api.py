"""The benchmark of the API runs, on a small month."""

from __future__ import annotations

from pathlib import Path

from pivot.bench.debug_api import bench_web
from pivot.debug.sqlite import SqliteStore


async def test_every_question_is_timed(tmp_path: Path) -> None:
    """What it prints is measured: each question was answered with 200."""
    store = SqliteStore(str(tmp_path / "bench.sqlite"))
    timings = await bench_web(store, 600)
    await store.close()

    assert len(timings) == 6
    assert all(0 < timing.median_ms <= timing.worst_ms for timing in timings)
