"""aiohttp's connector, for sockets that are checked when they are opened and kept for one account alone.

The connector's `_factory` is no public interface of aiohttp. There is no public place that sees bytes before
the headers are complete (`connection.py`). Tests of this room fail when that interface moves.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from asyncio import sslproto
from typing import Any
from weakref import WeakValueDictionary

from aiohttp import ClientRequest, TCPConnector
from aiohttp.client_reqrep import ConnectionKey

from pivot.fetch.connection import Connection
from pivot.fetch.egress_gate import EgressGate
from pivot.fetch.resolver import Resolver
from pivot.fetch.reuse import WATCHED_S, Reuse
from pivot.fetch.settings import FetchSettings
from pivot.fetch.trace import current

RECEIVE_BUFFER_BYTES = 32_768
"""Bounds what one read can bring into memory, whatever the server pushes."""


class AccountRequest(ClientRequest):
    """Takes kept connections of its own account only: nothing can be heard across accounts."""

    @property
    def connection_key(self) -> ConnectionKey:
        """The key under which a connection is kept, with the account's pool as a part of it."""
        trace = current.get()
        # A field for proxies, of which there are none.
        return super().connection_key._replace(
            proxy_headers_hash=None if trace is None else trace.pool  # type: ignore[arg-type]
        )


class TimedContext(ssl.SSLContext):
    """Tells the trace when the handshake begins."""

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Note the time at which the TLS handshake begins."""
        trace = current.get()
        if trace is not None:
            trace.tls_at = trace.now()
        return super().wrap_bio(*args, **kwargs)


def tls_context(settings: FetchSettings) -> ssl.SSLContext:
    """Raises OSError when a certificate file cannot be read."""
    context = TimedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False  # the subject alternative name alone counts
    context.load_default_certs()
    if settings.ca_file:
        context.load_verify_locations(settings.ca_file)
    if settings.client_cert_file:
        context.load_cert_chain(settings.client_cert_file, settings.client_key_file or None)
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def open_connector(
    settings: FetchSettings, gate: EgressGate, resolver: Resolver, reuse: Reuse
) -> TCPConnector:
    """A connector that asks the guard about each address at the moment of connecting."""
    # Each TLS connection owns a buffer of this size, 256 kB by default; a TLS record has 16 kB at most.
    sslproto.SSLProtocol.max_size = 65_536
    opened: WeakValueDictionary[int, socket.socket] = WeakValueDictionary()
    connector = TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        ssl=tls_context(settings),
        limit=0,  # our own limits stand in front, and they are fair
        keepalive_timeout=settings.keepalive_s,
        socket_factory=functools.partial(_open_socket, gate, opened),
    )
    loop = asyncio.get_running_loop()
    connector._factory = functools.partial(  # type: ignore[assignment]
        Connection, loop, settings.max_header_bytes, opened, reuse, min(WATCHED_S, settings.keepalive_s / 2)
    )
    return connector


def _open_socket(
    gate: EgressGate, sockets: WeakValueDictionary[int, socket.socket], address_info: Any
) -> socket.socket:
    family, kind, protocol, _, peer = address_info
    trace = current.get()
    if trace is not None:
        trace.socket_at = trace.socket_at or trace.now()
        trace.address = peer[0]
    gate.check("" if trace is None else trace.host, peer[1], peer[0], own=is_own(family, peer))
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    sockets[opened.fileno()] = opened
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
