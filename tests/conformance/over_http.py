"""Cases about HTTP itself: the real fetch room against a real server, the switch in fast motion."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from pivot.fetch.fetcher import open_fetcher
from pivot.fetch.settings import FetchSettings
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from pivot.session.ports import Fetcher
from pivot.sim.publisher import Handle
from tests.conformance.cases import BASE, Case, Item
from tests.conformance.door import Door
from tests.conformance.engine import live_call, request_for

OVER_HTTP = frozenset(
    {
        "doc-19", "http-07", "http-09", "http-10", "http-11", "http-12", "http-25", "http-28", "http-29",
        "http-30", "http-31",
    }
)  # fmt: skip
TOKEN = "0123456789abcdef0123456789abcdef"
_FASTER = 40.0


class FastClock:
    """Real time, many times as fast, for a switch whose prompts nobody listens to."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def time(self) -> float:
        return self._loop.time() * _FASTER

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Handle:
        return self._loop.call_later(delay / _FASTER, callback, *args)


class Noting:
    """The real fetcher; requests that reached no server are written down here."""

    def __init__(self, fetcher: Fetcher, seen: list[Item]) -> None:
        self._fetcher = fetcher
        self._seen = seen

    async def fetch(self, request: FetchRequest) -> Answer | FetchFailure:
        place = len(self._seen)
        result = await self._fetcher.fetch(request)
        refused = [
            {"op": "request", "method": request.method.value.upper(), "url": f"{BASE}/voice"}
            for attempt in result.attempts
            if attempt.code is Code.FETCH_REFUSED
        ]
        self._seen[place:place] = refused
        return result


async def run_over_http(case: Case) -> tuple[list[Item], list[tuple[str, dict[str, str], str]]]:
    """Everything that is seen of a case's call, and what every request was signed with."""
    seen: list[Item] = []
    named = f"https://{urlsplit(case.voice_url).netloc.rpartition('@')[2]}"
    door = Door(case, seen, lambda url: f"{named}/{url.split('/', 3)[3]}")
    refuses_first = case.responses.get("/voice", [{}])[0].get("fail") == "refused"
    loop = asyncio.get_running_loop()
    async with _serve(door, refuses_first) as base, open_fetcher(settings_for_cases()) as fetcher:
        request = request_for(replace(case, call=case.call | {"voice_url": _at(base, case.voice_url)}), base)
        await live_call(case, request, seen, Noting(fetcher, seen), lambda url: None, FastClock(loop))
    return seen, door.signed


@asynccontextmanager
async def _serve(door: Door, refuses_first: bool) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", door.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = _free_port()
    late = asyncio.create_task(_listen(runner, port, 0.03 if refuses_first else 0.0))
    if refuses_first:
        door.servers.next_answer(f"{BASE}/voice")  # its first row is the refusal
    else:
        await late
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(asyncio.CancelledError):
            await late
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int, after_s: float) -> None:
    await asyncio.sleep(after_s)
    await web.TCPSite(runner, "127.0.0.1", port).start()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for_cases() -> FetchSettings:
    return FetchSettings(egress="open", deny_ports=(), twilio_tokens={"*": TOKEN})


def _at(base: str, url: str) -> str:
    """The URL at the server's real address; user and password stay."""
    rest = url.partition("://")[2]
    authority, _, path = rest.partition("/")
    user, at, _ = authority.rpartition("@")
    return base.replace("://", f"://{user}{at}", 1) + "/" + path
