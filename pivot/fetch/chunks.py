"""The chunked transfer coding: found its end, and written anew without extensions and trailers.

Source: RFC 9112, section 7.1.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from pivot.fetch.answer_head import NotHttp, shown

MAX_CHUNKS = 10_000
MAX_LINE_BYTES = 1024
"""Of one chunk's size and extensions."""
MAX_EXTRA_BYTES = 16_384
"""Of all extensions and trailers of one body."""
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n\x00]*)?\r\n")

_BEGINNING = re.compile(rb"[0-9A-Fa-f]{1,15}(?:[ \t;\r]|$)")


class _Part(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()
    DONE = auto()


class ChunkReader:
    """Takes a chunked body in pieces of any size."""

    def __init__(self) -> None:
        self._part = _Part.SIZE
        self._left = 0
        self._chunks = 0
        self._extra = 0
        self._pending = b""

    @property
    def done(self) -> bool:
        """True after the last chunk and its trailers."""
        return self._part is _Part.DONE

    def feed(self, data: bytes) -> tuple[list[bytes], bytes]:
        """The same chunks in their plainest form, and what follows the body's end.

        Raises:
            NotHttp: these are no chunks, or more of them than anybody needs.
        """
        data = self._pending + data
        plain: list[bytes] = []
        at = 0
        while at < len(data) and self._part is not _Part.DONE:
            after = self._step(data, at, plain)
            if after == at:
                break
            at = after
        rest = data[at:]
        self._pending = b"" if self.done else rest
        return plain, rest if self.done else b""

    def _step(self, data: bytes, at: int, plain: list[bytes]) -> int:
        """One part of a chunk; the place after it, or `at` when more bytes are needed."""
        if self._part is _Part.DATA:
            part = data[at : at + self._left]
            self._left -= len(part)
            plain.append(part)
            if self._left == 0:
                self._part = _Part.DATA_END
            return at + len(part)
        if self._part is _Part.SIZE:
            return self._size(data, at, plain)
        if self._part is _Part.DATA_END:
            return self._data_end(data, at, plain)
        return self._trailer(data, at, plain)

    def _size(self, data: bytes, at: int, plain: list[bytes]) -> int:
        match = _SIZE_LINE.match(data, at, at + MAX_LINE_BYTES)
        if match is None:
            return self._awaited(data, at)
        self._chunks += 1
        self._spend(len(match[2] or b""))
        if self._chunks > MAX_CHUNKS:
            raise NotHttp(f"sent a body of more than {MAX_CHUNKS} chunks")
        self._left = int(match[1], 16)
        if self._left:
            plain.append(b"%x\r\n" % self._left)
            self._part = _Part.DATA
        else:
            self._part = _Part.TRAILER
        return match.end()

    @staticmethod
    def _awaited(data: bytes, at: int) -> int:
        """A size whose line has not come to its end yet."""
        line, line_end, _ = data[at : at + MAX_LINE_BYTES].partition(b"\n")
        if line_end or len(line) == MAX_LINE_BYTES or not _BEGINNING.match(line):
            raise NotHttp(f"sent a chunk whose size cannot be read: {shown(line)}")
        return at

    def _data_end(self, data: bytes, at: int, plain: list[bytes]) -> int:
        end = data[at : at + 2]
        if not b"\r\n".startswith(end):
            raise NotHttp("sent a chunk that is longer than it said")
        if len(end) < 2:
            return at
        plain.append(end)
        self._part = _Part.SIZE
        return at + 2

    def _trailer(self, data: bytes, at: int, plain: list[bytes]) -> int:
        end = data.find(b"\n", at)
        if end < 0:
            if len(data) - at > MAX_EXTRA_BYTES:
                self._spend(len(data) - at)
            return at
        line = data[at:end].removesuffix(b"\r")
        self._spend(len(line))
        if not line:
            plain.append(b"0\r\n\r\n")
            self._part = _Part.DONE
        return end + 1

    def _spend(self, extra: int) -> None:
        self._extra += extra
        if self._extra > MAX_EXTRA_BYTES:
            raise NotHttp(f"sent chunks with more than {MAX_EXTRA_BYTES} bytes of extensions and trailers")
