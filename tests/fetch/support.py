"""Questions to ask, and a server that shows every byte it was sent."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pivot.fetch import urls
from pivot.fetch.fetcher import HttpFetcher, open_fetcher
from pivot.fetch.settings import FetchSettings
from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from tests.tcp_server import tcp_server

ACCOUNT_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
HOME = ("127.0.0.0/8",)
"""Where test servers stand; a stranger's address to no rule but the built-in list."""


def question(url: str, **changes: Any) -> FetchRequest:
    values: dict[str, Any] = {
        "fetch_id": "f1",
        "url": url,
        "method": Method.GET,
        "account_id": ACCOUNT_ID,
        "call_id": "call-1@host",
    }
    return FetchRequest(**(values | changes))


def form_post(url: str, body: bytes = b"Digits=42&To=%2B1", **changes: Any) -> FetchRequest:
    return question(
        url,
        method=Method.POST,
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
        body=body,
        parameters=(("Digits", "42"), ("To", "+1")),
        **changes,
    )


@asynccontextmanager
async def fetcher(**changes: Any) -> AsyncIterator[HttpFetcher]:
    """A real one, that may call loopback unless told otherwise, and does not dawdle between retries."""
    values: dict[str, Any] = {"allow_networks": HOME, "retry_delay_s": 0.01, "min_attempt_s": 0.01}
    async with open_fetcher(FetchSettings(**(values | changes))) as opened:
        yield opened


def trust(opened: HttpFetcher, url: str) -> None:
    """Let connections to this server be used again at once, as if one of them had been watched."""
    opened._tools.reuse.was_silent(urls.parse(url).origin, asyncio.get_running_loop().time())


async def ask(request: FetchRequest | str, **changes: Any) -> Answer | FetchFailure:
    """Through a fetcher of its own."""
    async with fetcher(**changes) as opened:
        return await opened.fetch(question(request) if isinstance(request, str) else request)


def codes(result: Answer | FetchFailure) -> list[Code | int | None]:
    """What each attempt came to: a status or a code."""
    return [attempt.code or attempt.status for attempt in result.attempts]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came, undecoded."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int
    """Counted from 1."""

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


Say = Callable[[Seen], bytes | None]
"""The whole answer to a request; None: wait for ever; empty: hang up."""


def reply(
    body: bytes | str = b"{}", status: str = "200 OK", content_type: str = "application/json", **headers: str
) -> bytes:
    raw = body.encode() if isinstance(body, str) else body
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(raw)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + raw


def redirect(location: str, status: int = 302) -> bytes:
    return reply(b"", f"{status} Elsewhere", Location=location)


@dataclass(slots=True, eq=False)
class Server:
    """Speaks just enough HTTP/1.1, keeps connections, and remembers."""

    say: Say
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    host: str = "127.0.0.1"
    scheme: str = "http"
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    async def was_asked(self, times: int) -> None:
        """Returns when so many requests have arrived."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.seen) >= times)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        while answer := await self._answer(reader, number):
            writer.write(answer)
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, number: int) -> bytes:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = tuple((name, value.strip()) for name, _, value in (text.partition(":") for text in rest))
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        seen = Seen(line, headers, await reader.readexactly(length), number)
        async with self._arrived:
            self.seen.append(seen)
            self._arrived.notify_all()
        answer = self.say(seen)
        if answer is None:
            await asyncio.Event().wait()
        return answer or b""


@asynccontextmanager
async def server(
    say: Say | bytes, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    running = Server(say if callable(say) else lambda _: say, host=host, scheme="https" if tls else "http")
    async with tcp_server(running.serve, host, tls=tls) as running.port:
        yield running
