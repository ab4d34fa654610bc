"""The wire that other tests cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from yarl import URL

from tests.tcp_proxy import TcpProxy

Opener = Callable[[str], Awaitable[TcpProxy]]
Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def echo_url() -> AsyncIterator[str]:
    """A server that sends every byte back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(1024):
            writer.write(chunk)
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"tcp://user:secret@{host}:{port}/path"


async def connect(url: str) -> Wire:
    """A client's connection."""
    return await asyncio.open_connection(URL(url).host, URL(url).port)


async def ask(wire: Wire, text: bytes) -> bytes:
    """Send and read as many bytes back."""
    wire[1].write(text)
    return await wire[0].readexactly(len(text))


async def test_bytes_pass_and_the_url_keeps_its_other_parts(tcp_proxy: Opener, echo_url: str) -> None:
    """A test swaps one URL for the other and nothing else changes."""
    proxy = await tcp_proxy(echo_url)
    assert URL(proxy.url).with_port(URL(echo_url).port) == URL(echo_url)

    wire = await connect(proxy.url)
    assert await ask(wire, b"hello") == b"hello"
    assert (proxy.accepted, proxy.connections) == (1, 1)
    wire[1].close()


async def test_a_cut_resets_the_client_and_lets_it_come_back(tcp_proxy: Opener, echo_url: str) -> None:
    """A client must see the loss as an error, then be able to connect again."""
    proxy = await tcp_proxy(echo_url)
    reader, writer = wire = await connect(proxy.url)
    await ask(wire, b"hello")

    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()

    again = await connect(proxy.url)
    assert await ask(again, b"again") == b"again"
    again[1].close()


async def test_a_stalled_wire_is_silent_and_loses_nothing(tcp_proxy: Opener, echo_url: str) -> None:
    """The peer that neither answers nor closes: the case that time-outs exist for."""
    proxy = await tcp_proxy(echo_url)
    wire = await connect(proxy.url)
    await ask(wire, b"hello")

    proxy.stall()
    held = asyncio.create_task(ask(wire, b"held"))
    done, _ = await asyncio.wait([held], timeout=0.05)
    assert done == set()
    proxy.resume()
    assert await held == b"held"
    wire[1].close()


async def test_a_refusing_proxy_resets_new_connections(tcp_proxy: Opener, echo_url: str) -> None:
    """A server that is down, until it is resumed."""
    proxy = await tcp_proxy(echo_url)
    proxy.refuse()
    refused = await connect(proxy.url)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await ask(refused, b"hello")
    refused[1].close()

    proxy.resume()
    wire = await connect(proxy.url)
    assert await ask(wire, b"hello") == b"hello"
    await proxy.wait_for_connections(1)
    wire[1].close()
