"""Writes debug documents to the store in batches; a call never waits for the store.

Documents wait in lanes, one per month database, and go out in batches, several lanes at a time. A lane
whose database fails is tried again, ever more seldom, while the others go on. When too much waits, the
oldest of the longest lane goes: one customer's flood does not cost another's documents.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

import structlog

from pivot.debug.settings import DebugSettings
from pivot.debug.store import DebugDocument, Sink, WriteReport

log = structlog.get_logger()

Created: TypeAlias = Callable[[Sequence[str]], None]
"""Told the plain names of databases that were made; returns at once."""
Overflow: TypeAlias = Callable[[Sequence[DebugDocument]], bool]
"""Offered the documents that must leave memory; False when it cannot take them. Returns at once."""

_SIDE_BY_SIDE = 8
"""Lanes written at a time."""
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_MAKE_ROOM = 0.05
"""Part of the queue that is emptied when it is full, so that not every document makes room for itself."""


@dataclass(slots=True)
class Counts:
    """What became of documents since the start."""

    stored: int = 0
    dropped: int = 0
    """Lost because too much waited, or at the end."""
    refused: int = 0
    """The store will never take them."""


@dataclass(slots=True)
class _Lane:
    """Documents for one database, and how its writing goes."""

    account_id: str
    month: str
    waiting: deque[DebugDocument] = field(default_factory=deque)
    size_bytes: int = 0
    failures: int = 0
    timer: asyncio.TimerHandle | None = None
    """Runs while the lane waits for company or for a better time."""
    busy: bool = False
    """Ready, or being written."""

    def take(self, documents: int, size_bytes: int) -> list[DebugDocument]:
        batch: list[DebugDocument] = []
        taken_bytes = 0
        while self.waiting and len(batch) < documents:
            taken_bytes += self.waiting[0].size_bytes
            if batch and taken_bytes > size_bytes:
                break
            batch.append(self.waiting.popleft())
        self.size_bytes -= sum(document.size_bytes for document in batch)
        return batch

    def give_back(self, documents: Sequence[DebugDocument]) -> None:
        self.waiting.extendleft(reversed(documents))
        self.size_bytes += sum(document.size_bytes for document in documents)


class Writer:
    """Takes documents at any time and writes them in its own. Use `open_writer`."""

    def __init__(
        self,
        sink: Sink,
        settings: DebugSettings,
        created: Created | None = None,
        overflow: Overflow | None = None,
        counts: Counts | None = None,
    ) -> None:
        self._sink = sink
        self._settings = settings
        self._created = created
        self._overflow = overflow
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._ready: asyncio.Queue[_Lane] = asyncio.Queue()
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._named = set[str]()
        self._outage_dropped: int | None = None
        self.counts = counts or Counts()
        self.waiting = 0
        """Documents in memory, those just being written included."""
        self.waiting_bytes = 0

    @property
    def failing(self) -> bool:
        """Does the store refuse to take anything just now?"""
        return self._outage_dropped is not None

    def put(self, document: DebugDocument) -> None:
        """Take a document; must be called in the event loop's thread."""
        key = (document.account_id, document.month)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(*key)
        lane.waiting.append(document)
        lane.size_bytes += document.size_bytes
        self._idle.clear()
        self._account([document], +1)
        if lane.timer is None and not lane.busy:
            self._later(lane, self._settings.linger_s)
        if self.waiting > self._settings.queue_documents or self.waiting_bytes > self._settings.queue_bytes:
            self._make_room()

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as hands:
            for number in range(_SIDE_BY_SIDE):
                hands.create_task(self._write_lanes(), name=f"debug.writer-{number}")

    async def flush(self, limit_s: float) -> None:
        """Write all that waits, now, for at most `limit_s` seconds."""
        self._stopping = True
        for lane in list(self._lanes.values()):
            if lane.timer is not None:
                self._now(lane)
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._idle.wait()

    def give_up(self) -> None:
        """Count and tell what was not written; after `run` has ended."""
        left = [document for lane in self._lanes.values() for document in lane.waiting]
        if left and not (self._overflow is not None and self._overflow(left)):
            self.counts.dropped += len(left)
            log.error("debug.documents_lost", documents=len(left))

    async def _write_lanes(self) -> None:
        while True:
            lane = await self._ready.get()
            batch = lane.take(self._settings.batch_documents, self._settings.batch_bytes)
            try:
                report = await self._sink.write(batch)
            except Exception as error:  # a fault of ours must not end the writing
                report = WriteReport(later=tuple(batch), trouble=f"{type(error).__name__}: {error}")
            except asyncio.CancelledError:
                lane.give_back(batch)
                raise
            self._settle(lane, batch, report)

    def _settle(self, lane: _Lane, batch: list[DebugDocument], report: WriteReport) -> None:
        lane.busy = False
        lane.give_back(report.later)
        self._account(batch, -1)
        self._account(report.later, +1)
        self.counts.stored += report.stored
        if report.refused:
            self._refuse(lane, report)
        if report.created and self._created is not None:
            self._created(report.created)
        lane.failures = lane.failures + 1 if report.later else 0
        self._tell_outage(report)
        if lane.waiting:
            self._later(lane, self._wait_s(lane))
        else:
            del self._lanes[lane.account_id, lane.month]
        if not self._lanes:
            self._idle.set()

    def _wait_s(self, lane: _Lane) -> float:
        if not lane.failures:
            return 0.0
        longest_s = _FIRST_WAIT_S if self._stopping else _LONGEST_WAIT_S
        return min(longest_s, _FIRST_WAIT_S * 2.0 ** min(lane.failures - 1, 10)) * random.uniform(0.5, 1.0)

    def _later(self, lane: _Lane, delay_s: float) -> None:
        lane.timer = asyncio.get_running_loop().call_later(delay_s, self._now, lane)

    def _now(self, lane: _Lane) -> None:
        if lane.timer is not None:
            lane.timer.cancel()
        lane.timer = None
        lane.busy = True
        self._ready.put_nowait(lane)

    def _account(self, documents: Sequence[DebugDocument], sign: int) -> None:
        self.waiting += sign * len(documents)
        self.waiting_bytes += sign * sum(document.size_bytes for document in documents)

    def _make_room(self) -> None:
        """Take the oldest documents of the longest lanes out of memory."""
        part = 1 - _MAKE_ROOM
        while (
            self.waiting > self._settings.queue_documents * part
            or self.waiting_bytes > self._settings.queue_bytes * part
        ):
            longest = max(self._lanes.values(), key=lambda lane: lane.size_bytes)
            if not longest.waiting:  # the rest is being written
                return
            wanted = max(1, int(len(longest.waiting) * _MAKE_ROOM))
            taken = longest.take(wanted, self._settings.queue_bytes)
            self._account(taken, -1)
            if self._overflow is None or not self._overflow(taken):
                self._drop(len(taken))

    def _drop(self, documents: int) -> None:
        self.counts.dropped += documents
        if self._outage_dropped is None or self._outage_dropped == 0:
            log.warning("debug.documents_dropped", reason="too many wait for the store; the oldest go")
        if self._outage_dropped is not None:
            self._outage_dropped += documents

    def _refuse(self, lane: _Lane, report: WriteReport) -> None:
        """Say once per account why its documents are not stored."""
        self.counts.refused += len(report.refused)
        if lane.account_id not in self._named and len(self._named) < 1000:
            self._named.add(lane.account_id)
            log.warning("debug.documents_refused", account_id=lane.account_id, reason=report.trouble)

    def _tell_outage(self, report: WriteReport) -> None:
        """One line when the store begins to fail, one when all goes well again."""
        if report.later and self._outage_dropped is None:
            self._outage_dropped = 0
            log.warning("debug.store_failing", reason=report.trouble)
        elif self._outage_dropped is not None and not any(lane.failures for lane in self._lanes.values()):
            log.info("debug.store_recovered", dropped=self._outage_dropped)
            self._outage_dropped = None


@asynccontextmanager
async def open_writer(
    sink: Sink,
    settings: DebugSettings,
    created: Created | None = None,
    overflow: Overflow | None = None,
    counts: Counts | None = None,
) -> AsyncIterator[Writer]:
    """A writer that works until the block ends, and then writes what waits, `flush_s` seconds long."""
    writer = Writer(sink, settings, created, overflow, counts)
    work = asyncio.create_task(writer.run(), name="debug.writer")
    try:
        yield writer
    finally:
        await writer.flush(settings.flush_s)
        work.cancel()
        await asyncio.wait([work])
        writer.give_up()
