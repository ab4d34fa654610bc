"""What the kernel knows of a connection beyond what was read from it.

Each look is one system call and never waits.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios

_INFO_BYTES = 136
_ACKED_AND_RECEIVED = struct.Struct("=QQ")
_AT = 120
"""Of `tcpi_bytes_acked`, behind which `tcpi_bytes_received` stands. Source: Linux's uapi/linux/tcp.h."""


class SocketState:
    """One connected TCP socket."""

    __slots__ = ("_socket",)

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened

    def is_quiet(self) -> bool:
        """Nothing is there to be read: no byte, no end, no error."""
        return self._peek() is None

    def is_over(self) -> bool:
        """The peer has closed, and no byte is left to be read."""
        return self._peek() == b""

    def _peek(self) -> bytes | None:
        try:
            return self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def received_bytes(self) -> int | None:
        """What the peer has sent so far, read or not; None where the kernel does not say."""
        counters = self._counters()
        return None if counters is None else counters[1]

    def acknowledged_bytes(self) -> int | None:
        """What of ours the peer's kernel has confirmed so far; None where ours does not say."""
        counters = self._counters()
        return None if counters is None else counters[0]

    def unacknowledged_bytes(self) -> int:
        """What was written to the socket and is not confirmed yet."""
        try:
            answer = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0
        return int(struct.unpack("=i", answer)[0])

    def _counters(self) -> tuple[int, int] | None:
        """Nothing but zeros comes from systems that know the structure and do not fill it in."""
        option = getattr(socket, "TCP_INFO", None)
        if option is None:
            return None
        try:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, option, _INFO_BYTES)
        except OSError:
            return None
        if len(info) < _INFO_BYTES:
            return None
        acked, received = _ACKED_AND_RECEIVED.unpack_from(info, _AT)
        return (acked, received) if acked else None
