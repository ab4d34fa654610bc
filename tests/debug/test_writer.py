"""How documents travel from calls to the store."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from pivot.debug.couch import Couch
from pivot.debug.couch_store import CouchStore
from pivot.debug.settings import DebugSettings
from pivot.debug.store import DebugDocument, WriteReport
from pivot.debug.writer import open_writer
from tests.debug.calls import ACCOUNT, good_call, recorded, request
from tests.tcp_proxy import TcpProxy

FAST = DebugSettings(linger_s=0.0, flush_s=5.0)
OTHER = "b" * 32


class ScriptedStore:
    """Takes batches as it is told to, and keeps what it took."""

    def __init__(self, *answers: Callable[[Sequence[DebugDocument]], WriteReport]) -> None:
        self.batches: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self._answers = list(answers)

    async def write(self, documents: Sequence[DebugDocument]) -> WriteReport:
        self.batches.append([document.id for document in documents])
        await self.open.wait()
        if self._answers:
            return self._answers.pop(0)(documents)
        return WriteReport(stored=len(documents))


def document(number: int, account_id: str = ACCOUNT, size_bytes: int = 100) -> DebugDocument:
    return DebugDocument(account_id, "202411", {"_id": f"{number}"}, size_bytes)


def later(documents: Sequence[DebugDocument]) -> WriteReport:
    return WriteReport(later=tuple(documents), trouble="no route")


async def test_documents_of_one_database_go_together() -> None:
    """Batches save the database's time and ours; a document waits for company a moment only."""
    store = ScriptedStore()
    async with open_writer(store, FAST) as writer:
        for number in range(3):
            writer.put(document(number))
        writer.put(document(9, OTHER))

    assert sorted(store.batches) == [["0", "1", "2"], ["9"]]
    assert (writer.counts.stored, writer.waiting, writer.waiting_bytes) == (4, 0, 0)


async def test_batches_are_limited() -> None:
    """By number and by bytes, so that CouchDB takes them; a single larger one goes alone."""
    store = ScriptedStore()
    settings = replace(FAST, batch_documents=3, batch_bytes=250)
    async with open_writer(store, settings) as writer:
        for number in range(5):
            writer.put(document(number))
        writer.put(document(5, size_bytes=1000))
        writer.put(document(6, size_bytes=10))
        writer.put(document(7, size_bytes=10))

    assert store.batches == [["0", "1"], ["2", "3"], ["4"], ["5"], ["6", "7"]]


async def test_a_failing_store_is_tried_again_until_it_takes_all() -> None:
    """Nothing is lost in an outage, order is kept, and the operator reads two lines, not a thousand."""
    store = ScriptedStore(later, lambda d: WriteReport(1, tuple(d[1:]), trouble="no route"))
    with capture_logs() as logs:
        async with open_writer(store, FAST) as writer:
            writer.put(document(0))
            writer.put(document(1))

    assert store.batches == [["0", "1"], ["0", "1"], ["1"]]
    assert writer.counts.stored == 2
    assert [line["event"] for line in logs] == ["debug.store_failing", "debug.store_recovered"]


async def test_a_store_that_raises_is_a_failing_store() -> None:
    """A fault in a store must not end the writing."""

    def broken(documents: Sequence[DebugDocument]) -> WriteReport:
        raise KeyError("rows")

    store = ScriptedStore(broken)
    async with open_writer(store, FAST) as writer:
        writer.put(document(0))

    assert writer.counts.stored == 1


async def test_one_customers_flood_does_not_cost_anothers_documents() -> None:
    """Memory is bounded: the oldest of the longest lane go, counted and told."""
    store = ScriptedStore()
    store.open.clear()
    settings = replace(FAST, queue_documents=100)
    with capture_logs() as logs:
        async with open_writer(store, settings) as writer:
            writer.put(document(1000, OTHER))
            for number in range(500):
                writer.put(document(number))
            assert writer.waiting <= 100
            store.open.set()

    written = [id for batch in store.batches for id in batch]
    assert "1000" in written
    assert "499" in written
    assert "0" not in written
    assert writer.counts.dropped + writer.counts.stored == 501
    assert {line["event"] for line in logs} == {"debug.documents_dropped"}


async def test_bytes_are_bounded_too() -> None:
    """A few huge documents count as many small ones."""
    store = ScriptedStore()
    store.open.clear()
    async with open_writer(store, replace(FAST, queue_bytes=10_000)) as writer:
        for number in range(30):
            writer.put(document(number, size_bytes=1000))
        assert writer.waiting_bytes <= 10_000
        store.open.set()

    assert writer.counts.stored + writer.counts.dropped == 30


async def test_stopping_has_a_limit() -> None:
    """A store that hangs cannot keep the worker from ending; what is lost is counted."""
    store = ScriptedStore()
    store.open.clear()
    with capture_logs() as logs:
        async with asyncio.timeout(2):
            async with open_writer(store, replace(FAST, flush_s=0.05)) as writer:
                writer.put(document(0))

    assert writer.counts.dropped == 1
    assert logs[-1] == {"event": "debug.documents_lost", "documents": 1, "log_level": "error"}


async def test_a_hanging_database_does_not_stop_the_others() -> None:
    """Lanes go side by side."""
    hanging, went = asyncio.Event(), asyncio.Event()
    stored: list[str] = []

    class HalfStore:
        async def write(self, documents: Sequence[DebugDocument]) -> WriteReport:
            if documents[0].account_id == OTHER:
                await hanging.wait()
            stored.extend(document.id for document in documents)
            went.set()
            return WriteReport(stored=len(documents))

    async with open_writer(HalfStore(), FAST) as writer:
        writer.put(document(1, OTHER))
        writer.put(document(2))
        async with asyncio.timeout(2):
            await went.wait()
        hanging.set()

    assert stored == ["2", "1"]


async def test_refused_documents_are_told_once_per_account() -> None:
    """A deleted account's calls do not fill the log."""
    store = ScriptedStore(*[lambda d: WriteReport(refused=tuple(d), trouble="account is deleted")] * 2)
    with capture_logs() as logs:
        async with open_writer(store, replace(FAST, batch_documents=1)) as writer:
            writer.put(document(0))
            writer.put(document(1))

    assert writer.counts.refused == 2
    assert [line["event"] for line in logs] == ["debug.documents_refused"]


async def test_new_databases_are_told() -> None:
    """So that the cluster can be told too."""
    told: list[str] = []
    store = ScriptedStore(lambda d: WriteReport(stored=1, created=("account/x-202411",)))
    async with open_writer(store, FAST, told.extend) as writer:
        writer.put(document(0))

    assert told == ["account/x-202411"]


@pytest.mark.couch
async def test_documents_outlive_an_outage(
    couch_url: str, tcp_proxy: Callable[[str], Awaitable[TcpProxy]]
) -> None:
    """CouchDB is away for a while: calls go on, and afterwards every document is there once."""
    proxy = await tcp_proxy(couch_url)
    store = CouchStore(Couch(proxy.url, timeout_s=2.0))
    account = secrets.token_hex(16)
    calls = [recorded(request(f"c{n}@host", account_id=account), good_call()) for n in range(20)]
    try:
        await store.write(calls[0])
        proxy.refuse()
        proxy.cut()
        with capture_logs() as logs:
            async with open_writer(store, FAST) as writer:
                for documents in calls:
                    for item in documents:
                        writer.put(item)
                asyncio.get_running_loop().call_later(0.6, proxy.resume)
        assert [line["event"] for line in logs] == ["debug.store_failing", "debug.store_recovered"]
        assert (writer.counts.stored, writer.counts.dropped) == (60, 0)
        for number, documents in enumerate(calls):
            found = await store.call(account, f"c{number}@host", ["202411"])
            assert found == tuple(item.body for item in documents)
    finally:
        await store.close()
