"""Somebody deletes or changes what the worker stands on, and the broker tells nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pivot.bus import RabbitBus, open_bus
from pivot.bus.delivery import AmqpDelivery
from pivot.model.events import DigitPressed, Event
from tests.bus.conftest import NODE, quick
from tests.bus.kazoo_side import RECORDED, KazooSide, heard, request
from tests.bus.test_call_events import CALL_ID, digit, publish

pytestmark = pytest.mark.rabbit


@pytest.fixture
def vhost_url(amqp_vhost_url: str) -> str:
    """One for each test: these change what stands there."""
    return amqp_vhost_url


@pytest.fixture
async def worker(
    kazoo: KazooSide, vhost_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RabbitBus]:
    """It looks after its topology all the time."""
    monkeypatch.setattr("pivot.bus.rabbit.CHECKED_EVERY_S", 0.05)
    async with open_bus(quick(vhost_url), node=NODE) as opened:
        yield opened


@pytest.fixture
async def taken(worker: RabbitBus) -> asyncio.Queue[AmqpDelivery]:
    queue: asyncio.Queue[AmqpDelivery] = asyncio.Queue()
    await worker.consume(queue.put_nowait)
    return queue


async def redeclared(kazoo: KazooSide, name: str) -> None:
    kind = next(each["type"] for each in RECORDED["exchanges"] if each["name"] == name)
    await kazoo.channel.exchange_delete(exchange=name)
    await kazoo.channel.exchange_declare(exchange=name, exchange_type=kind)


async def checked(worker: RabbitBus) -> None:
    """What stood wrong now has been seen."""
    before = worker.stats.checked_s
    async with asyncio.timeout(10.0):
        for _ in range(2):
            while worker.stats.checked_s == before:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            before = worker.stats.checked_s


async def test_an_exchange_deleted_and_declared_again_brings_requests(
    worker: RabbitBus, taken: asyncio.Queue[AmqpDelivery], kazoo: KazooSide
) -> None:
    await redeclared(kazoo, "callmgr")
    await checked(worker)

    await kazoo.ask(request("after"))

    assert (await heard(taken)).request.call.call_id == "after"
    assert worker.stats.reconnects == 0


async def test_a_removed_binding_is_made_again(
    worker: RabbitBus, taken: asyncio.Queue[AmqpDelivery], kazoo: KazooSide
) -> None:
    await kazoo.channel.queue_unbind("pivot_listener", "callmgr", "pivot.req.*")
    await checked(worker)

    await kazoo.ask(request("after"))

    assert (await heard(taken)).request.call.call_id == "after"


async def test_calls_are_bound_again_when_their_exchange_was_deleted(
    worker: RabbitBus, taken: asyncio.Queue[AmqpDelivery], kazoo: KazooSide
) -> None:
    events: asyncio.Queue[Event] = asyncio.Queue()
    await worker.bind(CALL_ID, events.put_nowait)
    await redeclared(kazoo, "callevt")
    await checked(worker)
    await worker.connected()

    await publish(kazoo, digit("1"))

    assert await heard(events) == DigitPressed(CALL_ID, "1")


async def test_a_worker_that_may_be_deaf_says_so(
    worker: RabbitBus, taken: asyncio.Queue[AmqpDelivery], kazoo: KazooSide
) -> None:
    """Somebody declared the exchange as another kind: no binding of ours can be made."""
    await kazoo.channel.exchange_delete(exchange="callmgr")
    await kazoo.channel.exchange_declare(exchange="callmgr", exchange_type="fanout")
    async with asyncio.timeout(10.0):
        while not worker.stats.deaf():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert "callmgr" in worker.stats.deaf()
    await redeclared(kazoo, "callmgr")
    await checked(worker)
    assert worker.stats.deaf() == ""
