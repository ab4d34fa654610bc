"""Whole calls on the simulated cluster in virtual time, and the documents that the recorder makes of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from pivot.app.live_settings import rules_of
from pivot.debug.recorder import Recorder
from pivot.debug.settings import DebugSettings
from pivot.execute.rules import Rules
from pivot.model.codes import Code
from pivot.model.fetch import Answer, Attempt, FetchFailure, FetchRequest, Times
from pivot.model.json import JsonObject
from pivot.schema import Schemas
from pivot.session.held_delivery import HeldDelivery
from pivot.session.worker import Worker
from pivot.session.world import World
from pivot.settings.loading import load
from pivot.sim.broker import MemoryBroker
from pivot.sim.clock import run_virtually
from pivot.sim.kazoo import SimulatedKazoo
from pivot.sim.memory_bus import MemoryBus
from tests.debug.calls import ACCOUNT, NODE, NOON

BASE = "http://app.example.com"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a path answers: a body with its status, or a failure, after so many seconds."""

    body: str = ""
    status: int = 200
    content_type: str = "text/xml"
    fails: Code | None = None
    message: str = ""
    after_s: float = 0.04
    hops: tuple[str, ...] = ()
    """Paths over which redirects led."""


@dataclass(frozen=True, slots=True)
class Told:
    """A call to be placed."""

    servers: Mapping[str, Reply | Sequence[Reply]]
    script: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)
    redact: tuple[str, ...] = ()
    url: str = f"{BASE}/voice"


def documents_of(told: Told) -> list[JsonObject]:
    """Place the call, wait until it is over; its debug documents in order."""
    return run_virtually(_run(told))


async def _run(told: Told) -> list[JsonObject]:
    documents: list[JsonObject] = []
    settings = DebugSettings(redact=told.redact)
    recorder = Recorder(settings, NODE, lambda document: documents.append(document.body))
    broker = MemoryBroker()
    bus, kazoo = MemoryBus(broker, NODE), SimulatedKazoo(broker, "told")
    world = World(bus, _Servers(told), HeldDelivery(), now=lambda: NOON)
    rules = _rules(told.rules)
    worker = Worker(world, lambda: rules, lambda request, delivery: (recorder.watch(request, NOON),))
    await bus.consume(worker.take)
    await kazoo.start()
    options = {"Request_Format": "twiml", "HTTP_Method": "post", "Debug": True, **told.options}
    call = await kazoo.place_call(told.url, call={"Account-ID": ACCOUNT}, script=told.script, **options)
    await call.over
    await worker.until_idle()
    await kazoo.stop()
    return documents


def _rules(changes: Mapping[str, Any]) -> Rules:
    return replace(rules_of(load(environment={}), Schemas.bundled()), **changes)


class _Servers:
    """The customer's servers; implements `Fetcher`."""

    def __init__(self, told: Told) -> None:
        self._servers = told.servers
        self._asked = Counter[str]()

    async def fetch(self, request: FetchRequest) -> Answer | FetchFailure:
        path = urlsplit(request.url).path
        replies = self._servers.get(path, Reply(status=404, body="no such page"))
        known = [replies] if isinstance(replies, Reply) else list(replies)
        reply = known[min(self._asked[path], len(known) - 1)]
        self._asked[path] += 1
        await asyncio.sleep(reply.after_s)
        attempts = _attempts(request, reply)
        if reply.fails is not None:
            return FetchFailure(reply.fails, reply.message, attempts)
        headers = (("Content-Type", reply.content_type),)
        return Answer(reply.status, headers, reply.body.encode(), attempts[-1].url, attempts)


def _attempts(request: FetchRequest, reply: Reply) -> tuple[Attempt, ...]:
    url = request.url.partition("?")[0]
    urls = [url, *(f"{BASE}{path}" for path in reply.hops)]
    redirected = [Attempt(each, Times(total_s=0.01), status=302) for each in urls[:-1]]
    status = None if reply.fails else reply.status
    return (*redirected, Attempt(urls[-1], Times(total_s=reply.after_s), status=status, code=reply.fails))
