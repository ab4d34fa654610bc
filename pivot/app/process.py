"""Wires the rooms together: the worker, and the web part alone."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial

import structlog

from pivot import __version__
from pivot.app.database_events import DatabaseEvents
from pivot.app.health import Checks, health_routes
from pivot.app.http_servers import open_http_servers, require_port
from pivot.app.live_settings import LiveSettings, wanted_of
from pivot.app.loop_lateness import watched_loop
from pivot.app.metrics import Metrics
from pivot.app.reload import Reload
from pivot.bus.rabbit import RabbitBus, open_bus
from pivot.bus.worker_messages import WorkerMessages
from pivot.cluster.opening import open_cluster
from pivot.debug.opening import DebugRoom, open_debug, open_store
from pivot.debug.recorder import Recorder
from pivot.errors import ConfigError
from pivot.fetch.breaker import BreakerState
from pivot.fetch.fetcher import HttpFetcher, open_fetcher
from pivot.meeting.shared import SharedMeetings, open_meetings
from pivot.model.call import PivotRequest
from pivot.model.speech import Repertoire
from pivot.pool.translator import TranslationPool, open_pool
from pivot.session.held_delivery import HeldDelivery
from pivot.session.ports import Delivery, NoPhones, NoSpeech, Observer
from pivot.session.worker import Limits, Worker
from pivot.session.world import World
from pivot.settings.sections import Settings
from pivot.speech.opening import open_speech
from pivot.speech.serving import speech_routes
from pivot.speech.synthesiser import Synthesiser
from pivot.web.app import make_web_app, serve_web

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def node_name(settings: Settings) -> str:
    """Our name on the bus and in documents, in the form of an Erlang node's."""
    return settings.kazoo.node or f"pivot@{socket.getfqdn()}"


async def run_worker(settings: Settings, read_again: Callable[[], Settings] | None = None) -> None:
    """Consume, execute, capture, until told to stop; then let calls end and close everything in order.

    Args:
        settings: to begin with.
        read_again: reads the settings anew at SIGHUP; may raise ConfigError.

    Raises:
        ConfigError: something must be set differently before this can work.
    """
    require_port(settings)
    node = node_name(settings)
    metrics = Metrics()
    cut = asyncio.Event()
    async with AsyncExitStack() as rooms, stop_signal(cut) as stopped:  # closed in reverse order
        announcements = DatabaseEvents()
        debug = await rooms.enter_async_context(open_debug(settings.debug, node, announcements.created))
        fetcher = await rooms.enter_async_context(open_fetcher(settings.fetch))
        synthesiser = await rooms.enter_async_context(open_speech(settings.speech))
        force = LiveSettings(
            settings, fetcher, speech=synthesiser.repertoire if synthesiser else Repertoire()
        )
        cluster = await rooms.enter_async_context(open_cluster(wanted_of(settings, node), force.follow))
        pool = await rooms.enter_async_context(open_pool(settings.pool))
        worker_messages = WorkerMessages(node, settings.bus.publish_timeout_s)
        meetings = await rooms.enter_async_context(open_meetings(worker_messages, node))
        messages = settings.twiml.sms != "off"
        bus = await rooms.enter_async_context(
            open_bus(
                settings.bus,
                node=node,
                watched=cluster.watched,
                messages=messages,
                worker_messages=worker_messages,
            )
        )
        await rooms.enter_async_context(announcements.over(bus))
        worker = Worker(
            World(
                bus,
                fetcher,
                HeldDelivery(),
                now=time.time,
                meetings=meetings,
                phones=cluster.phones or NoPhones(),
                speech=synthesiser or NoSpeech(),
                translator=pool,
            ),
            force.rules,
            watchers(metrics, debug.recorder),
            Limits(settings.bus.max_calls, settings.bus.max_asking),
            cluster.owners,
        )
        show_figures(metrics, worker, bus, debug)
        show_fetching(metrics, fetcher)
        show_meetings(metrics, meetings)
        show_pool(metrics, pool)
        routes = health_routes(metrics, ready_checks(bus), store_state(debug), {"clock": lambda: bus.clocks})
        if synthesiser is not None:
            show_speech(metrics, synthesiser)
            routes += speech_routes(synthesiser.cache)
        servers = await rooms.enter_async_context(open_http_servers(settings, debug.store, node, routes))
        if read_again is not None:
            rooms.enter_context(on_hangup(Reload(force, read_again, servers.set_web)))
        rooms.enter_context(watched_loop(metrics.loop_was_late))
        collect_garbage_seldom()
        if await done_before(stopped, bus.consume(worker.take)):
            log.info("worker.ready", node=node, version=__version__)
            await stopped.wait()
        await drain(worker, bus, force.settings.bus.drain_s, cut)


_YOUNG_OBJECTS = 10_000
"""New objects that are left, after which the youngest are looked through: 0.2 ms (measured, as below)."""
_MIDDLE_AFTER = 5
"""So many of these later all that became of them is looked through: at most 50,000 objects, 0.8 ms."""
_ALL_AFTER = 20
"""And so many of those later everything but what is frozen: 50 ms for a million objects."""


def collect_garbage_seldom() -> None:
    """What was loaded at start stays and is never looked at again; everything else hardly ever is.

    All calls stand still while the collector looks. No call leaves it anything to free
    (`tests/session/test_garbage.py`), so the number of objects grows with the calls in progress alone. What
    asyncio leaves of a connection that was closed, 7 objects that hold each other, is freed with the young
    ones, and what became old before within a million further objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _MIDDLE_AFTER, _ALL_AFTER)


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


async def drain(worker: Worker, bus: RabbitBus, within_s: float, cut: asyncio.Event) -> None:
    """Stop taking requests, let calls end; those that do not, or not before we are told to cut them off, are
    ended, their requests handed back."""
    log.info("worker.draining", calls=worker.calls, within_s=within_s)
    can_give_back = await bus.stop_consuming()
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await done_before(cut, worker.until_idle())
    left = await worker.drain(0.0, can_give_back=can_give_back)
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
        "bindings": bus.stats.deaf,
    }


def show_fetching(metrics: Metrics, fetcher: HttpFetcher) -> None:
    """What the fetch room does now, and which servers it leaves alone."""
    metrics.show("pivot_fetch_in_flight", "Requests that have a place now.", lambda: fetcher.in_flight)
    metrics.show(
        "pivot_fetch_inflight_bytes", "Memory set aside for bodies now.", lambda: fetcher.inflight_bytes
    )
    metrics.show("pivot_fetch_denied_total", "Objections of the egress guard.", lambda: fetcher.objections)
    for state in (BreakerState.OPEN, BreakerState.PROBING):
        metrics.show(
            f"pivot_fetch_breakers_{state}",
            f"Servers whose breaker is {state}.",
            partial(_breakers, fetcher, state),
        )


def show_pool(metrics: Metrics, pool: TranslationPool) -> None:
    """Long answers, and the processes that read them."""
    counts = pool.counts
    metrics.show("pivot_pool_read_total", "Long answers read outside the worker.", lambda: counts.read)
    metrics.show("pivot_pool_refused_total", "Long answers that were too much.", lambda: counts.refused)
    metrics.show("pivot_pool_waiting", "Long answers that wait for a process.", lambda: pool.waiting)
    metrics.show("pivot_pool_processes", "Processes that run now.", lambda: len(pool.pids))


def show_meetings(metrics: Metrics, meetings: SharedMeetings) -> None:
    """Conference rooms and queues, as this worker has part in them."""
    figures: dict[str, tuple[str, Callable[[], float]]] = {
        "members": ("Stays of this worker's calls in rooms and queues now.", lambda: meetings.members),
        "places_owned": ("Rooms and queues in use that this worker owns.", lambda: meetings.places_owned),
        "shards_owned": ("Shards of places that this worker owns, of 64.", lambda: meetings.shards_owned),
    }
    metrics.show_all("pivot_meeting", figures)


def _breakers(fetcher: HttpFetcher, state: BreakerState) -> float:
    return sum(each is state for each in fetcher.breaker_states().values())


def show_speech(metrics: Metrics, synthesiser: Synthesiser) -> None:
    """What the speech plug-in does and keeps."""
    counts = synthesiser.counts
    metrics.show("pivot_speech_made_total", "Sounds synthesised.", lambda: counts.made)
    metrics.show("pivot_speech_found_total", "Sounds that were there already.", lambda: counts.found)
    metrics.show("pivot_speech_failed_total", "Texts without a sound.", lambda: counts.failed)
    metrics.show("pivot_speech_running", "Syntheses that run or wait.", lambda: synthesiser.running)
    metrics.show(
        "pivot_speech_cache_bytes", "Bytes of the sounds that are kept.", lambda: synthesiser.cache.bytes
    )


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
async def stop_signal(cut: asyncio.Event | None = None) -> AsyncIterator[asyncio.Event]:
    """Set at the first SIGTERM or SIGINT. A second one sets `cut`; a further one, or the second where nobody
    looks at `cut`, cancels what still runs."""
    loop, stopped, task = asyncio.get_running_loop(), asyncio.Event(), asyncio.current_task()

    def stop() -> None:
        if stopped.is_set():
            log.warning("worker.cut")
            if cut is not None and not cut.is_set():
                cut.set()
            elif task is not None:
                task.cancel()
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield stopped
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextmanager
def on_hangup(reload: Callable[[], None]) -> Iterator[None]:
    """Call this at every SIGHUP."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
