"""Which answer belongs to which request: no call ever hears an answer that was meant for another."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pivot.fetch.connection import Connection
from pivot.fetch.fetcher import HttpFetcher
from pivot.fetch.socket_state import SocketState
from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from tests.certificates import Authority
from tests.fetch.support import codes, fetcher, form_post, question, reply, trust
from tests.tcp_server import tcp_server

STALE = reply(b"stale")
LATE = (STALE, reply(b"", "408 Request Timeout"), STALE[:30], b"\r\n", b"xyz", b"0\r\n\r\n", STALE * 40)
ACCOUNTS = ("account0000000000000000000000001", "account0000000000000000000000002")


def request_to(url: str, name: str, method: Method, account: int = 0) -> FetchRequest:
    make = question if method is Method.GET else form_post
    return make(f"{url}/{name}", account_id=ACCOUNTS[account % 2], call_id=name)


def heard(result: Answer | FetchFailure) -> str:
    return result.body.decode() if isinstance(result, Answer) else str(result.code)


async def read_request(reader: asyncio.StreamReader) -> str:
    """The name that was asked for."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
    await reader.readexactly(int(lengths[0].partition(":")[2]) if lengths else 0)
    return head.split(" ")[1].lstrip("/")


@dataclass(slots=True)
class Surplus:
    """Answers each request with its own name, and behind the first one says more."""

    more: bytes
    after_s: float
    """0: in the same packet."""
    names: list[str] = field(default_factory=list)
    connections: int = 0
    said: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            self.names.append(await read_request(reader))
            own = reply(self.names[-1].encode())
            if len(self.names) > 1:
                writer.write(own)
                continue
            writer.write(own + (b"" if self.after_s else self.more))
            if self.after_s:
                await asyncio.sleep(self.after_s)
                writer.write(self.more)
            self.said.set()


@asynccontextmanager
async def surplus(
    more: bytes, after_s: float, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Surplus, str]]:
    there = Surplus(more, after_s)
    async with tcp_server(there.serve, tls=tls) as port:
        yield there, f"{'https' if tls else 'http'}://127.0.0.1:{port}"


@pytest.mark.parametrize("more", LATE)
@pytest.mark.parametrize("after_s", [0, 0.001, 0.02])
@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("tls", [False, True])
async def test_what_arrives_on_an_idle_connection_closes_it(
    more: bytes, after_s: float, method: Method, tls: bool, tmp_path: Path
) -> None:
    """The server is trusted already; what it wrote is there before the next call asks."""
    context = Authority(tmp_path).issue("127.0.0.1").server() if tls else None
    async with surplus(more, after_s, context) as (there, url), fetcher(verify_tls=False) as opened:
        trust(opened, url)
        results = []
        for number in range(4):
            results.append(heard(await opened.fetch(request_to(url, f"call{number}", method))))
            await there.said.wait()

    assert results == there.names == [f"call{number}" for number in range(4)]
    assert there.connections > 1


@pytest.mark.slow
async def test_thousands_of_answers_find_their_calls() -> None:
    """Hundreds of servers (each address of 127/8 is one), all at once, that write more at odd moments.

    Nobody waits for what they write: it comes before, while and after the next call asks.
    """
    asyncio.get_running_loop().set_debug(False)  # ten times as fast
    chance = random.Random(7)
    plans = {f"127.{number // 250 + 1}.0.{number % 250 + 1}": chance.random() for number in range(500)}
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        plan = random.Random(plans[writer.get_extra_info("sockname")[0]])
        more, after_s = plan.choice((b"", *LATE)), plan.choice((0, 0, 0.001, 0.02, 0.15))
        while True:
            own = reply((await read_request(reader)).encode())
            writer.write(own + (b"" if after_s else more))
            if after_s:
                await asyncio.sleep(after_s)
                writer.write(more)

    async def ask_one(opened: HttpFetcher, host: str, port: int) -> list[tuple[str, str]]:
        pairs = []
        for number in range(4):
            name, method = f"{host}-{number}", (Method.GET, Method.POST)[number // 2]
            result = await opened.fetch(request_to(f"http://{host}:{port}", name, method, number))
            pairs.append((name, heard(result)))
            await asyncio.sleep(plans[host] * 0.2)
        return pairs

    async with tcp_server(serve, "0.0.0.0") as port, fetcher(timeout_s=60, connect_timeout_s=60) as opened:
        free = asyncio.Semaphore(100)

        async def in_turn(host: str) -> list[tuple[str, str]]:
            async with free:
                return await ask_one(opened, host, port)

        pairs = [pair for each in await asyncio.gather(*map(in_turn, plans)) for pair in each]

    assert len(pairs) == 2000
    assert [pair for pair in pairs if pair[0] != pair[1]] == []
    assert connections > 500


async def test_a_watched_server_is_asked_again_on_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose connection stayed silent for a while is trusted; one that spoke is not."""
    monkeypatch.setattr("pivot.fetch.connector.WATCHED_S", 0.05)
    async with (
        surplus(b"", 0) as (good, good_url),
        surplus(STALE, 0.01) as (bad, bad_url),
        fetcher() as opened,
    ):
        for number in range(4):
            for url in (good_url, bad_url):
                assert heard(await opened.fetch(request_to(url, f"c{number}", Method.GET))) == f"c{number}"
            await asyncio.sleep(0.15)

    assert (good.connections, bad.connections) == (2, 4)


async def test_accounts_share_no_connection() -> None:
    """Whatever a server does, nothing can be heard across accounts."""
    async with surplus(b"", 0) as (there, url), fetcher() as opened:
        trust(opened, url)
        for number in range(4):
            await opened.fetch(request_to(url, "x", Method.GET, number))

    assert there.connections == 2


class Blocking:
    """A server in a thread of its own: it writes while the loop of the client stands still."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listening.getsockname()[1]}"
        self.connected: list[socket.socket] = []
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self.connected:
            each.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
                each = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            except OSError:
                return
            self.connected.append(each)
            threading.Thread(target=self._serve, args=(each,), daemon=True).start()

    def _serve(self, each: socket.socket) -> None:
        with each, suppress(OSError):
            while head := each.recv(65_536):
                name = head.split(b" ")[1].strip(b"/")
                self.asked.append(name.decode())
                each.sendall(reply(name))


@asynccontextmanager
async def trusting(url: str) -> AsyncIterator[HttpFetcher]:
    """A fetcher that uses connections again at once; at the end all of its sockets are closed."""
    async with fetcher(verify_tls=False) as opened:
        trust(opened, url)
        sockets = opened._tools.session.connector._factory.args[2]  # type: ignore[union-attr]
        yield opened
    for _ in range(500):
        if all(each.fileno() < 0 for each in list(sockets.values())):
            break
        await asyncio.sleep(0.01)


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def blocking(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blocking]:
    there = Blocking(Authority(tmp_path).issue("127.0.0.1").server() if request.param else None)
    yield there
    there.close()


@pytest.mark.parametrize("more", [STALE, STALE[:20], b"\r\n"])
@pytest.mark.parametrize("in_pool", [False, True], ids=["when sending", "when taken from the pool"])
async def test_what_only_the_kernel_has_is_seen(
    blocking: Blocking, more: bytes, in_pool: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that the loop had no time to read; the look at the moment of sending finds them alone, too."""
    async with trusting(blocking.url) as opened:
        first = await opened.fetch(request_to(blocking.url, "call1", Method.GET))
        if not in_pool:
            monkeypatch.setattr(Connection, "is_connected", lambda self: self.transport is not None)
        blocking.connected[0].sendall(more)
        second = await opened.fetch(request_to(blocking.url, "call2", Method.GET))

    assert (heard(first), heard(second)) == ("call1", "call2")
    assert blocking.asked == ["call1", "call2"]
    assert len(blocking.connected) == 2


async def test_an_answer_before_the_request_arrived_is_none(
    blocking: Blocking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers must have confirmed a byte of the request: TCP does so with each segment."""
    async with trusting(blocking.url) as opened:
        await opened.fetch(request_to(blocking.url, "call1", Method.GET))
        with monkeypatch.context() as still:
            still.setattr(SocketState, "acknowledged_bytes", lambda self: 1)
            result = await opened.fetch(request_to(blocking.url, "call2", Method.GET))
        third = await opened.fetch(request_to(blocking.url, "call3", Method.GET))

    assert codes(result) == [Code.FETCH_PROTOCOL, Code.FETCH_PROTOCOL]
    assert heard(third) == "call3"


async def test_the_kernel_counts_what_is_confirmed() -> None:
    """What this rests on; where a kernel does not count, both numbers are None."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _ = listening.accept()
        with ours, theirs:
            ours.setblocking(False)
            state = SocketState(ours)
            before = state.acknowledged_bytes() or 0
            ours.send(b"x" * 100)
            theirs.recv(100)
            theirs.send(b"y" * 50)
            assert not state.is_quiet()
            assert (state.acknowledged_bytes(), state.received_bytes()) == (before + 100, 50)
            assert state.unacknowledged_bytes() == 0
            assert ours.recv(50) == b"y" * 50
            assert (state.is_quiet(), state.is_over()) == (True, False)
            theirs.close()
            assert (state.is_quiet(), state.is_over()) == (False, True)


@pytest.mark.parametrize("before", [STALE, STALE[:20], b"SSH-2.0-OpenSSH_9.2\r\n"])
async def test_a_server_that_speaks_first_is_not_heard(before: bytes) -> None:
    """Also on a new connection nothing is an answer before there is a question."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(before)
        await asyncio.sleep(60)

    async with tcp_server(serve) as port, fetcher() as opened:
        result = await opened.fetch(question(f"http://127.0.0.1:{port}/"))

    if before == STALE and isinstance(result, Answer):  # it was written after our request had come
        return
    assert codes(result) in ([Code.FETCH_PROTOCOL], [Code.FETCH_READ_TIMEOUT])


HINTS = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


@pytest.mark.parametrize("hints", [b"", HINTS])
async def test_an_early_answer_is_heard_and_ends_the_connection(hints: bytes) -> None:
    """A server may refuse a request before it has all of it; what it makes of the rest is nobody's answer."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(hints + reply(b"early", "413 Too Large") + reply(b"and another"))
        await reader.read(-1)

    async with tcp_server(serve) as port, fetcher() as opened:
        url = f"http://127.0.0.1:{port}"
        trust(opened, url)
        big = [
            await opened.fetch(form_post(f"{url}/{number}", b"x=" + bytes(500_000))) for number in range(2)
        ]

    assert [heard(result) for result in big] == ["early", "early"]
    assert connections == 2


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("header", [{}, {"Connection": "close"}])
async def test_a_408_on_a_kept_connection_is_asked_again(method: Method, header: dict[str, str]) -> None:
    """The server's patience ended as our request came. Source: RFC 9110, section 15.5.9."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(reply((await read_request(reader)).encode()))
        await read_request(reader)
        writer.write(reply(b"", "408 Request Timeout", **header))
        await reader.read(-1)

    async with tcp_server(serve) as port, fetcher(retries=0) as opened:
        url = f"http://127.0.0.1:{port}"
        trust(opened, url)
        results = [await opened.fetch(request_to(url, f"call{number}", method)) for number in range(4)]

    assert [heard(result) for result in results] == [f"call{number}" for number in range(4)]
    assert [codes(result) for result in results] == [[200], [408, 200], [200], [408, 200]]
    assert connections == 4


async def test_a_408_on_a_new_connection_is_an_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(reply(b"too slow", "408 Request Timeout"))
        await reader.read(-1)

    async with tcp_server(serve) as port, fetcher(retries=0) as opened:
        result = await opened.fetch(question(f"http://127.0.0.1:{port}/"))

    assert (heard(result), codes(result)) == ("too slow", [408])
