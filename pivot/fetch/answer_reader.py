"""Where one answer begins and ends in a connection's bytes.

Everything an answer consists of goes on to aiohttp's parser in its plainest form, and not one byte more:
which answer belongs to which request is decided here alone. No I/O.
"""

from __future__ import annotations

from enum import Enum, auto

from pivot.fetch.answer_head import Framing, Head, HeaderFlood, NotHttp, is_beginning, read_head, shown
from pivot.fetch.chunks import ChunkReader

MAX_INFORMATIONAL = 20
MAX_LINE_BYTES = 8190
MAX_HEADERS = 100


class _Part(Enum):
    HEAD = auto()
    BODY = auto()
    CHUNKS = auto()
    UNTIL_CLOSE = auto()
    DONE = auto()


class AnswerReader:
    """Reads the answer to one request: informational heads, the head that counts, its body."""

    def __init__(self, max_header_bytes: int, *, bodyless: bool = False) -> None:
        self._max_header_bytes = max_header_bytes
        self._bodyless = bodyless
        self._part = _Part.HEAD
        self._pending = bytearray()
        self._lines: list[bytes] = []
        self._head_bytes = 0
        self._informational = 0
        self._left = 0
        self._chunks = ChunkReader()
        self.head: Head | None = None
        """Of the answer that counts, once it is there."""
        self.surplus = b""
        """The first bytes behind the answer's end."""

    @property
    def complete(self) -> bool:
        """Its last byte has come."""
        return self._part is _Part.DONE

    @property
    def reusable(self) -> bool:
        """The connection may carry another request: the answer is complete and nothing was odd."""
        return self.complete and not self.surplus and self.head is not None and self.head.persistent

    def feed(self, data: bytes) -> list[bytes]:
        """What of these bytes belongs to the answer, in its plainest form.

        Raises:
            NotHttp: they are no answer.
            HeaderFlood: its head goes on for too long.
        """
        plain: list[bytes] = []
        while data:
            if self._part is _Part.DONE:
                self.surplus = self.surplus or data[:64]
                break
            data = self._step(data, plain)
        return plain

    def _step(self, data: bytes, plain: list[bytes]) -> bytes:
        if self._part is _Part.HEAD:
            return self._read_head(data, plain)
        if self._part is _Part.CHUNKS:
            parts, data = self._chunks.feed(data)
            plain.extend(parts)
            if self._chunks.done:
                self._part = _Part.DONE
            return data
        if self._part is _Part.UNTIL_CLOSE:
            plain.append(data)
            return b""
        part, data = data[: self._left], data[self._left :]
        plain.append(part)
        self._left -= len(part)
        if self._left == 0:
            self._part = _Part.DONE
        return data

    def _read_head(self, data: bytes, plain: list[bytes]) -> bytes:
        """Lines up to the empty one; returns what follows it."""
        searched = len(self._pending)
        self._pending += data
        start = 0
        while (end := self._pending.find(b"\n", max(start, searched))) >= 0:
            line = bytes(self._pending[start:end]).removesuffix(b"\r")
            self._count(end + 1 - start)
            start = end + 1
            if self._add(line):
                rest = bytes(self._pending[start:])
                self._pending.clear()
                self._head_is_there(plain)
                return rest
        del self._pending[:start]
        if not self._lines and not is_beginning(self._pending.lstrip(b"\r")):
            raise NotHttp(
                f"answered with something that is not HTTP: it begins with {shown(bytes(self._pending))}"
            )
        if (
            len(self._pending) > MAX_LINE_BYTES
            or self._head_bytes + len(self._pending) > self._max_header_bytes
        ):
            raise HeaderFlood
        return b""

    def _add(self, line: bytes) -> bool:
        """True for the line that ends the head. Empty lines before a status line are read over."""
        if not line:
            return bool(self._lines)
        if len(line) > MAX_LINE_BYTES or len(self._lines) > MAX_HEADERS:
            raise HeaderFlood
        if not self._lines and not is_beginning(line):
            raise NotHttp(f"answered with something that is not HTTP: it begins with {shown(line)}")
        self._lines.append(line)
        return False

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._max_header_bytes:
            raise HeaderFlood

    def _head_is_there(self, plain: list[bytes]) -> None:
        head = read_head(self._lines, bodyless=self._bodyless)
        self._lines.clear()
        if 100 <= head.status < 200:
            self._informational += 1
            if self._informational > MAX_INFORMATIONAL:
                raise HeaderFlood
            return
        self.head = head
        self._left = head.length
        plain.append(head.canonical())
        if head.framing is Framing.CHUNKED:
            self._part = _Part.CHUNKS
        elif head.framing is Framing.CLOSE:
            self._part = _Part.UNTIL_CLOSE
        else:
            self._part = _Part.BODY if head.length else _Part.DONE
