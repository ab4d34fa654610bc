"""No fetch leaves objects that hold each other, however it ends; the garbage collector stops all calls.

The server answers in threads with bare sockets, so that it leaves none itself.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest
from structlog.testing import LogCapture

from pivot.fetch.fetcher import HttpFetcher
from pivot.model.call import Method
from pivot.session.cancelling import cancel
from tests.fetch.helpers import ask, fetcher_for_tests
from tests.garbage import collector_off, garbage

_FETCHES = 5
_SETTLED_S = 0.1
_OF_A_CLOSED_CONNECTION = 7
"""asyncio's transport and its socket, each with what it holds: the transport holds a method of its own."""
_SLOW_S = 0.3

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n<Response/>"
_ANSWERS = {
    b"/ok": _OK,
    b"/missing": b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    b"/broken": b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
    b"/moved": b"HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
    b"/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"/short": b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n<Resp",
    b"/large": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n<Resp",
    b"/nonsense": b"SMTP ready\r\n\r\n",
    b"/last": _OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1),
    b"/silent": b"",
}
_CLOSED_AFTER = {b"/short", b"/nonsense", b"/last", b"/silent"}


@pytest.fixture
def server() -> Iterator[str]:
    """Its origin."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection, suppress(OSError):
        while head := connection.recv(65_536):
            path = head.split(b" ")[1].partition(b"?")[0]
            if path == b"/slow":
                threading.Event().wait(2 * _SLOW_S)
            connection.sendall(_ANSWERS.get(path, _OK))
            if path in _CLOSED_AFTER:
                return


async def cancelled(fetcher: HttpFetcher, url: str) -> None:
    task = asyncio.create_task(fetcher.fetch(ask(url)))
    await asyncio.sleep(_SLOW_S / 2)
    await cancel(task)


Fetch = Callable[[HttpFetcher, str], Awaitable[object]]


def asked_for(path: str) -> Fetch:
    return lambda fetcher, origin: fetcher.fetch(ask(origin + path))


WAYS: dict[str, Fetch] = {
    **{path.decode(): asked_for(path.decode()) for path in _ANSWERS},
    "a body": lambda fetcher, origin: fetcher.fetch(ask(f"{origin}/ok", method=Method.POST, body=b"a=b")),
    "too slow": lambda fetcher, origin: fetcher.fetch(ask(f"{origin}/slow", deadline_s=_SLOW_S)),
    "given up": lambda fetcher, origin: cancelled(fetcher, f"{origin}/slow"),
    "retried": lambda fetcher, origin: fetcher.fetch(ask(f"{origin}/silent#rc=1&rp=all")),
    "refused": lambda fetcher, origin: fetcher.fetch(ask("http://127.0.0.1:1/")),
    "not allowed": lambda fetcher, origin: fetcher.fetch(ask("http://10.0.0.1/")),
    "no URL": lambda fetcher, origin: fetcher.fetch(ask("http://")),
}


@pytest.mark.parametrize("name", WAYS)
async def test_no_fetch_leaves_a_reference_cycle(name: str, server: str, logged: LogCapture) -> None:
    """But for what asyncio leaves of each connection that is closed."""
    async with fetcher_for_tests(breaker=False) as fetcher:
        with collector_off():
            await WAYS[name](fetcher, server)
            await asyncio.sleep(_SETTLED_S)
            garbage()
            for _ in range(_FETCHES):
                await WAYS[name](fetcher, server)
            await asyncio.sleep(_SETTLED_S)
            found = garbage()

    ours = {kind: count for kind, count in found.items() if "pivot" in kind or "aiohttp" in kind}
    assert ours == {}, found
    assert found.total() <= _FETCHES * _OF_A_CLOSED_CONNECTION * (2 if name == "retried" else 1), found
    assert found == Counter() or set(found) & {"asyncio.selector_events._SelectorSocketTransport"}, found
