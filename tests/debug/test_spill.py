"""Documents that wait on disk while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pivot.debug.opening import open_debug
from pivot.debug.settings import DebugSettings
from pivot.debug.spill import Spill, open_spill
from pivot.debug.sqlite import SqliteStore
from pivot.debug.store import DebugDocument, WriteReport
from pivot.debug.writer import Counts, open_writer
from pivot.errors import ConfigError
from pivot.model.json import JsonObject
from tests.debug.calls import ACCOUNT, NODE, NOON, good_call, recorded, request


class Absent:
    """A store that takes nothing until it is told to."""

    def __init__(self) -> None:
        self.here = False
        self.ids: list[str] = []
        self.all_here = asyncio.Event()
        self.wanted = 0

    async def write(self, documents: Sequence[DebugDocument]) -> WriteReport:
        if not self.here:
            return WriteReport(later=tuple(documents), trouble="away")
        self.ids += [document.id for document in documents]
        if len(set(self.ids)) >= self.wanted:
            self.all_here.set()
        return WriteReport(stored=len(documents))


def document(number: int, size_bytes: int = 1000) -> DebugDocument:
    body: JsonObject = {
        "_id": f"{number}",
        "resp_body": "x" * size_bytes,
        "odd": "\u017c\x00\n",
        "big": 10**30,
    }
    return DebugDocument(ACCOUNT, "202411", body, size_bytes)


def settings(folder: Path) -> DebugSettings:
    return DebugSettings(
        spill_dir=str(folder), linger_s=0.0, flush_s=0.05, queue_documents=10, batch_documents=7
    )


async def test_an_outage_longer_than_memory_loses_nothing(tmp_path: Path) -> None:
    """The worker runs on, is stopped, started again, and in the end every document is stored."""
    store = Absent()
    with capture_logs() as logs:
        async with open_spill(settings(tmp_path), store, Counts()) as spill:
            assert spill is not None
            async with open_writer(store, settings(tmp_path), None, spill.take) as writer:
                for number in range(100):
                    writer.put(document(number))
    assert writer.counts.dropped == 0
    assert "debug.documents_lost" not in {line["event"] for line in logs}

    store.here, store.wanted = True, 100
    async with open_spill(settings(tmp_path), store, Counts()), asyncio.timeout(5):
        await store.all_here.wait()
    assert set(store.ids) == {f"{number}" for number in range(100)}


async def test_documents_come_back_as_they_were(tmp_path: Path) -> None:
    """Account, month and every member."""
    kept: list[DebugDocument] = []

    class Store:
        async def write(self, documents: Sequence[DebugDocument]) -> WriteReport:
            kept.extend(documents)
            return WriteReport(stored=len(documents))

    spill = Spill(tmp_path, 10**9, Counts())
    written = [document(1), *recorded(request(), good_call())]
    assert spill.take(written)

    assert await spill.replay(Store(), 500)
    assert not await spill.replay(Store(), 500)
    await spill.close()
    assert [(item.account_id, item.month, item.body) for item in kept] == [
        (item.account_id, item.month, item.body) for item in written
    ]


async def test_a_line_cut_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    """A worker killed while writing leaves half a line."""
    spill = Spill(tmp_path, 10**9, Counts())
    spill.take([document(1)])
    spill.take([document(2)])
    await spill.close()
    path = tmp_path / "000000000001.ndjson"
    path.write_bytes(path.read_bytes()[:-20])

    store, counts = Absent(), Counts()
    store.here = True
    again = Spill(tmp_path, 10**9, counts)
    with capture_logs() as logs:
        assert await again.replay(store, 500)
    await again.close()

    assert store.ids == ["1"]
    assert [line["event"] for line in logs] == ["debug.spill_line_lost", "debug.spill_replayed"]


async def test_a_store_that_fails_midway_is_given_the_file_again(tmp_path: Path) -> None:
    """Twice stored is once stored; not stored would be lost."""
    store, counts = Absent(), Counts()
    spill = Spill(tmp_path, 10**9, counts)
    spill.take([document(number) for number in range(3)])

    assert not await spill.replay(store, 2)
    store.here = True
    assert await spill.replay(store, 2)
    await spill.close()

    assert store.ids == ["0", "1", "2"]
    assert counts == Counts(stored=3)


async def test_the_oldest_goes_when_the_folder_is_full(tmp_path: Path) -> None:
    """The limit holds, what is lost is counted and told once, and what is left is the newest."""
    store, counts = Absent(), Counts()
    store.here = True
    spill = Spill(tmp_path, 20_000_000, counts)
    with capture_logs() as logs:
        for number in range(40):
            assert spill.take([document(number, 1_000_000)])
            await asyncio.sleep(0)
        while await spill.replay(store, 500):
            pass
    await spill.close()

    assert counts.dropped > 0
    assert counts.dropped + len(store.ids) == 40
    assert store.ids[-1] == "39"
    assert len(store.ids) <= 20
    assert [line["event"] for line in logs].count("debug.spill_full") == 1


async def test_a_folder_belongs_to_one_worker(tmp_path: Path) -> None:
    """Two workers would store and delete each other's files."""
    spill = Spill(tmp_path, 10**9, Counts())
    with pytest.raises(ConfigError, match="used by another worker"):
        Spill(tmp_path, 10**9, Counts())
    await spill.close()
    await Spill(tmp_path, 10**9, Counts()).close()


async def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    """Better known at the start than in the outage."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"debug\.spill_dir .* cannot be written"):
        Spill(tmp_path / "file" / "spill", 10**9, Counts())


async def test_the_room_opens_as_a_whole(tmp_path: Path) -> None:
    """Settings in, a recorded call in the store when it closes."""
    path = str(tmp_path / "debug.sqlite")
    chosen = replace(settings(tmp_path / "spill"), store="sqlite", sqlite_path=path, flush_s=5.0)
    async with open_debug(chosen, NODE) as room:
        watch = room.recorder.watch(request(), NOON)
        for moment, at_s in good_call():
            watch.saw(moment, at_s)

    store = SqliteStore(path)
    assert len(await store.call(ACCOUNT, "c1@host", ["202411"])) == 3
    await store.close()


async def test_a_store_that_is_off_opens_nothing() -> None:
    """A worker without debug capture."""
    async with open_debug(DebugSettings(store="off"), NODE) as room:
        assert (room.store, room.writer) == (None, None)
