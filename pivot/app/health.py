"""`/healthz`, `/readyz` and `/metrics`: what an orchestrator and a dashboard ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType

from aiohttp import web

from pivot.app.metrics import Metrics
from pivot.errors import ConfigError
from pivot.web.connections import ConnectionLimits, listen, watched

LIMITS = ConnectionLimits(connections=128)
"""Probes, a scraper, and media servers that fetch sounds of a speech plug-in."""
Checks = Mapping[str, Callable[[], str]]
"""By name: the state of one part; the empty text means that it is well."""


def health_routes(
    metrics: Metrics,
    checks: Checks,
    store: Callable[[], str] = lambda: "off",
    warnings: Checks = MappingProxyType({}),
) -> list[web.RouteDef]:
    """Handlers to be added to an application.

    `/healthz` is 200 as long as the event loop turns. `/readyz` is 503 and names what is missing as long as
    a check has something to say; it also tells the state of the debug store, and what `warnings` have to say.
    """

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(request: web.Request) -> web.Response:
        missing = {name: state for name, check in checks.items() if (state := check())}
        status = "not ready" if missing else "ready"
        warned = {name: state for name, check in warnings.items() if (state := check())}
        return web.json_response(
            {"status": status, "store": store(), **missing, **warned}, status=503 if missing else 200
        )

    async def metrics_text(request: web.Request) -> web.Response:
        return web.Response(
            body=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", metrics_text),
    ]


@asynccontextmanager
async def open_health(
    host: str, port: int, routes: list[web.RouteDef], limits: ConnectionLimits = LIMITS
) -> AsyncIterator[int]:
    """Serve the routes on a port of their own; yields the port, which the system chose when it was 0.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    app = web.Application(middlewares=[watched])
    app.add_routes(routes)
    async with AsyncExitStack() as opened:
        try:
            _, chosen, _ = await opened.enter_async_context(listen(app, host, port, limits))
        except OSError as error:
            raise ConfigError(
                f"health.host and health.port name {host}:{port}: {error.strerror}; choose another"
            ) from error
        yield chosen
