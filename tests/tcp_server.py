"""A TCP server for one test, that leaves nothing behind."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

Handler: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LONGEST_REQUEST_BYTES = 1 << 20


@asynccontextmanager
async def tcp_server(
    handle: Handler, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve each connection with `handle`, which may end by returning or by the client's leaving.

    Yields the port. At the end connections are cut and handlers cancelled.
    """
    running: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running[task] = writer
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
                await handle(reader, writer)
                writer.close()
                await writer.wait_closed()
        except asyncio.CancelledError:
            writer.transport.abort()  # only the end cancels; the loop would report it as an error
        finally:
            writer.close()
            del running[task]

    listening = await asyncio.start_server(serve, host, port, ssl=tls, limit=LONGEST_REQUEST_BYTES)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await asyncio.sleep(0)  # connections that were just accepted get their handlers
        tasks = list(running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports that are closing get closed
        await listening.wait_closed()
