"""A name server on loopback that says whatever a test wants, over UDP and TCP."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import cast

A, CNAME, AAAA = 1, 5, 28
SERVFAIL, NXDOMAIN = 2, 3
_MAX_UDP_BYTES = 512


@dataclass(frozen=True, slots=True)
class Says:
    """One answer."""

    addresses: tuple[str, ...] = ()
    cname: str | None = None
    """The addresses then belong to this name."""
    ttl_s: int = 0
    rcode: int = 0
    delay_s: float = 0.0


@dataclass(slots=True)
class Names:
    """What the server knows; tests change it while it runs."""

    says: dict[str, list[Says]] = field(default_factory=dict)
    """By lower-case name; of several answers the last is repeated for ever."""
    asked: list[tuple[str, int]] = field(default_factory=list)
    endpoint: str = ""

    def answer(self, name: str, kind: int) -> Says:
        self.asked.append((name, kind))
        answers = self.says.get(name, [Says(rcode=NXDOMAIN)])
        asked = sum(1 for question in self.asked if question == (name, kind))
        return answers[min(asked, len(answers)) - 1]


@asynccontextmanager
async def dns_server() -> AsyncIterator[Names]:
    """Listens on a port of 127.0.0.1 for both transports."""
    names = Names()
    tasks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                reply = await _reply(names, await reader.readexactly(length), 65_535)
                writer.write(struct.pack("!H", len(reply)) + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            writer.transport.abort()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    udp, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(lambda packet: _reply(names, packet, _MAX_UDP_BYTES), tasks),
        local_addr=("127.0.0.1", port),
    )
    names.endpoint = f"127.0.0.1:{port}"
    try:
        yield names
    finally:
        udp.close()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, reply: Callable[[bytes], Awaitable[bytes]], tasks: set[asyncio.Task[None]]) -> None:
        self._reply = reply
        self._tasks = tasks
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        async def answer() -> None:
            reply = await self._reply(data)
            if self._transport is not None and not self._transport.is_closing():
                self._transport.sendto(reply, addr)

        task = asyncio.get_running_loop().create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _reply(names: Names, query: bytes, max_bytes: int) -> bytes:
    labels, position = [], 12
    while length := query[position]:
        labels.append(query[position + 1 : position + 1 + length].decode("ascii").lower())
        position += length + 1
    question = query[12 : position + 5]
    (kind,) = struct.unpack("!H", query[position + 1 : position + 3])
    says = names.answer(".".join(labels), kind)
    await asyncio.sleep(says.delay_s)
    records = list(_records(says, kind))
    body = question + b"".join(records)
    truncated = 12 + len(body) > max_bytes
    flags = 0x8180 | says.rcode | (0x0200 if truncated else 0)
    count = 0 if truncated else len(records)
    return query[:2] + struct.pack("!5H", flags, 1, count, 0, 0) + (question if truncated else body)


def _records(says: Says, kind: int) -> list[bytes]:
    owner = b"\xc0\x0c"
    records = []
    if says.cname is not None:
        target = b"".join(bytes([len(label)]) + label.encode() for label in says.cname.split(".")) + b"\0"
        records.append(owner + struct.pack("!HHIH", CNAME, 1, says.ttl_s, len(target)) + target)
        owner = target
    for text in says.addresses:
        address = ip_address(text)
        if kind == (A if address.version == 4 else AAAA):
            packed = address.packed
            records.append(owner + struct.pack("!HHIH", kind, 1, says.ttl_s, len(packed)) + packed)
    return records
