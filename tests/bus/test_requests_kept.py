"""A worker that comes back and finds the shared queue gone, or somebody else's: whose is what it holds?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import orjson
import pytest

from pivot.bus import RabbitBus, open_bus
from pivot.bus.delivery import AmqpDelivery
from pivot.model.commands import SayProcessing
from tests.bus.conftest import NODE, quick
from tests.bus.kazoo_side import KazooSide, heard, request
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.rabbit

OpenProxy = Callable[[str], Awaitable[TcpProxy]]
Requests = asyncio.Queue[AmqpDelivery]


@pytest.fixture
async def wire(vhost_url: str, tcp_proxy: OpenProxy) -> TcpProxy:
    return await tcp_proxy(vhost_url)


@pytest.fixture
async def workers(kazoo: KazooSide, wire: TcpProxy) -> AsyncIterator[list[RabbitBus]]:
    """Two, over the same wire."""
    async with open_bus(quick(wire.url), node=NODE) as one, open_bus(quick(wire.url), node=NODE) as other:
        yield [one, other]


async def taken_by(worker: RabbitBus) -> Requests:
    queue: Requests = asyncio.Queue()
    await worker.consume(queue.put_nowait)
    return queue


async def came_back(*workers: RabbitBus) -> None:
    """Each has lost its connection and consumes over another one; only their own numbers tell."""
    async with asyncio.timeout(10.0):
        for worker in workers:
            while not (worker.stats.reconnects and worker.stats.consuming):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await worker.connected()


async def test_what_was_in_a_queue_that_went_is_answered_by_who_knows_of_it(
    workers: list[RabbitBus], wire: TcpProxy, kazoo: KazooSide
) -> None:
    """The queue goes with its last consumer, and with it what it had put back."""
    worker = workers[0]
    taken = await taken_by(worker)
    answers = await kazoo.listen("targeted", "requester-queue")
    await kazoo.ask(request("a"))
    held = await heard(taken)
    wire.cut()
    await came_back(worker)

    await worker.send(held.request.call, SayProcessing())
    await held.acknowledge()
    await kazoo.ask(request("next"))

    assert orjson.loads((await heard(answers)).body)["Call-ID"] == "a"
    assert (await heard(taken)).request.call.call_id == "next"
    assert (held.kept, worker.stats.kept_deliveries, worker.stats.in_flight) == (True, 1, 1)


async def test_the_queue_that_another_worker_has_declared_anew_is_another_queue(
    workers: list[RabbitBus], wire: TcpProxy, kazoo: KazooSide
) -> None:
    """All connections are cut: whoever comes back second finds a queue, but nothing of its own in it."""
    taken = [await taken_by(worker) for worker in workers]
    for call_id in ("a", "b"):
        await kazoo.ask(request(call_id))
    held = [await heard(each) for each in taken]
    wire.cut()

    await came_back(*workers)

    assert [delivery.kept for delivery in held] == [True, True]


async def test_a_second_break_takes_nothing_from_us(
    workers: list[RabbitBus], wire: TcpProxy, kazoo: KazooSide
) -> None:
    worker = workers[0]
    taken = await taken_by(worker)
    await kazoo.ask(request("a"))
    held = await heard(taken)
    wire.cut()
    await came_back(worker)
    connections = wire.accepted
    wire.cut()
    await wire.wait_for_connections(connections + 1)
    await worker.connected()

    assert not held.lost
    await held.acknowledge()


async def test_a_queue_deleted_by_an_operator_costs_no_request(
    workers: list[RabbitBus], kazoo: KazooSide
) -> None:
    worker = workers[0]
    taken = await taken_by(worker)
    await kazoo.ask(request("a"))
    held = await heard(taken)
    await kazoo.channel.queue_delete("pivot_listener")
    await came_back(worker)

    assert held.kept
    await held.acknowledge()
    await kazoo.ask(request("next"))

    assert (await heard(taken)).request.call.call_id == "next"


async def test_a_clock_ahead_of_kazoos_costs_no_call(workers: list[RabbitBus], kazoo: KazooSide) -> None:
    """Every request looks too old; none is."""
    taken = await taken_by(workers[0])
    for number in range(20):
        await kazoo.ask(request(f"c{number}"), age_s=12.0)

    ages = [(await heard(taken)).age_s for _ in range(20)]

    assert ages == pytest.approx([0.0] * 20, abs=1.0)
    assert "12.0 s ahead of that of" in workers[0].clocks
