"""The connections of one HTTP port: how many, how long each may be silent, and which one goes first.

The debug API and the health port share the process with live calls, and a call needs descriptors of its
own. So a port holds few connections, and one that has no request waits no longer than its limit.

A connection is *waiting* until the head of a request is complete, *answering* until the answer is handed
to the kernel, and then waiting again. At the bound a newcomer takes the place of a waiting connection: the
oldest one of the network that has most of them. When all are answering, the newcomer gets a 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import traceback
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from pivot.web.rate_limit import network_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MAX_HEAD_BYTES = 65_536
LINGER_S = 2.0
"""How long the body of an answered request is read and dropped before the connection is closed."""
STOP_LIMIT_S = 3.0


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one port grants its clients; times in seconds."""

    connections: int = 256
    head_s: float = 10.0
    """From the connection, or from the first byte of a further request, to the end of that head."""
    idle_s: float = 75.0
    """Between an answer and the first byte of the next request."""
    stall_s: float = 10.0
    """Within this time the client must take something of an answer that waits for it."""
    min_rate_bytes_s: int = 1_000

    def within(self, descriptors: int) -> ConnectionLimits:
        """The same with at most a quarter of the process's descriptors: the others are for calls."""
        fitting = max(1, min(self.connections, descriptors // 4))
        return ConnectionLimits(fitting, self.head_s, self.idle_s, self.stall_s, self.min_rate_bytes_s)


def descriptors() -> int:
    """How many descriptors this process may have open (`ulimit -n`)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else 1_048_576


class Connections:
    """All connections of one port.

    Attributes:
        refused: newcomers that got a 503.
        displaced: waiting connections that were closed to make room.
        expired: connections that were closed because a time limit was over.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.refused = self.displaced = self.expired = 0
        self._open: set[Connection] = set()
        self._waiting: dict[str, OrderedDict[Connection, None]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, connection: Connection) -> bool:
        """Give a place to a newcomer; False when every place is taken by a connection that answers."""
        if len(self._open) >= self.limits.connections and not self._displace():
            self.refused += 1
            return False
        self._open.add(connection)
        self.waits(connection)
        return True

    def leave(self, connection: Connection) -> None:
        self._open.discard(connection)
        self.answers(connection)

    def waits(self, connection: Connection) -> None:
        self._waiting.setdefault(connection.network, OrderedDict())[connection] = None

    def answers(self, connection: Connection) -> None:
        """Or is gone: it waits no more."""
        of_network = self._waiting.get(connection.network)
        if of_network is not None:
            of_network.pop(connection, None)
            if not of_network:
                del self._waiting[connection.network]

    def close(self) -> None:
        """End what did not end by itself."""
        for connection in tuple(self._open):
            connection.abort()

    def _displace(self) -> bool:
        if not self._waiting:
            return False
        largest = max(self._waiting.values(), key=len)
        victim = next(iter(largest))
        self.displaced += 1
        victim.abort()
        self.leave(victim)
        return True


class Connection(asyncio.Protocol):
    """Stands between a socket and aiohttp's reader of requests, and watches the clock."""

    def __init__(self, connections: Connections, make_handler: Callable[[], asyncio.Protocol]) -> None:
        self._connections = connections
        self._limits = connections.limits
        self._make_handler = make_handler
        self._handler: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._answering = 0
        self._has_begun = False
        """A byte of the next head came while nothing was answered."""
        self._has_tail = False
        """Bytes came behind a complete head: of its body, or of the next head."""
        self._head_is_done = False
        self._head_bytes = 0
        self._unsent_bytes = 0
        self.network = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.network = network_of(str(peer[0])) if peer else ""
        if not self._connections.enter(self):
            self._refuse(503, "Service Unavailable")
            return
        _end_when_unheard(transport.get_extra_info("socket"), self._limits.stall_s)
        self._arm(self._limits.head_s, self._expire)
        self._handler = self._make_handler()
        self._handler.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._connections.leave(self)
        if self._handler is not None:
            self._handler.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._handler is None:
            return
        if not self._count_head(data):
            self._refuse(431, "Request Header Fields Too Large")
            return
        self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        return self._handler.eof_received() if self._handler is not None else None

    def pause_writing(self) -> None:
        if self._handler is not None:
            self._handler.pause_writing()

    def resume_writing(self) -> None:
        if self._handler is not None:
            self._handler.resume_writing()

    def begin(self) -> None:
        """A request is complete; its answer is being made."""
        self._answering += 1
        self._has_begun = self._head_is_done = False
        self._head_bytes = self._unsent_bytes = 0
        self._connections.answers(self)
        self._arm(self._limits.stall_s, self._look)

    def end(self) -> None:
        """The answer is written. What came behind its request may be the beginning of the next head."""
        self._answering -= 1
        if self._transport is None or self._transport.is_closing():
            self._arm(self._limits.head_s, self._expire)
            return
        self._connections.waits(self)
        self._arm(self._limits.head_s if self._has_tail else self._limits.idle_s, self._expire)
        self._has_tail = False

    def abort(self) -> None:
        """Close now, whatever waits to be sent."""
        self._disarm()
        if self._transport is not None:
            self._transport.abort()

    def _count_head(self, data: bytes) -> bool:
        """Whether the head that is being read may go on; line ends before it do not count."""
        if self._answering or self._head_is_done:
            self._has_tail = True
            return True
        if not self._has_begun:
            self._has_begun = True
            self._arm(self._limits.head_s, self._expire)
        text = data if self._head_bytes else data.lstrip(b"\r\n")
        self._head_bytes += len(text)
        _, end, tail = text.partition(b"\r\n\r\n")
        self._head_is_done, self._has_tail = bool(end), bool(tail)
        return self._head_is_done or self._head_bytes <= MAX_HEAD_BYTES

    def _look(self) -> None:
        """Does the client take its answer?"""
        transport = self._transport
        if transport is None:
            return
        unsent = transport.get_write_buffer_size()
        enough = self._limits.min_rate_bytes_s * self._limits.stall_s
        if self._unsent_bytes and unsent > self._unsent_bytes - enough:
            self._connections.expired += 1
            self.abort()
            return
        self._unsent_bytes = unsent
        self._arm(self._limits.stall_s, self._look)

    def _expire(self) -> None:
        self._connections.expired += 1
        if self._has_begun:
            self._refuse(408, "Request Timeout")
        else:
            self.abort()

    def _refuse(self, status: int, reason: str) -> None:
        """A last word, for whoever reads it; nobody is waited for."""
        transport = self._transport
        if transport is None:
            return
        self._disarm()
        if not transport.is_closing():
            headers = "Server: pivot\r\nConnection: close\r\nContent-Length: 0"
            transport.write(f"HTTP/1.1 {status} {reason}\r\n{headers}\r\n\r\n".encode())
            transport.close()
        if transport.get_write_buffer_size():
            transport.abort()

    def _arm(self, delay_s: float, action: Callable[[], None]) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(delay_s, action)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _end_when_unheard(sock: socket.socket | None, limit_s: float) -> None:
    """Let the kernel give up a client that confirms nothing: it may be gone without a word (Linux)."""
    if sock is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(2_000 * limit_s))


@web.middleware
async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the connection when a request begins and when its answer is written.

    The answer is written in here, so that the connection counts as answering until then. It has to be the
    first middleware of an application that `listen` serves.
    """
    transport = request.transport
    connection = transport.get_protocol() if transport is not None else None
    if not isinstance(connection, Connection):
        return await handler(request)
    connection.begin()
    try:
        return await _write(request, await handler(request))
    except web.HTTPException as answer:
        await _write(request, answer)
        raise
    except Exception as error:
        log.error("http.crashed", error=type(error).__name__, traceback=traceback.format_exc())
        return await _write(request, web.Response(status=500, text="500 failed, the log says why\n"))
    finally:
        connection.end()


async def _write(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    with contextlib.suppress(ConnectionError):  # the client is gone; aiohttp finds that out by itself
        await response.prepare(request)
        await response.write_eof()
    return response


def _silent_logger() -> logging.Logger:
    """For aiohttp, which writes a traceback with a part of the head for each request that it cannot read.

    Strangers would fill the log, and heads hold tokens. What fails in a handler is logged by `watched`.
    """
    logger = logging.getLogger("pivot.web.aiohttp")
    logger.disabled = True
    return logger


@asynccontextmanager
async def listen(
    app: web.Application, host: str, port: int, limits: ConnectionLimits
) -> AsyncIterator[tuple[str, int, Connections]]:
    """Serve an application while the context lasts; yields where, and the connections.

    Paths and queries hold tokens, so aiohttp's own access log stays off.

    Raises:
        OSError: the address cannot be listened on.
    """
    granted = limits.within(descriptors())
    if granted != limits:
        wanted = limits.connections
        log.warning("http.few_descriptors", wanted=wanted, granted=granted.connections, have=descriptors())
    connections = Connections(granted)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_silent_logger(),
        handle_signals=False,
        shutdown_timeout=STOP_LIMIT_S,
        lingering_time=LINGER_S,
        auto_decompress=False,
    )
    await runner.setup()
    make_handler = runner.server
    assert make_handler is not None
    try:
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(connections, make_handler),
            host,
            port,
            backlog=max(1, granted.connections // 2),  # accepted in one turn, before any is refused
        )
        try:
            address = server.sockets[0].getsockname()
            yield address[0], address[1], connections
        finally:
            server.close()
    finally:
        await runner.cleanup()
        connections.close()
