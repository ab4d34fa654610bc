"""aiohttp's connector with our eyes on every socket: checked, measured, and bounded while headers come.

`ResponseHandler` and the connector's `_factory` are no public interface of aiohttp. There is no public place
that sees bytes before the headers are complete, and without one an endless head, or thousands of
informational answers in one packet, cannot be bounded. Tests of this room fail when that interface moves.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from asyncio import sslproto
from typing import Any

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage

from pivot.fetch.egress_gate import Gate
from pivot.fetch.faults import HeaderFlood
from pivot.fetch.resolver import Resolver
from pivot.fetch.settings import FetchSettings
from pivot.fetch.trace import Trace, current

RECEIVE_BUFFER_BYTES = 32_768
"""Bounds what one read can bring into memory, whatever the server pushes."""
_SLICE_BYTES = 4096
_MAX_INFORMATIONAL = 20


class BoundedHandler(ResponseHandler):
    """Counts an answer's head and ends it when it goes on for too long."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_header_bytes: int) -> None:
        super().__init__(loop)
        self._max_header_bytes = max_header_bytes
        self._head_bytes = 0
        self._informational = 0
        self._in_head = False
        self._trace: Trace | None = None
        self._address: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._address = peer[0] if peer else None

    def set_response_params(self, **params: Any) -> None:
        """aiohttp calls this when the connection is there and a request is about to go out."""
        self._head_bytes = self._informational = 0
        self._in_head = True
        self._trace = current.get()
        if self._trace is not None:
            self._trace.connected(self._address)
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        if not self._in_head:
            super().data_received(data)
            return
        if self._trace is not None and self._trace.first_byte_at is None:
            self._trace.first_byte_at = self._trace.now()
        for start in range(0, len(data), _SLICE_BYTES):
            part = data[start : start + _SLICE_BYTES]
            self._head_bytes += len(part)
            super().data_received(part)
            if self._in_head and self._is_flood():
                self._give_up()
            if self.exception() is not None or self.transport is None:
                return

    def feed_data(self, message: tuple[RawResponseMessage, Any], size: int = 0) -> None:
        if 100 <= message[0].code < 200:
            self._informational += 1
        else:
            self._in_head = False
            self._trace = None
        super().feed_data(message, size)

    def _is_flood(self) -> bool:
        return self._head_bytes > self._max_header_bytes or self._informational > _MAX_INFORMATIONAL

    def _give_up(self) -> None:
        self.set_exception(HeaderFlood())
        if self.transport is not None:
            self.transport.close()


class TimedContext(ssl.SSLContext):
    """Tells the trace when the handshake begins."""

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        trace = current.get()
        if trace is not None:
            trace.tls_at = trace.now()
        return super().wrap_bio(*args, **kwargs)


def tls_context(settings: FetchSettings) -> ssl.SSLContext:
    """Raises OSError when a certificate file cannot be read."""
    context = TimedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if settings.ca_file:
        context.load_verify_locations(settings.ca_file)
    if settings.client_cert_file:
        context.load_cert_chain(settings.client_cert_file, settings.client_key_file or None)
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def open_connector(settings: FetchSettings, gate: Gate, resolver: Resolver) -> TCPConnector:
    """A connector that asks the guard about each address at the moment of connecting."""
    # Each TLS connection owns a buffer of this size, 256 kB by default; a TLS record has 16 kB at most.
    sslproto.SSLProtocol.max_size = 65_536
    connector = TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        ssl=tls_context(settings),
        limit=0,  # our own limits stand in front, and they are fair
        keepalive_timeout=settings.keepalive_s,
        socket_factory=functools.partial(_open_socket, gate),
    )
    loop = asyncio.get_running_loop()
    connector._factory = functools.partial(BoundedHandler, loop, settings.max_header_bytes)  # type: ignore[assignment]
    return connector


def _open_socket(gate: Gate, address_info: Any) -> socket.socket:
    family, kind, protocol, _, peer = address_info
    trace = current.get()
    if trace is not None:
        trace.socket_at = trace.socket_at or trace.now()
        trace.address = peer[0]
    gate.check("" if trace is None else trace.host, peer[1], peer[0], own=is_own(family, peer))
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return opened


def is_own(family: int, peer: tuple[Any, ...]) -> bool:
    """Whether an address is one of this machine's: the kernel would answer from that same address.

    Connecting a UDP socket sends nothing.
    """
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer[0], peer[1] or 9, *peer[2:]))
            return bool(probe.getsockname()[0] == peer[0])
        except OSError:
            return False
