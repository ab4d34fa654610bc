"""A wire that tests can cut, stall and refuse: a TCP proxy on loopback in front of a real server."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from yarl import URL

CHUNK_BYTES = 65_536


class TcpProxy:
    """Passes bytes between clients and one server until told otherwise."""

    def __init__(self, target: URL) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._links: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._changed = asyncio.Condition()
        self.accepted = 0  # connections taken so far, refused ones not counted

    @property
    def url(self) -> str:
        """The target's URL with the proxy's host and port in it."""
        if self._server is None:
            raise AssertionError("the proxy is not open; use open_tcp_proxy")
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(self._target.with_host(host).with_port(port))

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._links)

    def cut(self) -> None:
        """Reset every open connection on both sides, as a lost network does; new ones are accepted."""
        for writers in self._links.values():
            for writer in writers:
                _reset(writer)

    def stall(self) -> None:
        """Hold bytes back both ways; connections stay open and new ones are accepted in silence."""
        self._flowing.clear()

    def resume(self) -> None:
        """End `stall` (bytes held back go on) and `refuse`."""
        self._flowing.set()
        self._refusing = False

    def refuse(self) -> None:
        """Reset new connections at once, as a stopped server's port does; `cut` ends the open ones."""
        self._refusing = True

    async def wait_for_connections(self, count: int) -> None:
        """Return when this many connections have been accepted since the start."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.accepted >= count)

    async def open(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is None:
            return
        self._server.close()
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            _reset(writer)
            return
        link = asyncio.current_task()
        if link is None:
            raise AssertionError("asyncio runs this in a task of its own")
        self._links[link] = [writer]
        try:
            async with self._changed:
                self.accepted += 1
                self._changed.notify_all()
            await self._connect(link, reader, writer)
        except asyncio.CancelledError:
            self.cut()  # only close() cancels; the server would report a cancelled handler as an error
        finally:
            for each in self._links.pop(link):
                each.close()
                with suppress(OSError):
                    await each.wait_closed()

    async def _connect(
        self, link: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection(self._target.host, self._target.port)
            self._links[link].append(back)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, back))
                pumps.create_task(self._pump(there, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await self._flowing.wait()
                writer.write(chunk)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN, and drop what was not sent yet."""
    with suppress(OSError):  # closed already
        wire = writer.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def open_tcp_proxy(target: str) -> AsyncIterator[TcpProxy]:
    """A proxy in front of the host and port of this URL, closed at the end."""
    proxy = TcpProxy(URL(target))
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
