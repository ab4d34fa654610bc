"""One connection to a customer's server: a request goes out only where nothing is in, an answer comes in only
where a request is out.

aiohttp gives whatever arrives to whoever asks next. So its protocol is never shown a byte that does not
belong to the answer of the request in progress: `AnswerReader` decides where that begins and ends, and
everything else closes the connection. Data without an outstanding request is no answer.
Source: RFC 9112, section 9.2.

`ResponseHandler` is no public interface of aiohttp; tests of this room fail when it moves.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, cast

from aiohttp.client_proto import ResponseHandler

from pivot.fetch.answer_head import HeaderFlood, NotHttp
from pivot.fetch.answer_reader import AnswerReader
from pivot.fetch.reuse import Reuse
from pivot.fetch.socket_state import SocketState
from pivot.fetch.trace import Trace, current


class UnaskedBytes(ConnectionResetError):
    """The server wrote something before it was asked; the request was not sent."""


class Connection(ResponseHandler):
    """aiohttp's side of one connection."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        max_header_bytes: int,
        sockets: Mapping[int, socket.socket],
        reuse: Reuse,
        watched_s: float,
    ) -> None:
        """
        Args:
            sockets: those that were opened, by file descriptor.
            watched_s: so long it must be silent after an answer to speak for its server.
        """
        super().__init__(loop)
        self._max_header_bytes = max_header_bytes
        self._sockets = sockets
        self._reuse = reuse
        self._watched_s = watched_s
        self._watch: asyncio.TimerHandle | None = None
        self._state: SocketState | None = None
        self._is_tls = False
        self._address: str | None = None
        self._origin = ""
        self._trace: Trace | None = None
        self._reader = AnswerReader(max_header_bytes)
        self._answers = 0
        self._spoiled = False
        """Something came unasked, or an answer was odd: no further request goes out here."""
        self._unasked_seen = False
        self._alone = False
        """The request in progress shares its connection with none."""
        self._sent = False
        """The request in progress has begun to go out."""
        self._heard = False
        """Its answer has begun to come in."""
        self._received_before = 0
        self._sent_before = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the peer's address, and put a gate before the transport that holds requests back."""
        peer = transport.get_extra_info("peername")
        self._address = peer[0] if peer else None
        self._is_tls = transport.get_extra_info("ssl_object") is not None
        opened = self._sockets.get(transport.get_extra_info("socket").fileno())
        self._state = None if opened is None else SocketState(opened)
        gate = _SendGate(cast(asyncio.Transport, transport), self)
        super().connection_made(cast(asyncio.BaseTransport, gate))

    # What aiohttp asks

    def set_response_params(self, **params: Any) -> None:
        """aiohttp calls this when the connection is there and a request is about to go out."""
        self._reader = AnswerReader(self._max_header_bytes, bodyless=bool(params.get("skip_payload")))
        self._sent = self._heard = False
        self._trace = current.get()
        if self._trace is not None:
            self._origin = self._trace.origin
            self._alone = self._trace.alone
            self._trace.connected(self._address, kept=self._answers > 0)
        super().set_response_params(**params)

    def is_connected(self) -> bool:
        """Whether a request may take this kept connection."""
        return super().is_connected() and (self._answers == 0 or self._is_clean())

    @property
    def should_close(self) -> bool:
        """Whether the connection ends with the answer in progress."""
        return bool(
            super().should_close
            or self._spoiled
            or self._reading_paused
            or not self._reader.reusable
            or self._state is None
            or self._alone
            or self._reuse.is_denied(self._origin, self._loop.time())
        )

    # What goes out

    def before_sending(self) -> None:
        """The last look, at the moment of sending.

        Raises:
            UnaskedBytes: the connection is not clean.
        """
        if self._sent:
            return
        if not self._is_clean():
            self._refuse_to_send()
        self._sent = True
        if self._state is not None:
            self._sent_before = (self._state.acknowledged_bytes() or 0) + self._state.unacknowledged_bytes()

    def _refuse_to_send(self) -> None:
        is_over = self._state is not None and self._state.is_over()
        if self.transport is not None:
            self.transport.abort()
        if is_over and not self._unasked_seen:
            raise ConnectionResetError
        self._spoil("behind an answer" if self._answers else "before the first request")
        raise UnaskedBytes

    def _is_clean(self) -> bool:
        """Nothing came since the last answer, read or not.

        Only of a new TLS connection the kernel may still hold something: the rest of the handshake.
        """
        if self._spoiled or (self._heard and not self._reader.complete):
            return False
        if self._state is None or (self._is_tls and self._answers == 0):
            return True
        if not self._state.is_quiet():
            return False
        return self._answers == 0 or (self._state.received_bytes() or 0) == self._received_before

    # What comes in

    def data_received(self, data: bytes) -> None:
        """Read the answer; bytes that no request asked for close the connection."""
        if not data:  # aiohttp goes on with what its parser holds
            super().data_received(data)
            return
        if not self._sent or self._reader.complete:
            self._unasked(data)
            return
        if not self._heard and not self._begins(data):
            return
        try:
            parts = self._reader.feed(data)
        except (NotHttp, HeaderFlood) as error:
            self._give_up(error)
            return
        self._note_head()
        if parts:
            super().data_received(b"".join(parts))
        if self._reader.complete:
            self._ended()

    def _begins(self, data: bytes) -> bool:
        """Whether these first bytes can be the answer: the server must have had a byte of the request.

        Each segment that a server sends confirms what it has received. So bytes that arrive while nothing
        of the request is confirmed were written before it came.
        """
        assert self.transport is not None
        self._heard = True
        if self._trace is not None:
            self._trace.first_byte_at = self._trace.now()
        if self._state is None:
            return True
        acknowledged = self._state.acknowledged_bytes()
        if acknowledged is not None and acknowledged <= self._sent_before:
            self._heard = False
            if self._trace is not None:
                self._trace.first_byte_at = None
            self._spoil("before the request arrived")
            self.set_exception(UnaskedBytes())
            self.transport.abort()
            return False
        is_early = self.transport.get_write_buffer_size() > 0 or self._state.unacknowledged_bytes() > 0
        self._spoiled = self._spoiled or is_early
        return True

    def _note_head(self) -> None:
        head = self._reader.head
        if head is not None and self._trace is not None:
            self._trace.warnings.extend(head.warnings)
            self._trace = None

    def _ended(self) -> None:
        self._answers += 1
        if self._reader.head is not None and self._reader.head.status == HTTPStatus.REQUEST_TIMEOUT:
            self._spoiled = True  # the server is done with this connection, whether it says so or not
        if not self._reuse.is_allowed(self._origin) and self._watch is None:
            self._watch = self._loop.call_later(self._watched_s, self._was_watched)
        if self._state is not None:
            self._received_before = self._state.received_bytes() or 0
            if self._is_tls and not self._state.is_quiet():
                self._spoiled = True
        if self._reader.surplus:
            self._unasked(self._reader.surplus)

    def _was_watched(self) -> None:
        if self.is_connected() and self._reader.complete:
            self._reuse.was_silent(self._origin, self._loop.time())

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop watching the socket."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def _unasked(self, data: bytes) -> None:
        """Bytes that belong to no answer close the connection; an answer that is there already stays."""
        if data.strip(b"\r\n"):
            self._unasked_seen = True
            self._spoil("behind an answer" if self._answers else "before the first request")
        else:  # a line end too many is common, and no answer
            self._spoil("")
        if self.transport is not None and (self._payload is None or self._payload.is_eof()):
            self.transport.abort()

    def _spoil(self, reason: str) -> None:
        self._spoiled = True
        self.force_close()
        if reason:
            self._reuse.deny(self._origin, self._loop.time(), reason)

    def _give_up(self, error: Exception) -> None:
        self._spoiled = True
        if self._reader.head is not None and self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(error)
        self.set_exception(error)
        if self.transport is not None:
            self.transport.close()


class _SendGate:
    """A transport that asks the connection before a request goes out; everything else passes."""

    __slots__ = ("_connection", "_transport")

    def __init__(self, transport: asyncio.Transport, connection: Connection) -> None:
        self._transport = transport
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._connection.before_sending()
        self._transport.write(data)

    def writelines(self, parts: Iterable[bytes]) -> None:
        self._connection.before_sending()
        self._transport.writelines(parts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
