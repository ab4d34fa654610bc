"""Keeps debug documents on disk while the store refuses them.

A folder of files with one document a line, oldest file first. Files go when all their documents are
stored, so a worker that dies in between stores some twice, which by their ids is once. When the folder is
full the oldest file goes. All work on files is done in one thread of its own.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import structlog

from pivot.debug.document_text import encode
from pivot.debug.settings import DebugSettings
from pivot.debug.store import DebugDocument, Sink
from pivot.debug.writer import Counts, Created
from pivot.errors import ConfigError

log = structlog.get_logger()

FILE_BYTES = 8_000_000
"""About how long a file may become."""
_MOST_UNDERWAY_BYTES = 64_000_000
"""What may wait for a slow disk; more is not taken."""
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0


class Spill:
    """The folder. Use `open_spill`."""

    def __init__(
        self, folder: Path, limit_bytes: int, counts: Counts, created: Created | None = None
    ) -> None:
        """Takes the folder for itself and finds what an earlier worker left there.

        Raises:
            ConfigError: it cannot be written, or another worker uses it.
        """
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._counts = counts
        self._created = created
        self._lock = _own(folder)
        self._files = deque(sorted(folder.glob("*.ndjson")))
        self._sizes = {path: path.stat().st_size for path in self._files}
        self._open: BinaryIO | None = None
        self._number = int(self._files[-1].stem) if self._files else 0
        self._underway_bytes = 0
        self._full_told = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="debug-spill")

    @property
    def size_bytes(self) -> int:
        """Bytes that the spilled batches take on disk."""
        return sum(self._sizes.values())

    def take(self, documents: Sequence[DebugDocument]) -> bool:
        """Have these written; returns at once. False: the disk is too slow, they were not taken."""
        size_bytes = sum(document.size_bytes for document in documents)
        if self._underway_bytes + size_bytes > _MOST_UNDERWAY_BYTES:
            return False
        self._underway_bytes += size_bytes
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._keep, tuple(documents))
        work.add_done_callback(partial(self._kept, size_bytes))
        return True

    def _kept(self, size_bytes: int, work: asyncio.Future[int]) -> None:
        self._underway_bytes -= size_bytes
        if not work.cancelled():
            self._counts.dropped += work.result()

    async def replay(self, sink: Sink, batch_documents: int) -> bool:
        """Store the oldest file and delete it. False: there is none, or the store does not take it now."""
        loop = asyncio.get_running_loop()
        path, documents = await loop.run_in_executor(self._thread, self._oldest)
        if path is None:
            return False
        reports = []
        for start in range(0, len(documents), batch_documents):
            reports.append(await sink.write(documents[start : start + batch_documents]))
            if reports[-1].created and self._created is not None:
                self._created(reports[-1].created)
            if reports[-1].later:
                return False
        await loop.run_in_executor(self._thread, self._forget, path)
        self._counts.stored += sum(report.stored for report in reports)
        self._counts.refused += sum(len(report.refused) for report in reports)
        log.info("debug.spill_replayed", documents=len(documents), left_bytes=self.size_bytes)
        return True

    async def close(self) -> None:
        """Finish writing what was taken."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._rotate)
        self._thread.shutdown()
        self._lock.close()

    def _keep(self, documents: Sequence[DebugDocument]) -> int:
        """Returns how many documents were lost for it, these or older ones."""
        try:
            self._append(documents)
            return self._shrink()
        except OSError as error:
            log.error("debug.spill_failed", folder=str(self._folder), reason=str(error))
            return len(documents)

    def _append(self, documents: Sequence[DebugDocument]) -> None:
        if self._open is None:
            self._number += 1
            path = self._folder / f"{self._number:012}.ndjson"
            self._open = path.open("wb")
            self._files.append(path)
            self._sizes[path] = 0
        self._sizes[self._files[-1]] += self._open.write(b"".join(_lines(documents)))
        self._open.flush()
        if self._sizes[self._files[-1]] >= FILE_BYTES:
            self._rotate()

    def _shrink(self) -> int:
        """Delete the oldest files until the folder is below its limit."""
        lost = 0
        while self.size_bytes > self._limit_bytes and len(self._files) > 1:
            path = self._files[0]
            lost += path.read_bytes().count(b"\n")
            self._forget(path)
        if lost and not self._full_told:
            self._full_told = True
            log.warning("debug.spill_full", folder=str(self._folder), limit_bytes=self._limit_bytes)
        return lost

    def _rotate(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _oldest(self) -> tuple[Path | None, list[DebugDocument]]:
        if not self._files:
            return None, []
        if len(self._files) == 1:
            self._rotate()
        path = self._files[0]
        return path, list(_read(path))

    def _forget(self, path: Path) -> None:
        """Delete a file, unless the folder's limit already did."""
        if path in self._sizes:
            self._files.remove(path)
            del self._sizes[path]
            path.unlink(missing_ok=True)
        self._full_told = self._full_told and bool(self._files)


@asynccontextmanager
async def open_spill(
    settings: DebugSettings, sink: Sink, counts: Counts, created: Created | None = None
) -> AsyncIterator[Spill | None]:
    """The folder of these settings, None without one; stores what lies in it whenever the store takes it.

    Raises:
        ConfigError: the folder cannot be used.
    """
    if not settings.spill_dir:
        yield None
        return
    spill = Spill(Path(settings.spill_dir), settings.spill_bytes, counts, created)
    replaying = asyncio.create_task(
        _replay_always(spill, sink, settings.batch_documents), name="debug.spill-replay"
    )
    try:
        yield spill
    finally:
        replaying.cancel()
        await asyncio.wait([replaying])
        await spill.close()


async def _replay_always(spill: Spill, sink: Sink, batch_documents: int) -> None:
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            more = await spill.replay(sink, batch_documents)
        except Exception as error:  # an unreadable folder must not end the replay for good
            log.error("debug.spill_failed", reason=f"{type(error).__name__}: {error}")
            more = False
        if more:
            wait_s = _FIRST_WAIT_S
            continue
        await asyncio.sleep(wait_s)
        wait_s = min(_LONGEST_WAIT_S, wait_s * 2) if spill.size_bytes else _FIRST_WAIT_S


def _own(folder: Path) -> BinaryIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("wb")
    except OSError as error:
        raise ConfigError(f"debug.spill_dir {folder} cannot be written: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise ConfigError(
            f"debug.spill_dir {folder} is used by another worker; give each worker a folder of its own"
        ) from error
    return lock


def _lines(documents: Sequence[DebugDocument]) -> Iterator[bytes]:
    for document in documents:
        yield encode([document.account_id, document.month, document.body]) + b"\n"


def _read(path: Path) -> Iterator[DebugDocument]:
    """The documents of a file; a line cut by a crash is left out."""
    for line in path.read_bytes().splitlines():
        try:
            account_id, month, body = json.loads(line)
        except ValueError:
            log.warning("debug.spill_line_lost", file=str(path))
            continue
        yield DebugDocument(account_id, month, body, len(line))
