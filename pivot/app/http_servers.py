"""The worker's HTTP servers: the debug API, which a reload starts or stops, and health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiohttp import web

from pivot.app.health import open_health
from pivot.debug.store import Store
from pivot.errors import ConfigError
from pivot.settings.sections import Settings
from pivot.web.app import make_web_app, serve_web

log = structlog.get_logger()


class HttpServers:
    """The debug API's, open or shut.

    Args:
        settings: those at start; what the web part listens on does not change later.
        store: what it serves; None: nothing, so it stays shut.
    """

    def __init__(
        self, settings: Settings, store: Store | None, node: str, routes: list[web.RouteDef]
    ) -> None:
        self._settings = settings
        self._store = store
        self._node = node
        self._routes = routes
        self._open: AsyncExitStack | None = None
        self._wanted = False
        self._moving: asyncio.Task[None] | None = None

    def set_web(self, enabled: bool) -> None:
        """Open or shut it soon; returns at once."""
        self._wanted = enabled
        if self._moving is None or self._moving.done():
            self._moving = asyncio.create_task(self._move_quietly(), name="web server")

    async def move(self, enabled: bool) -> None:
        """Open or shut it now.

        Raises:
            ConfigError, OSError: it cannot be opened with these settings.
        """
        self._wanted = enabled
        while self._wanted != (self._open is not None) and self._store is not None:
            if self._wanted:
                await self._open_web(self._store)
            else:
                await self._shut_web()

    async def close(self) -> None:
        """Shut for good."""
        if self._moving is not None:
            await asyncio.wait({self._moving})
        await self._shut_web()

    async def _move_quietly(self) -> None:
        try:
            await self.move(self._wanted)
        except Exception as error:
            log.error("web.not_opened", error=str(error))

    async def _open_web(self, store: Store) -> None:
        async with AsyncExitStack() as opening:
            app = make_web_app(store, self._settings.web, node=self._node, routes=self._routes)
            host, port = await opening.enter_async_context(serve_web(app, self._settings.web))
            self._open = opening.pop_all()
        log.info("web.ready", host=host, port=port)

    async def _shut_web(self) -> None:
        open_now, self._open = self._open, None
        if open_now is not None:
            await open_now.aclose()
            log.info("web.shut")


def require_port(settings: Settings) -> None:
    """Sounds of a speech plug-in need a port on which media servers find them.

    Raises:
        ConfigError: neither is open at start.
    """
    has_web = settings.web.enabled and settings.debug.store != "off"
    if settings.speech.engine and not settings.health.port and not has_web:
        raise ConfigError(
            "speech.engine is set, but no port serves its sounds;"
            " set health.port, or web.enabled with a debug.store"
        )


@asynccontextmanager
async def open_http_servers(
    settings: Settings, store: Store | None, node: str, routes: list[web.RouteDef]
) -> AsyncIterator[HttpServers]:
    """The debug API with health beside it, and health on a port of its own."""
    servers = HttpServers(settings, store, node, routes)
    async with AsyncExitStack() as opened:
        opened.push_async_callback(servers.close)
        await servers.move(settings.web.enabled)
        if settings.health.port:
            host = settings.health.host
            port = await opened.enter_async_context(open_health(host, settings.health.port, routes))
            log.info("health.ready", host=host, port=port)
        yield servers
