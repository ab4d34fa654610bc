"""One coroutine per fault; each gets a connection whose request's head was read, if it reads at all."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import brotli  # type: ignore[import-untyped]

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Behaviour: TypeAlias = Callable[[Reader, Writer], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/json\r\n"
BOMB_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave, and the code by which pivot must call it."""

    name: str
    code: str
    behave: Behaviour
    tls: bool = False
    """Asked by https; the handler sees raw bytes all the same."""
    reads_head: bool = True


FAULTS: list[Fault] = []


def fault(code: str, *, tls: bool = False, reads_head: bool = True) -> Callable[[Behaviour], Behaviour]:
    def register(behave: Behaviour) -> Behaviour:
        FAULTS.append(Fault(behave.__name__, code, behave, tls, reads_head))
        return behave

    return register


async def _send(writer: Writer, *parts: bytes) -> None:
    for part in parts:
        writer.write(part)
        await writer.drain()


async def _for_ever(writer: Writer, part: bytes, pause_s: float = 0.0) -> None:
    while True:
        await _send(writer, part)
        await asyncio.sleep(pause_s)


def _reset(writer: Writer) -> None:
    """Close so that the peer sees a reset."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _bomb(coding: bytes, coded: bytes) -> bytes:
    length = b"Content-Length: %d\r\n\r\n" % len(coded)
    return OK + JSON + b"Content-Encoding: " + coding + b"\r\n" + length + coded


def _members(count: int, content: bytes) -> bytes:
    return gzip.compress(content, mtime=0) * count


def _brotli_bomb() -> bytes:
    return bytes(brotli.compress(bytes(BOMB_BYTES), quality=1))


GZIP_BOMB = gzip.compress(bytes(BOMB_BYTES), compresslevel=9, mtime=0)
DEFLATE_BOMB = zlib.compress(bytes(BOMB_BYTES), 9)
BROTLI_BOMB = _brotli_bomb()


@fault("fetch.too_large")
async def gzip_bomb(reader: Reader, writer: Writer) -> None:
    await _send(writer, _bomb(b"gzip", GZIP_BOMB))


@fault("fetch.too_large")
async def gzip_bomb_of_many_members(reader: Reader, writer: Writer) -> None:
    await _send(writer, _bomb(b"gzip", _members(200, bytes(1_000_000))))


@fault("fetch.too_large")
async def gzip_of_empty_members(reader: Reader, writer: Writer) -> None:
    await _send(writer, _bomb(b"gzip", _members(20_000, b"")))


@fault("fetch.too_large")
async def deflate_bomb(reader: Reader, writer: Writer) -> None:
    await _send(writer, _bomb(b"deflate", DEFLATE_BOMB))


@fault("fetch.too_large")
async def brotli_bomb(reader: Reader, writer: Writer) -> None:
    await _send(writer, _bomb(b"br", BROTLI_BOMB))


@fault("fetch.protocol")
async def gzip_that_is_none(reader: Reader, writer: Writer) -> None:
    await _send(writer, _bomb(b"gzip", b"certainly not gzip"))


@fault("fetch.protocol")
async def gzip_cut_short(reader: Reader, writer: Writer) -> None:
    await _send(writer, _bomb(b"gzip", gzip.compress(b"x" * 1000)[:-12]))


@fault("fetch.protocol")
async def unknown_coding(reader: Reader, writer: Writer) -> None:
    await _send(writer, _bomb(b"lzma", b"abc"))


@fault("fetch.too_large")
async def announced_too_large(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Content-Length: 10000000000\r\n\r\n")
    await asyncio.Event().wait()


@fault("fetch.too_large")
async def endless_body(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Connection: close\r\n\r\n")
    await _for_ever(writer, bytes(65_536))


@fault("fetch.too_large")
async def endless_chunks(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Transfer-Encoding: chunked\r\n\r\n")
    await _for_ever(writer, b"1000\r\n" + bytes(0x1000) + b"\r\n")


@fault("fetch.read_timeout")
async def dripping_body(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Content-Length: 1000\r\n\r\n")
    await _for_ever(writer, b" ", 0.02)


@fault("fetch.read_timeout")
async def dripping_head(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK)
    await _for_ever(writer, b"X-A: b\r\n", 0.02)


@fault("fetch.read_timeout")
async def accepts_and_is_silent(reader: Reader, writer: Writer) -> None:
    await asyncio.Event().wait()


@fault("fetch.read_timeout")
async def head_without_body(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Content-Length: 10\r\n\r\n")
    await asyncio.Event().wait()


@fault("fetch.read_timeout")
async def half_closed_and_silent(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab")
    await asyncio.Event().wait()


@fault("fetch.too_large")
async def endless_headers(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK)
    await _for_ever(writer, b"X-Flood: " + b"a" * 4000 + b"\r\n")


@fault("fetch.too_large")
async def many_headers(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + b"".join(b"X-%d: y\r\n" % number for number in range(5000)) + b"\r\n")
    await asyncio.Event().wait()


@fault("fetch.too_large")
async def one_endless_header(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + b"X-Flood: ")
    await _for_ever(writer, b"a" * 65_536)


@fault("fetch.too_large")
async def endless_status_line(reader: Reader, writer: Writer) -> None:
    await _send(writer, b"HTTP/1.1 200 ")
    await _for_ever(writer, b"a" * 65_536)


@fault("fetch.too_large")
async def storm_of_informational_answers(reader: Reader, writer: Writer) -> None:
    await _for_ever(writer, b"HTTP/1.1 102 Processing\r\n\r\n" * 1000)


@fault("fetch.closed")
async def closes_at_once(reader: Reader, writer: Writer) -> None:
    writer.close()


@fault("fetch.closed")
async def resets_after_the_request(reader: Reader, writer: Writer) -> None:
    _reset(writer)


@fault("fetch.closed", reads_head=False)
async def resets_before_the_request(reader: Reader, writer: Writer) -> None:
    _reset(writer)


@fault("fetch.closed")
async def resets_within_the_body(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Content-Length: 1000\r\n\r\n" + b"x" * 10)
    await asyncio.sleep(0.02)
    _reset(writer)


@fault("fetch.closed")
async def promises_more_than_it_sends(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Content-Length: 1000\r\n\r\n" + b"x" * 10)
    writer.close()


@fault("fetch.closed")
async def last_chunk_missing(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n")
    writer.close()


@fault("fetch.closed")
async def head_cut_short(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + b"Content-Ty")
    writer.close()


@fault("fetch.protocol")
async def chunk_size_is_no_number(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabcde\r\n")
    await asyncio.Event().wait()


@fault("fetch.protocol")
async def both_length_and_chunked(reader: Reader, writer: Writer) -> None:
    head = OK + JSON + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    await _send(writer, head + b"2\r\n{}\r\n0\r\n\r\n")
    await asyncio.Event().wait()


@fault("fetch.protocol")
async def two_lengths(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x")
    await asyncio.Event().wait()


@fault("fetch.protocol")
async def length_is_no_number(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + JSON + b"Content-Length: two\r\n\r\n{}")
    await asyncio.Event().wait()


@fault("fetch.protocol")
async def nul_in_the_length(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + b"Content-Length: 2\0\r\n\r\n{}")
    await asyncio.Event().wait()


@fault("fetch.protocol")
async def length_without_colon(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + b"Content-Length 2\r\n\r\n{}")
    await asyncio.Event().wait()


@fault("fetch.protocol")
async def coding_nobody_asked_for(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    await asyncio.Event().wait()


@fault("fetch.protocol")
async def switches_protocols(reader: Reader, writer: Writer) -> None:
    head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    await _send(writer, head + OK + b"Content-Length: 2\r\n\r\n{}")
    await asyncio.Event().wait()


@fault("fetch.protocol")
async def endless_chunk_extension(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + b"Transfer-Encoding: chunked\r\n\r\n2;a=")
    await _for_ever(writer, bytes(65_536))


@fault("fetch.protocol")
async def endless_chunk_extensions(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + b"Transfer-Encoding: chunked\r\n\r\n")
    await _for_ever(writer, (b"1;a=" + b"x" * 900 + b"\r\n{\r\n") * 10)


@fault("fetch.protocol")
async def endless_trailers(reader: Reader, writer: Writer) -> None:
    await _send(writer, OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    await _for_ever(writer, b"X-A: b\r\n" * 1000)


@fault("fetch.protocol")
async def speaks_another_protocol(reader: Reader, writer: Writer) -> None:
    await _send(writer, b"220 mail.example ESMTP\r\n")
    await asyncio.Event().wait()


@fault("fetch.protocol", reads_head=False)
async def speaks_first(reader: Reader, writer: Writer) -> None:
    await _send(writer, b"SSH-2.0-OpenSSH_9.2\r\n")
    await asyncio.Event().wait()


@fault("fetch.connect_timeout", tls=True, reads_head=False)
async def silent_handshake(reader: Reader, writer: Writer) -> None:
    await asyncio.Event().wait()


@fault("fetch.connect_timeout", tls=True, reads_head=False)
async def trickled_handshake(reader: Reader, writer: Writer) -> None:
    await _send(writer, b"\x16\x03\x03\x40\x00")
    await _for_ever(writer, b"\x02", 0.02)


@fault("fetch.tls", tls=True, reads_head=False)
async def no_handshake_but_http(reader: Reader, writer: Writer) -> None:
    await _send(writer, b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await asyncio.Event().wait()


@fault("fetch.redirects")
async def redirects_to_itself(reader: Reader, writer: Writer) -> None:
    await _send(writer, b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")


@fault("fetch.denied")
async def redirects_inside(reader: Reader, writer: Writer) -> None:
    location = b"Location: http://169.254.169.254/latest/meta-data/\r\n"
    await _send(writer, b"HTTP/1.1 307 Temporary Redirect\r\n" + location + b"Content-Length: 0\r\n\r\n")


@fault("fetch.bad_url")
async def redirects_to_a_file(reader: Reader, writer: Writer) -> None:
    await _send(writer, b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")
