"""One process that reads answers, as the worker sees it: a question and an answer at a time."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from dataclasses import replace

from pivot.model.documents import Document, Refusal
from pivot.model.fetch import Answer
from pivot.pool.frames import HEAD, Unpacking, framed, parts_of
from pivot.translate.rules import TranslateRules

_START_S = 30.0
_MAX_RULES = 4
"""Rules that a process remembers; calls in progress keep those that they began with."""


class ReaderDied(Exception):
    """The process ended instead of answering."""


class ReaderProcess:
    """Starts a process when it is first asked, and another one when that has died.

    Args:
        max_memory_mb: what it may take beyond what it starts with.
        timeout_s: the longest time that anybody waits for its answer.
    """

    def __init__(self, max_memory_mb: int, timeout_s: float) -> None:
        self._arguments = (str(max_memory_mb), str(int(timeout_s) + 2))
        self._process: Process | None = None
        self._known: list[TranslateRules] = []

    @property
    def pid(self) -> int | None:
        """Id of the process, or None when it is not running."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Have a process that is ready for a question.

        Raises:
            ReaderDied: it cannot be started.
        """
        if self._process is not None:
            return
        self._known = []
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pivot.pool.reader", *self._arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_environment(),
                start_new_session=True,  # a Ctrl-C at the terminal is the worker's to follow
            )
        except OSError as error:
            raise ReaderDied(f"cannot be started: {error}") from error
        try:
            async with asyncio.timeout(_START_S):
                await self._frame()
        except TimeoutError as error:
            raise ReaderDied(f"not ready within {_START_S:g} s") from error

    async def read(self, answer: Answer, place: str, rules: TranslateRules) -> Document | Refusal:
        """What an answer says; `start` first.

        Raises:
            ReaderDied: there is no answer, nor a process any more.
        """
        return await _unpacked(await self._frame(self._question(answer, place, rules)))

    async def _frame(self, question: bytes = b"") -> bytes:
        """The body of the next frame, which a question may lead to.

        Whatever fails ends the process: its answer would be taken for that to the next question.
        """
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(question)
            await process.stdin.drain()
            (length,) = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
            return await process.stdout.readexactly(length)
        except (OSError, asyncio.IncompleteReadError) as error:
            await self.kill()
            raise ReaderDied(f"{type(error).__name__}: {error}") from error
        except BaseException:
            await self.kill()
            raise

    async def kill(self) -> None:
        """End the process at once; the next question gets a new one."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _question(self, answer: Answer, place: str, rules: TranslateRules) -> bytes:
        number = next((at for at, known in enumerate(self._known) if known is rules), None)
        told = b""
        if number is None:
            number = len(self._known) % _MAX_RULES
            self._known[number : number + 1] = [rules]
            told = pickle.dumps(rules)
        wanted = replace(answer, headers=_content_type(answer), attempts=(), warnings=())
        return framed([pickle.dumps((number, wanted, place)), told])


async def _unpacked(body: bytes) -> Document | Refusal:
    unpacking = Unpacking()
    for part in parts_of(body):
        unpacking.add(part)
        await asyncio.sleep(0)  # other calls' turn
    return unpacking.result()


def _content_type(answer: Answer) -> tuple[tuple[str, str], ...]:
    return tuple(header for header in answer.headers if header[0].lower() == "content-type")


def _environment() -> dict[str, str]:
    """Where the modules are, and none of the secrets that the worker's own environment may hold."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
