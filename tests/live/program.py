"""`pivot worker` as its users run it: a process of its own, told everything by its environment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

START_S = 30.0
LONGEST_LINE_BYTES = 4_194_304


class Program:
    """A running worker and what it logs."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self._logged = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for raw in self.process.stderr:
            line = orjson.loads(raw) if raw.startswith(b"{") else {"event": raw.decode(errors="replace")}
            async with self._logged:
                self.lines.append(line)
                self._logged.notify_all()
        async with self._logged:
            self._logged.notify_all()

    async def logged(self, event: str, within_s: float = START_S) -> dict[str, Any]:
        """The first line of this event, as soon as it is there."""

        def found() -> dict[str, Any] | None:
            return next((line for line in self.lines if line["event"] == event), None)

        async with asyncio.timeout(within_s), self._logged:
            await self._logged.wait_for(lambda: found() or self._reader.done())
        line = found()
        assert line is not None, self.lines
        return line

    def stop(self) -> None:
        """Ask it to drain."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()

    async def ended(self) -> int:
        """Its exit status."""
        async with asyncio.timeout(START_S):
            return await self.process.wait()


@asynccontextmanager
async def worker(amqp_url: str, *, file: str = "", **settings: str) -> AsyncIterator[Program]:
    """A worker that is ready; settings as `FETCH__EGRESS="open"`, and those of a file."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PIVOT_")},
        "PIVOT_BUS__URL": amqp_url,
        "PIVOT_DEBUG__STORE": "off",
        "PIVOT_FETCH__EGRESS": "open",
        "PIVOT_LOG__FORMAT": "json",
        **{f"PIVOT_{name}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "pivot", "worker", *(["--config", file] if file else [])]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stderr=PIPE, limit=LONGEST_LINE_BYTES
    )
    program = Program(process)
    try:
        await program.logged("worker.ready")
        yield program
    finally:
        if process.returncode is None:
            program.kill()
            await process.wait()
        await program._reader
