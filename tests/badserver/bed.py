"""Runs all faults at once, each on its own port of 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tests.badserver.faults import FAULTS, Fault, Reader, Writer


@asynccontextmanager
async def bed(first_port: int = 0) -> AsyncIterator[dict[str, str]]:
    """URLs by the fault's name; ports count up from `first_port`, 0 takes free ones."""
    async with AsyncExitStack() as opened:
        urls = {}
        for number, fault in enumerate(FAULTS):
            port = first_port + number if first_port else 0
            urls[fault.name] = await opened.enter_async_context(one(fault, port))
        yield urls


@asynccontextmanager
async def one(fault: Fault, port: int = 0) -> AsyncIterator[str]:
    """A server with this fault; its URL."""
    serving: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(_handler(fault, serving), "127.0.0.1", port, backlog=1024)
    try:
        scheme = "https" if fault.tls else "http"
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/{fault.name}"
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


def _handler(fault: Fault, serving: set[asyncio.Task[None]]) -> Callable[[Reader, Writer], Awaitable[None]]:
    async def handle(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        task.add_done_callback(serving.discard)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    if fault.reads_head:
                        await reader.readuntil(b"\r\n\r\n")
                    await fault.behave(reader, writer)
                    if not fault.reads_head:
                        return
        except asyncio.CancelledError:
            pass
        finally:
            writer.transport.abort()

    return handle
