"""Servers on loopback and fetchers that may reach them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from pivot.fetch.fetcher import HttpFetcher, open_fetcher
from pivot.fetch.settings import FetchSettings
from pivot.model.call import Method
from pivot.model.fetch import Answer, FetchFailure, FetchRequest

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def fetcher_for_tests(**settings: object) -> AsyncIterator[HttpFetcher]:
    """A fetcher that may reach loopback and does not retry, unless told otherwise."""
    defaults: dict[str, object] = {"allow_networks": ("127.0.0.0/8", "::1/128"), "retries": 0}
    async with open_fetcher(FetchSettings(**(defaults | settings))) as fetcher:  # type: ignore[arg-type]
        yield fetcher


@asynccontextmanager
async def serving(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """An HTTP server for all methods and paths; its origin."""
    server = web.Server(handler)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        await runner.cleanup()


def ask(url: str, **changes: object) -> FetchRequest:
    """A plain GET."""
    return FetchRequest(**{"fetch_id": "f1", "url": url, "method": Method.GET} | changes)  # type: ignore[arg-type]


def failed(result: Answer | FetchFailure) -> str:
    """The code of a failure; the test fails when it is none."""
    assert isinstance(result, FetchFailure), result
    return result.code.value


def answered(result: Answer | FetchFailure) -> Answer:
    """The answer; the test fails when it is none."""
    assert isinstance(result, Answer), result
    return result
