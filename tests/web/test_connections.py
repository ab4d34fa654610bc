"""What one client's connections may take from others: real sockets, short limits, counts."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from pivot.app.health import health_routes, open_health
from pivot.app.metrics import Metrics
from pivot.errors import ConfigError
from pivot.web import connections, stream
from pivot.web.app import make_web_app, serve_web
from pivot.web.connections import ConnectionLimits, Connections, listen
from pivot.web.settings import AuthSettings, WebSettings, checked
from tests.web.memory_store import MemoryStore
from tests.web.support import ALICE, ALICE_TOKEN, SETTINGS

SHORT = ConnectionLimits(connections=8, head_s=0.2, idle_s=0.2, stall_s=0.2)
CALM = ConnectionLimits(connections=8, head_s=30.0, idle_s=30.0, stall_s=30.0)
PATH = f"/v2/accounts/{ALICE}/pivot/calls"


def asking(path: str = PATH, *more: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", f"X-Auth-Token: {ALICE_TOKEN}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


ASKING_ONCE = asking(PATH, "Connection: close")


@asynccontextmanager
async def a_port(
    limits: ConnectionLimits, settings: WebSettings = SETTINGS
) -> AsyncIterator[tuple[int, Connections]]:
    app = make_web_app(MemoryStore(), settings, node="pivot@test", routes=health_routes(Metrics(), {}))
    async with listen(app, "127.0.0.1", 0, limits) as (_, port, open_now):
        yield port, open_now


async def answer(port: int, sent: bytes) -> bytes:
    """Everything until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    got = b""
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65_536):
                got += piece
    writer.close()
    return got


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def idle_connection(port: int, idle: contextlib.AsyncExitStack, sent: bytes = b"") -> None:
    """Open until the stack is closed."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    idle.callback(writer.close)
    writer.write(sent)


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        (b"", b""),
        (b"GET / HT", b"HTTP/1.1 408 "),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"HTTP/1.1 408 "),
        (b"\r\n\r\n", b"HTTP/1.1 408 "),
        (asking(), b"HTTP/1.1 200 "),
        (asking(PATH, "Transfer-Encoding: chunked") + b"5\r\nabcde\r\n", b"HTTP/1.1 200 "),
        (asking(PATH, "Content-Length: 9999999999") + b"x" * 100_000, b"HTTP/1.1 200 "),
    ],
)
async def test_silence_ends(sent: bytes, wanted: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a request, within its head, within its body, and after an answer."""
    monkeypatch.setattr(connections, "LINGER_S", 0.1)
    async with a_port(SHORT) as (port, open_now):
        assert (await answer(port, sent)).startswith(wanted)
        await until(lambda: not len(open_now))


async def test_a_head_that_drips_ends_too() -> None:
    """The limit is for the whole head: single bytes do not extend it."""
    async with a_port(SHORT) as (port, open_now):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /")
        async with asyncio.timeout(10):
            while not open_now.expired:
                writer.write(b"a")
                await asyncio.sleep(0.02)
        writer.close()

    assert open_now.expired == 1


async def test_a_second_head_has_its_own_limit() -> None:
    """After an answer the first byte of the next request starts the clock again.

    What came together with the first request could be its body: then nothing is said, because a client
    would take that for the answer to its next request.
    """
    async with a_port(replace(SHORT, idle_s=30.0)) as (port, _):
        together = await answer(port, asking() + b"GET / HT")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(asking())
        first = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET / HT")
        async with asyncio.timeout(10):
            rest = await reader.read()
        writer.close()

    assert (together.count(b"HTTP/1.1 200 "), together.count(b"HTTP/1.1 408 ")) == (1, 0)
    assert first.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in rest


async def test_a_head_has_a_size() -> None:
    """In all, not only for each line; and not by the library's patience."""
    async with a_port(CALM) as (port, open_now):
        lines = b"".join(b"h%d: %s\r\n" % (number, b"x" * 4000) for number in range(40))
        got = await answer(port, b"GET / HTTP/1.1\r\n" + lines)
        await until(lambda: not len(open_now))

    assert got == b"" or got.startswith(b"HTTP/1.1 4")


async def test_idle_connections_give_way() -> None:
    """Forty times more than there are places: every request is answered, and no more stay open."""
    async with a_port(CALM) as (port, open_now), contextlib.AsyncExitStack() as idle:
        for _ in range(320):
            await idle_connection(port, idle, b"GET / HTTP/1.1\r\n")
        answers = [await answer(port, ASKING_ONCE) for _ in range(20)]

        assert sum(got.startswith(b"HTTP/1.1 200 ") for got in answers) == 20
        assert len(open_now) <= 8
        assert open_now.displaced >= 320 - 8
        assert open_now.refused == 0


async def test_calls_keep_their_descriptors() -> None:
    """A thousand connections take no more than the port's share, so a call can open what it needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4000:
        pytest.skip("needs 2,000 descriptors for both ends")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4000, hard))
    try:
        async with a_port(ConnectionLimits()) as (port, open_now), contextlib.AsyncExitStack() as idle:
            for _ in range(1100):
                await idle_connection(port, idle)
            await until(lambda: open_now.displaced == 1100 - 256)
            assert len(open_now) == 256
            assert (await answer(port, ASKING_ONCE)).startswith(b"HTTP/1.1 200 ")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_bound_follows_the_descriptors() -> None:
    """A quarter at most, whatever the setting says; one at least."""
    assert ConnectionLimits(connections=256).within(20_000).connections == 256
    assert ConnectionLimits(connections=256).within(256).connections == 64
    assert ConnectionLimits(connections=256).within(2).connections == 1


async def test_a_connection_that_is_being_answered_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """When all are, a newcomer is told so."""
    limits, settings = replace(CALM, connections=2), replace(SETTINGS, max_streams=8)
    async with a_port(limits, settings) as (port, open_now), contextlib.AsyncExitStack() as streams:
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            streams.callback(writer.close)
            writer.write(asking(f"/v2/accounts/{ALICE}/pivot/stream"))
            assert b" 200 " in await reader.readline()
        got = await answer(port, b"")

        assert got.startswith(b"HTTP/1.1 503 ")
        assert (open_now.refused, open_now.displaced, len(open_now)) == (1, 0, 2)


async def test_who_does_not_read_loses_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the place in the live tail: a client may be gone without having said so."""
    monkeypatch.setattr(stream, "PING_S", 0.0)
    monkeypatch.setattr(stream, "ready", lambda cursor: b": " + b"x" * 8_000_000 + b"\n\n")
    settings = replace(SETTINGS, max_streams=1)
    async with a_port(SHORT, settings) as (port, open_now):
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.send(asking(f"/v2/accounts/{ALICE}/pivot/stream"))
            await until(lambda: open_now.expired == 1)
            await until(lambda: not len(open_now))
        monkeypatch.undo()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(10):
            writer.write(asking(f"/v2/accounts/{ALICE}/pivot/stream"))
            while b" 429 " in await reader.readline():
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(asking(f"/v2/accounts/{ALICE}/pivot/stream"))
        writer.close()


async def test_pipelined_requests_are_all_answered() -> None:
    """One after the other, in order, within the bound."""
    async with a_port(CALM) as (port, open_now):
        got = await answer(port, asking() * 200 + ASKING_ONCE)

    assert got.count(b"HTTP/1.1 200 ") == 201
    assert open_now.displaced == open_now.refused == 0


async def test_unreadable_requests_leave_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Strangers would fill it, and what they send may be a token."""
    async with a_port(CALM) as (port, _):
        for sent in (b"\x16\x03\x01\x02\r\n\r\n", b"GET /\xff?auth_token=secret HTTP/1.1\r\nHost: a\r\n\r\n"):
            assert b" 400 " in await answer(port, sent)

    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json", "/", PATH, "/nothing"])
async def test_in_mode_open_every_path_wants_a_name_of_this_machine(path: str) -> None:
    """A page from elsewhere may have its own name point here."""
    settings = replace(SETTINGS, auth=AuthSettings(mode="open"))
    strange = [
        "rebind.example",
        "a@127.0.0.1",
        "127.0.0.1/",
        "127.0.0.1#",
        "localhost?x",
        "127.0.0.1:x",
        "0x7f.1",
    ]
    async with a_port(CALM, settings) as (port, _):
        for host in (*strange, ""):
            sent = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            assert (await answer(port, sent))[9:12] in (b"403", b"400"), host
        without = f"GET {path} HTTP/1.0\r\n\r\n".encode()
        absolute = f"GET http://rebind.example{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert (await answer(port, without))[9:12] == b"403"
        assert (await answer(port, absolute.encode()))[9:12] == b"403"
        own = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode()
        assert (await answer(port, own))[9:12] not in (b"403", b"400")


async def test_the_health_port_is_bounded_as_well() -> None:
    """It stands in the same process as the calls."""
    routes = health_routes(Metrics(), {})
    async with open_health("127.0.0.1", 0, routes, CALM) as port, contextlib.AsyncExitStack() as idle:
        for _ in range(100):
            await idle_connection(port, idle)
        sent = b"GET /healthz HTTP/1.1\r\nHost: pivot\r\nConnection: close\r\n\r\n"
        for _ in range(10):
            assert (await answer(port, sent)).startswith(b"HTTP/1.1 200 ")


async def test_the_settings_reach_the_port() -> None:
    """`web.max_connections` and `web.head_timeout_s`."""
    settings = replace(SETTINGS, port=0, head_timeout_s=0.2, max_connections=4, max_streams=3)
    app = make_web_app(MemoryStore(), settings, node="pivot@test")
    async with serve_web(app, settings) as (_, port), contextlib.AsyncExitStack() as idle:
        assert await answer(port, b"GET") == await answer(port, b"GET / HTTP/1.1\r\n")
        readers = []
        for _ in range(12):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            idle.callback(writer.close)
            readers.append(reader)
        await until(lambda: sum(reader.at_eof() or reader.exception() is not None for reader in readers) >= 8)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (WebSettings(max_connections=0), r"web\.max_connections"),
        (WebSettings(head_timeout_s=0), r"web\.head_timeout_s"),
        (WebSettings(head_timeout_s=float("nan")), r"web\.head_timeout_s"),
        (WebSettings(max_connections=50, max_streams=50), r"web\.max_streams"),
    ],
)
def test_limits_that_cannot_work_name_their_key(settings: WebSettings, key: str) -> None:
    """Live tails must leave connections to others."""
    with pytest.raises(ConfigError, match=key):
        checked(settings)
