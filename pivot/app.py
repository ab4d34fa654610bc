"""Wires the rooms together: the worker, and the web part alone."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiohttp import web

from pivot import __version__
from pivot.bus.rabbit import RabbitBus, open_bus
from pivot.config import Settings
from pivot.debug.opening import DebugRoom, open_debug, open_store
from pivot.debug.recorder import Recorder
from pivot.debug.store import Store
from pivot.errors import ConfigError
from pivot.execute.profile import failure_rules
from pivot.execute.rules import Rules
from pivot.fetch.fetcher import open_fetcher
from pivot.health import Checks, health_routes, open_health
from pivot.metrics import Metrics
from pivot.model.call import PivotRequest
from pivot.schema import Schemas
from pivot.session.held import HeldDelivery
from pivot.session.ports import Delivery, Observer
from pivot.session.session import World
from pivot.session.worker import Limits, Worker
from pivot.translate.rules import TranslateRules
from pivot.web.app import make_web_app, serve_web

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def node_name(settings: Settings) -> str:
    """Our name on the bus and in documents, in the form of an Erlang node's."""
    return settings.kazoo.node or f"pivot@{socket.getfqdn()}"


def rules_of(settings: Settings, schemas: Schemas, request_timeout_s: float | None = None) -> Rules:
    """What the engine follows under these settings."""
    failures = failure_rules(settings.compat.failures)
    return Rules(
        translate=TranslateRules(
            failures=settings.compat.failures,
            accepted_statuses=failures.accepted_statuses,
            untyped_is_xml=failures.untyped_is_xml,
            schemas=schemas,
            max_json_depth=settings.schemas.max_depth,
            max_json_nodes=settings.schemas.max_nodes,
            max_xml_bytes=settings.fetch.max_xml_bytes,
            max_xml_depth=settings.twiml.max_xml_depth,
            max_xml_nodes=settings.twiml.max_xml_nodes,
        ),
        failures=failures,
        profile=settings.twiml.profile,
        profile_by_account=settings.twiml.accounts,
        slow_after_s=settings.bus.slow_after_s,
        request_timeout_s=request_timeout_s,
        fallback_url=settings.fetch.fallback_url,
        max_iterations=settings.twiml.max_iterations,
        apology=settings.twiml.apology,
    )


async def run_worker(settings: Settings) -> None:
    """Consume, execute, capture, until told to stop; then let calls end and close everything in order.

    Raises:
        ConfigError: something must be set differently before this can work.
    """
    node = node_name(settings)
    metrics = Metrics()
    collect_garbage_seldom()
    async with AsyncExitStack() as rooms, stop_signal() as stopped:  # closed in reverse order
        debug = await rooms.enter_async_context(open_debug(settings.debug, node))
        fetcher = await rooms.enter_async_context(open_fetcher(settings.fetch))
        bus = await rooms.enter_async_context(open_bus(settings.bus, node=node))
        rules = rules_of(settings, Schemas.bundled())
        worker = Worker(
            World(bus, fetcher, HeldDelivery(), now=time.time),
            lambda: rules,
            watchers(metrics, debug.recorder),
            Limits(settings.bus.max_calls),
        )
        show_figures(metrics, worker, bus, debug)
        routes = health_routes(metrics, ready_checks(bus), store_state(debug))
        await open_doors(rooms, settings, debug.store, node, routes)
        if await done_before(stopped, bus.consume(worker.take)):
            log.info("worker.ready", node=node, version=__version__)
            await stopped.wait()
        await drain(worker, bus, settings.bus.drain_s)


def collect_garbage_seldom() -> None:
    """What was loaded at start stays, and calls leave few cycles: looking for them is mostly in vain."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def run_web(settings: Settings) -> None:
    """Serve the debug API until told to stop.

    Raises:
        ConfigError: there is no store to serve.
    """
    node = node_name(settings)
    async with AsyncExitStack() as rooms, stop_signal() as stopped:
        store = await rooms.enter_async_context(open_store(settings.debug))
        if store is None:
            raise ConfigError('debug.store is "off", so there is nothing to serve; set it to couch or sqlite')
        routes = health_routes(Metrics(), {})
        app = make_web_app(store, settings.web, node=node, routes=routes)
        host, port = await rooms.enter_async_context(serve_web(app, settings.web))
        log.info("web.ready", host=host, port=port)
        await stopped.wait()


async def open_doors(
    rooms: AsyncExitStack, settings: Settings, store: Store | None, node: str, routes: list[web.RouteDef]
) -> None:
    """The debug API with health beside it, and health on a port of its own."""
    if settings.web.enabled and store is not None:
        app = make_web_app(store, settings.web, node=node, routes=routes)
        host, port = await rooms.enter_async_context(serve_web(app, settings.web))
        log.info("web.ready", host=host, port=port)
    if settings.health.port:
        host = settings.health.host
        port = await rooms.enter_async_context(open_health(host, settings.health.port, routes))
        log.info("health.ready", host=host, port=port)


async def done_before(stopped: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Whether this was done; it is given up when we are told to stop first, as while the broker is away."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        return working.done()
    finally:
        working.cancel()
        stopping.cancel()


async def drain(worker: Worker, bus: RabbitBus, within_s: float) -> None:
    """Stop taking requests, let calls end; those that do not are ended, their requests handed back."""
    log.info("worker.draining", calls=worker.calls, within_s=within_s)
    can_give_back = await bus.stop_consuming()
    left = await worker.drain(within_s, can_give_back=can_give_back)
    log.info("worker.drained", cut_off=left, given_back=can_give_back)


def watchers(
    metrics: Metrics, recorder: Recorder
) -> Callable[[PivotRequest, Delivery], tuple[Observer, ...]]:
    """What watches each call: the figures, and debug capture."""

    def watch(request: PivotRequest, delivery: Delivery) -> tuple[Observer, ...]:
        metrics.request_taken(delivery.age_s)
        return metrics, recorder.watch(request, time.time())

    return watch


def store_state(debug: DebugRoom) -> Callable[[], str]:
    """How the debug store is; shown with readiness, but no part of it, since no call waits for it."""

    def state() -> str:
        if debug.writer is None:
            return "off"
        return "failing" if debug.writer.failing else "ok"

    return state


def ready_checks(bus: RabbitBus) -> Checks:
    """What must be well before calls can be served."""
    return {
        "broker": lambda: "" if bus.stats.connected else "not connected",
        "consuming": lambda: "" if bus.stats.consuming else "no requests are taken",
    }


def show_figures(metrics: Metrics, worker: Worker, bus: RabbitBus, debug: DebugRoom) -> None:
    """Figures that are kept elsewhere and read when somebody asks."""
    stats, writer = bus.stats, debug.writer
    metrics.show("pivot_calls_in_progress", "Calls that are being asked about or run.", lambda: worker.calls)
    metrics.show("pivot_bus_connected", "1 while the broker is there.", lambda: float(stats.connected))
    metrics.show("pivot_bus_reconnects_total", "Connections made after a loss.", lambda: stats.reconnects)
    metrics.show("pivot_bus_rejected_total", "Messages that could not be read.", lambda: stats.rejected)
    metrics.show("pivot_bus_returned_total", "Messages that no queue wanted.", lambda: stats.returned)
    metrics.show("pivot_bus_lost_total", "Messages that were not confirmed.", lambda: stats.lost)
    if writer is not None:
        counts = writer.counts
        metrics.show("pivot_debug_stored_total", "Debug documents stored.", lambda: counts.stored)
        metrics.show("pivot_debug_dropped_total", "Debug documents given up.", lambda: counts.dropped)
        metrics.show("pivot_debug_refused_total", "Debug documents refused.", lambda: counts.refused)
        metrics.show("pivot_debug_waiting", "Debug documents to be stored.", lambda: writer.waiting)


@asynccontextmanager
async def stop_signal() -> AsyncIterator[asyncio.Event]:
    """Set at the first SIGTERM or SIGINT; a second one cancels what still runs."""
    loop, stopped, task = asyncio.get_running_loop(), asyncio.Event(), asyncio.current_task()

    def stop() -> None:
        if stopped.is_set() and task is not None:
            log.warning("worker.cut")
            task.cancel()
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield stopped
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
