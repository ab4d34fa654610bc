"""Reading an answer's body: decoded as it comes, capped on what it decodes to, never slower than allowed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import aiohttp

from pivot.fetch import faults
from pivot.fetch.limits import SMALL_BYTES, Share
from pivot.fetch.settings import FetchSettings
from pivot.fetch.trace import Phase, Trace

try:
    import brotli  # type: ignore[import-untyped]
except ImportError:
    brotli = None

GRACE_S = 2.0
"""A body may start as slowly as it likes for this long."""
_READ_BYTES = SMALL_BYTES
_MAX_GZIP_MEMBERS = 64
_MAX_EMPTY_CODED_BYTES = 65_536
"""Coded bytes that a body may have beyond its cap; a stream of empty blocks decodes to nothing for ever."""


class Decoder(Protocol):
    """Turns coded bytes into decoded ones, at most so many at a time."""

    @property
    def finished(self) -> bool:
        """True when the coding says that the body is complete."""

    def decode(self, data: bytes, most: int) -> Iterator[bytes]:
        """Raises Fault or zlib.error for bytes that are not of this coding."""

    def rest(self, most: int) -> bytes:
        """What comes out only when all bytes are there; the first bytes when there are more than `most`."""


class Identity:
    """No coding: the bytes as they are."""

    finished = True

    def decode(self, data: bytes, most: int) -> Iterator[bytes]:
        """The bytes given."""
        yield data

    def rest(self, most: int) -> bytes:
        """Nothing: no bytes are held back."""
        return b""


class Gzip:
    """gzip with any sensible number of members, one after the other."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._members = 1

    @property
    def finished(self) -> bool:
        """True at the end of a member; another member may follow."""
        return self._member.eof

    def decode(self, data: bytes, most: int) -> Iterator[bytes]:
        """Decoded parts of at most `most` bytes each. Padding behind the last member is left out."""
        while data:
            if self._member.eof:
                if not data.startswith(b"\x1f"):
                    return  # padding after the last member, as gzip itself ignores it
                self._members += 1
                if self._members > _MAX_GZIP_MEMBERS:
                    raise faults.too_large(f"the body has more than {_MAX_GZIP_MEMBERS} gzip members")
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield from _inflate(self._member, data, most)
            data = self._member.unused_data

    def rest(self, most: int) -> bytes:
        """Nothing: no bytes are held back."""
        return b""


class Deflate:
    """zlib's format as the standard wants it, or the bare stream that some servers send."""

    def __init__(self) -> None:
        self._stream: Any = None

    @property
    def finished(self) -> bool:
        """True at the end of the stream."""
        return self._stream is not None and bool(self._stream.eof)

    def decode(self, data: bytes, most: int) -> Iterator[bytes]:
        """Decoded parts of at most `most` bytes each. The first byte tells zlib from raw deflate."""
        if self._stream is None:
            is_zlib = data[0] & 0x0F == 8
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
        if not self._stream.eof:
            yield from _inflate(self._stream, data, most)

    def rest(self, most: int) -> bytes:
        """Nothing: no bytes are held back."""
        return b""


def _inflate(stream: Any, data: bytes, most: int) -> Iterator[bytes]:
    """All that comes out for `data`; a full part may leave output behind although all input is taken."""
    while True:
        part = stream.decompress(data, most)
        yield part
        data = stream.unconsumed_tail
        if stream.eof or (not data and len(part) < most):
            return


class Brotli:
    """Decoded when all of it is there: a decoder holds up to 16 MB, so there is never more than one."""

    finished = True

    def __init__(self) -> None:
        self._coded = bytearray()

    def decode(self, data: bytes, most: int) -> Iterator[bytes]:
        """Nothing yet: the coded bytes are collected, and decoded in `rest`."""
        self._coded += data
        yield from ()

    def rest(self, most: int) -> bytes:
        if not self._coded:
            return b""
        stream = brotli.Decompressor()
        decoded = bytearray()
        try:
            part = stream.process(bytes(self._coded), output_buffer_limit=SMALL_BYTES)
            while part and len(decoded) <= most:
                decoded += part
                part = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=SMALL_BYTES)
        except brotli.error as error:
            raise zlib.error(str(error)) from error
        if len(decoded) <= most and not stream.is_finished():
            raise zlib.error("incomplete")
        return bytes(decoded)


class Stages:
    """One coding on top of another; what passes between them is bounded, too."""

    def __init__(self, stages: Sequence[Decoder], most: int) -> None:
        """
        Args:
            stages: the outermost coding first.
            most: bytes that one stage may hand to the next.
        """
        self._stages = stages
        self._most = most
        self._passed = [0] * len(stages)

    @property
    def finished(self) -> bool:
        """True when every coding is complete."""
        return all(stage.finished for stage in self._stages)

    def decode(self, data: bytes, most: int) -> Iterator[bytes]:
        """What the codings make of the bytes, one after the other, in parts of at most `most` bytes."""
        yield from self._through(0, data, most)

    def rest(self, most: int) -> bytes:
        out = bytearray()
        for number, stage in enumerate(self._stages):
            rest = stage.rest(self._most)
            last = number + 1 == len(self._stages)
            out += rest if last else b"".join(self._through(number + 1, rest, SMALL_BYTES))
            if len(out) > self._most:
                raise _over(self._most)
        return bytes(out)

    def _through(self, number: int, data: bytes, most: int) -> Iterator[bytes]:
        if number == len(self._stages):
            yield data
            return
        if not data:
            return
        for part in self._stages[number].decode(data, most):
            self._passed[number] += len(part)
            if self._passed[number] > self._most:
                raise _over(self._most)
            yield from self._through(number + 1, part, most)


def _has_bounded_brotli() -> bool:
    return brotli is not None and hasattr(brotli.Decompressor, "can_accept_more_data")


_DECODERS: dict[str, type[Decoder]] = {
    "gzip": Gzip,
    "x-gzip": Gzip,
    "deflate": Deflate,
    **({"br": Brotli} if _has_bounded_brotli() else {}),
}
_NOT_DECODED = {
    *("compress", "x-compress", "zstd", "dcb", "dcz", "lzma", "xz", "bzip2", "x-bzip2", "bz2"),
    *("lz4", "snappy", "exi", "aes128gcm", "pack200-gzip", "x-brotli", "brotli", "sdch"),
    *({"br"} - _DECODERS.keys()),
}
"""Codings that exist: the body is certainly not readable as it is."""
_MAX_CODINGS = 3
ACCEPTED_ENCODINGS = ", ".join(name for name in ("gzip", "deflate", "br") if name in _DECODERS)


def cap_for(content_type: str, settings: FetchSettings) -> int:
    """Decoded bytes that an answer of this type may have."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("text/xml", "application/xml") or kind.endswith("+xml"):
        return settings.max_xml_bytes
    if kind == "application/json" or kind.endswith("+json"):
        return settings.max_json_bytes
    return max(settings.max_json_bytes, settings.max_xml_bytes)


async def read_body(
    response: aiohttp.ClientResponse, cap: int, min_rate_bytes_s: int, share: Share, trace: Trace
) -> bytes:
    """The decoded body.

    Args:
        cap: decoded bytes that are accepted.
        min_rate_bytes_s: each coded byte that arrives buys 1/rate seconds, after a grace.

    Raises:
        Fault: too large, wrongly coded or cut short.
    """
    decoder = _decoder(response.headers.getall("Content-Encoding", ()), trace, cap + _MAX_EMPTY_CODED_BYTES)
    if isinstance(decoder, Identity) and (response.content_length or 0) > cap:
        raise _over(cap)
    started_at = trace.now()
    body = _Body(cap, share, trace)
    coded_bytes = 0
    try:
        while data := await response.content.read(_READ_BYTES):
            coded_bytes += len(data)
            if coded_bytes > cap + _MAX_EMPTY_CODED_BYTES:
                raise _over(cap)
            await body.add(decoder.decode(data, SMALL_BYTES))
            if response.content.at_eof():
                break
            trace.limit(started_at + GRACE_S + coded_bytes / min_rate_bytes_s)
        if coded_bytes and (rest := decoder.rest(cap)):
            await _grow(share, cap, trace)
            await body.add(iter((rest,)))
    except zlib.error as error:
        raise faults.protocol("the body is not coded as its Content-Encoding says") from error
    if coded_bytes and not decoder.finished:
        raise faults.protocol("the coded body ends before its end")
    return bytes(body.content)


class _Body:
    """Decoded bytes, each paid for from the share before it is kept."""

    def __init__(self, cap: int, share: Share, trace: Trace) -> None:
        self._cap = cap
        self._share = share
        self._trace = trace
        self.content = bytearray()

    async def add(self, parts: Iterator[bytes]) -> None:
        for part in parts:
            size = len(self.content) + len(part)
            if size > self._cap:
                raise _over(self._cap)
            if size > SMALL_BYTES:
                await _grow(self._share, self._cap, self._trace)
            self.content += part


async def _grow(share: Share, cap: int, trace: Trace) -> None:
    trace.phase = Phase.MEMORY
    await share.grow(cap)
    trace.phase = Phase.BODY


def _decoder(lines: Sequence[str], trace: Trace, most: int) -> Decoder:
    """What undoes all codings; the last one was applied last. Source: RFC 9110, section 8.4.

    A charset or another word that is no coding says nothing about the bytes, and is passed over.
    """
    words = [word.partition(";")[0].strip(" \t\"'").lower() for line in lines for word in line.split(",")]
    names = [word for word in words if word not in ("", "identity")]
    if unknown := [name for name in names if name in _NOT_DECODED]:
        raise faults.protocol(
            f"the body's Content-Encoding is {unknown[0]}, which is not one of {ACCEPTED_ENCODINGS}"
        )
    for name in [name for name in names if name not in _DECODERS][:5]:
        trace.warnings.append(f"Content-Encoding is {name[:40]!r}, which is no coding; it was passed over")
    codings = [_DECODERS[name] for name in names if name in _DECODERS]
    if len(codings) > _MAX_CODINGS:
        raise faults.protocol(f"the body has more than {_MAX_CODINGS} codings, one on top of the other")
    stages = [coding() for coding in reversed(codings)]
    if len(stages) > 1:
        return Stages(stages, most)
    return stages[0] if stages else Identity()


def _over(cap: int) -> faults.Fault:
    return faults.too_large(f"the body has more than the {cap} bytes that are accepted of its type")
