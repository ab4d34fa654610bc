"""`pivot demo`: the main job from request to outcome in one process, with nothing to install or configure."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from rich.console import Console

from pivot.app.health import health_routes
from pivot.app.live_settings import rules_of
from pivot.app.metrics import Metrics
from pivot.app.process import stop_signal, watchers
from pivot.cli.debug_text import story_text
from pivot.debug.opening import open_debug
from pivot.debug.store import Store
from pivot.debug.story import story
from pivot.fetch.fetcher import open_fetcher
from pivot.schema import Schemas
from pivot.session.held_delivery import HeldDelivery
from pivot.session.worker import Worker
from pivot.session.world import World
from pivot.settings.loading import load
from pivot.settings.sections import Settings
from pivot.sim.behaviour import MEASURED
from pivot.sim.broker import MemoryBroker
from pivot.sim.kazoo import SimulatedCall, SimulatedKazoo
from pivot.sim.memory_bus import MemoryBus
from pivot.web.app import make_web_app, serve_web

ACCOUNT_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
_NODE = "pivot@demo"
_PIPED_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Caller:
    """One simulated call: where it goes, and what it shows."""

    path: str
    request_format: str
    shows: str
    script: tuple[Mapping[str, Any], ...] = ()
    """What the caller does; see `sim/caller.py`."""


CALLERS = (
    Caller("/flow", "kazoo", "a callflow in JSON: validated, defaults filled in, handed to callflow"),
    Caller(
        "/menu",
        "twiml",
        "a TwiML menu: the caller presses 1 while it is read out",
        ({"t": 1.0, "do": "dtmf", "digits": "1"},),
    ),
    Caller("/broken", "kazoo", "a callflow with a mistake: callflow goes on with the `_` child"),
)


async def run_demo(*, port: int, stay: bool) -> None:
    """Place the calls, tell what happened, and serve the inspector for as long as somebody looks.

    Args:
        port: of the inspector on 127.0.0.1; 0 for any free one.
        stay: go on serving until Ctrl-C.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
    settings = demo_settings(port)
    async with AsyncExitStack() as rooms, stop_signal() as stopped:
        voice_url = await rooms.enter_async_context(voice_application())
        debug = await rooms.enter_async_context(open_debug(settings.debug, _NODE))
        fetcher = await rooms.enter_async_context(open_fetcher(settings.fetch))
        store, writer = debug.store, debug.writer
        assert store is not None
        assert writer is not None
        metrics, broker = Metrics(), MemoryBroker()
        bus, kazoo = MemoryBus(broker, _NODE), SimulatedKazoo(broker, "demo", behaviour=MEASURED)
        rules = rules_of(settings, Schemas.bundled())
        world = World(bus, fetcher, HeldDelivery(), now=time.time)
        worker = Worker(world, lambda: rules, watchers(metrics, debug.recorder))
        await bus.consume(worker.take)
        await kazoo.start()
        rooms.push_async_callback(kazoo.stop)
        routes = health_routes(metrics, {})
        app = make_web_app(store, settings.web, node=_NODE, routes=routes, home_account=ACCOUNT_ID)
        host, web_port = await rooms.enter_async_context(serve_web(app, settings.web))
        for caller in CALLERS:
            call = await kazoo.place_call(
                voice_url + caller.path,
                script=caller.script,
                Request_Format=caller.request_format,
                Debug=True,
            )
            await call.over
            await worker.until_idle()
            await writer.flush(5.0)
            await tell(console, caller, call, store)
        look_next(console, f"http://{host}:{web_port}", call.call_id, stay)
        if stay:
            await stopped.wait()


def demo_settings(port: int) -> Settings:
    """Everything on this machine, nothing of the operator's own settings."""
    return load(
        file=Path("/dev/null"),
        environment={},
        defaults={
            "fetch": {"egress": "loopback"},
            "debug": {"store": "sqlite", "sqlite_path": ":memory:"},
            "web": {"enabled": True, "port": port, "auth": {"mode": "open"}},
        },
    )


@asynccontextmanager
async def voice_application() -> AsyncIterator[str]:
    """The example of `examples/voice_app.py` on a free port; yields its URL."""
    runner = web.AppRunner(_example().make_app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _example() -> Any:
    """The module itself: it stands among our files, but is written to be taken away."""
    installed = files("pivot") / "examples" / "voice_app.py"
    path = installed if installed.is_file() else Path(__file__).parents[2] / "examples" / "voice_app.py"
    spec = importlib.util.spec_from_file_location("voice_app", str(path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def tell(console: Console, caller: Caller, call: SimulatedCall, store: Store) -> None:
    """What happened in one call, from its documents."""
    documents = await store.call(ACCOUNT_ID, call.call_id, await store.months(ACCOUNT_ID))
    console.rule(f"{caller.path}: {caller.shows}", align="left")
    console.print(story_text(story(call.call_id, documents)), soft_wrap=True)


def look_next(console: Console, base: str, call_id: str, stay: bool) -> None:
    """Where to go from here."""
    where = f"{base}/v2/accounts/{ACCOUNT_ID}/pivot/calls"
    console.print(f"\nWhere to look next{'' if stay else ' (add --stay to keep this serving)'}:")
    console.print(f"  all calls     {base}/", soft_wrap=True)
    shown = f"{base}/inspect/{ACCOUNT_ID}/calls/{quote(call_id, safe='')}"
    console.print(f"  the last one  {shown}", soft_wrap=True)
    console.print(f"  as JSON       {where}", soft_wrap=True)
    console.print(f"  Kazoo's API   {base}/v2/accounts/{ACCOUNT_ID}/pivot/debug", soft_wrap=True)
    console.print("  your own      examples/voice_app.py answers these calls; change it, and run this again")
    console.print("  on a cluster  README.md, 'Beside Kazoo'")


if __name__ == "__main__":
    asyncio.run(run_demo(port=0, stay=False))
