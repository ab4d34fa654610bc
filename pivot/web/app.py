"""The debug API as an aiohttp application, and how it is started and stopped."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from pivot.debug.store import Store
from pivot.errors import ConfigError
from pivot.web.auth.authenticators import make_authenticator
from pivot.web.auth.open import own_names_only
from pivot.web.auth.ports import Authenticator
from pivot.web.connections import ConnectionLimits, listen, watched
from pivot.web.json_text import to_bytes
from pivot.web.openapi import openapi_document
from pivot.web.pages import Pages
from pivot.web.server import Server
from pivot.web.settings import WebSettings, checked

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def make_web_app(
    store: Store,
    settings: WebSettings,
    *,
    node: str,
    authenticator: Authenticator | None = None,
    routes: Iterable[web.RouteDef] = (),
    home_account: str | None = None,
    clock: Callable[[], float] = time.time,
) -> web.Application:
    """The application; it closes its authenticator when it is cleaned up, but not the store.

    Args:
        node: name of this node, shown hidden in every answer.
        authenticator: who decides about credentials; made from the settings when not given.
        routes: further ones, such as health, readiness and metrics.
        home_account: whose calls the first page shows; pages are there in mode `open` only.
        clock: Unix time.

    Raises:
        ConfigError: the settings do not go together.
    """
    settings = checked(settings)
    authenticator = authenticator or make_authenticator(settings.auth)
    server = Server(store, settings, authenticator, node, clock)
    is_open = settings.auth.mode == "open"
    middlewares = [watched, _careful, *([own_names_only] if is_open else [])]
    app = web.Application(middlewares=middlewares, client_max_size=65_536)
    app.add_routes(routes)
    document = to_bytes(openapi_document())

    async def openapi(request: web.Request) -> web.Response:
        return web.Response(body=document, content_type="application/json")

    app.router.add_get("/openapi.json", openapi, allow_head=False)
    if is_open:
        pages = Pages(store, settings, authenticator, clock, home_account)
        app.router.add_get("/", pages.handle, allow_head=False)
        app.router.add_get(r"/inspect/{rest:[\s\S]*}", pages.handle, allow_head=False)
    app.router.add_route("*", r"/{rest:[\s\S]*}", server.handle)

    async def stop_streams(app: web.Application) -> None:
        server.streams.stop()

    async def close_judge(app: web.Application) -> None:
        await authenticator.close()

    app.on_shutdown.append(stop_streams)
    app.on_cleanup.append(close_judge)
    return app


@web.middleware
async def _careful(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Headers that every answer has, pages and health included."""
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        _add_headers(answer)
        raise
    if not response.prepared:
        _add_headers(response)
    return response


def _add_headers(response: web.StreamResponse) -> None:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Server", "pivot")


@asynccontextmanager
async def serve_web(app: web.Application, settings: WebSettings) -> AsyncIterator[tuple[str, int]]:
    """Listen while the context lasts; gives host and port, which was chosen when the setting is 0.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    limits = ConnectionLimits(settings.max_connections, settings.head_timeout_s)
    async with AsyncExitStack() as opened:
        try:
            host, port, _ = await opened.enter_async_context(
                listen(app, settings.host, settings.port, limits)
            )
        except OSError as error:
            address = f"{settings.host}:{settings.port}"
            raise ConfigError(
                f"web.host and web.port name {address}: {error.strerror}; choose another"
            ) from error
        log.info("web.listening", host=host, port=port, auth=settings.auth.mode)
        yield host, port
