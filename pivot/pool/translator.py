"""Reads long answers in a few processes, accounts in turn: the session's port `Translator`.

What takes too long, or too much memory, or kills its process, costs the one call whose answer it was: the
process is ended, the answer refused, and another process started for the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from pivot.execute.rules import Rules
from pivot.model.documents import Document, Refusal
from pivot.model.fetch import Answer
from pivot.pool.fair_queue import FairQueue
from pivot.pool.reader_process import ReaderDied, ReaderProcess
from pivot.pool.settings import PoolSettings
from pivot.translate.answer import is_long, limit_code

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Job:
    answer: Answer
    place: str
    rules: Rules
    result: asyncio.Future[Document | Refusal | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(slots=True)
class Counts:
    """Since the start."""

    read: int = 0
    refused: int = 0
    """Took too long, or ended their process, or found no room to wait."""


class TranslationPool:
    """A bounded number of processes, each at one answer at a time.

    One account has all of them but one at most, so that another's answer need not wait for it.
    """

    def __init__(self, settings: PoolSettings) -> None:
        self.counts = Counts()
        self._settings = settings
        self._queue = FairQueue[_Job](max(1, settings.processes - 1), settings.max_waiting_bytes)
        self._processes = [
            ReaderProcess(settings.max_memory_mb, settings.timeout_s) for _ in range(settings.processes)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def waiting(self) -> int:
        """Answers that no process has begun with."""
        return self._queue.waiting

    @property
    def pids(self) -> list[int]:
        """Of the processes that run now."""
        return [process.pid for process in self._processes if process.pid is not None]

    async def translate(
        self, account_id: str | None, answer: Answer, place: str, rules: Rules
    ) -> Document | Refusal | None:
        """The document in a long answer, or why there is none; None: it is short, read it where you are."""
        if not self._processes or not is_long(answer, rules.translate, self._settings.inline_bytes):
            return None
        account, job = account_id or "", _Job(answer, place, rules)
        if not await self._queue.put(account, job, len(answer.body)):
            return self._refusal(answer, "too many long answers wait to be read", "full")
        try:
            async with asyncio.timeout(self._settings.wait_s + self._settings.timeout_s):
                return await job.result
        except TimeoutError:
            return self._refusal(answer, "other long answers were to be read first", "busy")
        finally:
            self._queue.remove(account, job)

    def start(self) -> None:
        """Have the first process ready; the others begin when they are needed."""
        for number, process in enumerate(self._processes):
            serving = self._serve(process, at_once=number == 0)
            self._tasks.append(asyncio.create_task(serving, name=f"translation pool {number}"))

    async def stop(self) -> None:
        """Cancel all readings and kill the processes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for process in self._processes:
            await process.kill()

    async def _serve(self, process: ReaderProcess, *, at_once: bool) -> None:
        if at_once:
            await self._started(process)
        while True:
            account, job = await self._queue.take()
            try:
                result = await self._read(process, job)
                if not job.result.done():
                    job.result.set_result(result)
            finally:
                await self._queue.done(account)

    async def _read(self, process: ReaderProcess, job: _Job) -> Document | Refusal | None:
        if job.result.done() or not await self._started(process):
            return None
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                result = await process.read(job.answer, job.place, job.rules.translate)
        except TimeoutError:
            limit_s = self._settings.timeout_s
            return self._refusal(job.answer, f"the answer takes more than {limit_s:g} s to read", "timeout")
        except ReaderDied as error:
            return self._refusal(job.answer, "the process that read the answer ended", str(error)[:200])
        except Exception as error:
            log.exception("pool.crashed")
            return self._refusal(job.answer, "the answer could not be read", repr(error)[:200])
        self.counts.read += 1
        return result

    async def _started(self, process: ReaderProcess) -> bool:
        """Without a process answers are read where they are: slow for others, but no call is lost."""
        try:
            await process.start()
        except ReaderDied as error:
            log.error("pool.no_process", error=str(error)[:200])
            return False
        return True

    def _refusal(self, answer: Answer, message: str, reason: str) -> Refusal:
        self.counts.refused += 1
        log.warning("pool.answer_refused", reason=reason, bytes=len(answer.body))
        return Refusal(limit_code(answer), f"{message}; send a smaller document")


@asynccontextmanager
async def open_pool(settings: PoolSettings) -> AsyncIterator[TranslationPool]:
    """A pool whose first process has begun to start; all end with it."""
    pool = TranslationPool(settings)
    try:
        pool.start()
        yield pool
    finally:
        await pool.stop()
