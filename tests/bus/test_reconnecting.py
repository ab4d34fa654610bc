"""A wire that is cut, a broker that goes away, a consumer that is taken from us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import orjson
import pytest

from pivot.bus import RabbitBus, open_bus
from pivot.bus.delivery import AmqpDelivery
from pivot.errors import BusError
from pivot.model.codes import Code
from pivot.model.commands import SayProcessing
from pivot.model.events import DigitPressed, Event
from pivot.wire.requests import decode_request
from tests.bus.conftest import NODE, quick
from tests.bus.kazoo_side import KazooSide, heard, request
from tests.bus.test_call_events import CALL_ID, digit, publish
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.rabbit

OpenProxy = Callable[[str], Awaitable[TcpProxy]]
Requests = asyncio.Queue[AmqpDelivery]


@pytest.fixture
async def wire(vhost_url: str, tcp_proxy: OpenProxy) -> TcpProxy:
    """What the worker's connection goes through."""
    return await tcp_proxy(vhost_url)


@pytest.fixture
async def worker(kazoo: KazooSide, wire: TcpProxy) -> AsyncIterator[RabbitBus]:
    async with open_bus(quick(wire.url), node=NODE) as opened:
        await opened.connected()
        yield opened


@pytest.fixture
async def taken(worker: RabbitBus) -> Requests:
    queue: Requests = asyncio.Queue()
    await worker.consume(queue.put_nowait)
    return queue


async def lost(worker: RabbitBus) -> None:
    """The worker knows that its connection is gone; only its own numbers tell."""
    async with asyncio.timeout(10.0):
        while worker.stats.connected:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def reconnected(worker: RabbitBus, wire: TcpProxy) -> None:
    """The worker has a second connection, and all stands on it."""
    async with asyncio.timeout(10.0):
        await wire.wait_for_connections(2)
        await worker.connected()


async def test_requests_and_answers_go_on_after_a_cut(
    worker: RabbitBus, wire: TcpProxy, taken: Requests, kazoo: KazooSide
) -> None:
    """The shared queue went with its last consumer: it is declared, bound and consumed again."""
    answers = await kazoo.listen("targeted", "requester-queue")
    wire.cut()
    await reconnected(worker, wire)

    await kazoo.ask(request("after"))
    delivery = await heard(taken)
    await worker.send(delivery.request.call, SayProcessing())
    await delivery.acknowledge()

    assert orjson.loads((await heard(answers)).body)["Call-ID"] == "after"
    assert (worker.stats.reconnects, worker.stats.connected, worker.stats.consuming) == (1, True, True)


async def test_a_request_lost_with_its_connection_goes_to_another_node(
    worker: RabbitBus, wire: TcpProxy, taken: Requests, kazoo: KazooSide, bus: RabbitBus, requests: Requests
) -> None:
    """And here it can no longer be acknowledged: whoever tries learns that it is not ours."""
    await kazoo.ask(request("a"))
    await kazoo.ask(request("b"))
    held, other = await heard(taken), await heard(requests)
    await other.acknowledge()
    wire.cut()

    again = await heard(requests)

    assert (again.request, again.redelivered) == (held.request, True)
    await reconnected(worker, wire)
    assert (held.lost, worker.stats.lost_deliveries, worker.stats.in_flight) == (True, 1, 0)
    with pytest.raises(BusError) as caught:
        await held.acknowledge()
    assert caught.value.code is Code.BUS_LOST


async def test_a_lost_request_that_comes_back_continues_its_session(
    worker: RabbitBus, wire: TcpProxy, taken: Requests, kazoo: KazooSide
) -> None:
    """Two sessions for one call would tell callflow everything twice."""
    await kazoo.keep_queue_alive()
    await kazoo.ask(request("a"))
    held = await heard(taken)
    wire.cut()
    await reconnected(worker, wire)
    await kazoo.ask(request("next"))

    assert (await heard(taken)).request.call.call_id == "next"
    assert (held.lost, held.redelivered, worker.stats.redelivered) == (False, True, 1)
    await held.acknowledge()
    assert taken.empty()


async def test_a_lost_request_whose_session_is_over_starts_anew(
    worker: RabbitBus, wire: TcpProxy, taken: Requests, kazoo: KazooSide
) -> None:
    """Nobody would ever settle it otherwise."""
    await kazoo.keep_queue_alive()
    await kazoo.ask(request("a"))
    held = await heard(taken)
    del held
    wire.cut()

    again = await heard(taken)

    assert (again.request.call.call_id, again.redelivered) == ("a", True)


async def test_bound_legs_are_heard_again_after_a_cut(
    worker: RabbitBus, wire: TcpProxy, kazoo: KazooSide
) -> None:
    """A caller who hangs up after our reconnect must be heard; the legs let go of must not come back."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    for call_id in (CALL_ID, "second", "released"):
        await worker.bind(call_id, events.put_nowait)
    await worker.unbind("released", events.put_nowait)
    await kazoo.channel.queue_unbind(worker.sender.server_id, "callevt", "call.*.second")
    wire.cut()
    await reconnected(worker, wire)

    await publish(kazoo, digit("1"))
    await publish(kazoo, digit("2", "second"))

    assert [await heard(events), await heard(events)] == [
        DigitPressed(CALL_ID, "1"),
        DigitPressed("second", "2"),
    ]
    assert worker.stats.bound_legs == 2


async def test_events_of_an_outage_are_heard_afterwards(
    worker: RabbitBus, wire: TcpProxy, kazoo: KazooSide
) -> None:
    """Our queue is kept for a minute, so a hang-up in between is not missed."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    await worker.bind(CALL_ID, events.put_nowait)
    wire.refuse()
    wire.cut()
    for key in "123":
        await publish(kazoo, digit(key))
    wire.resume()

    assert [await heard(events) for _ in "123"] == [DigitPressed(CALL_ID, key) for key in "123"]


async def test_publishing_waits_for_the_connection(
    worker: RabbitBus, wire: TcpProxy, taken: Requests, kazoo: KazooSide
) -> None:
    """A running call goes on after a short outage."""
    answers = await kazoo.listen("targeted", "requester-queue")
    await kazoo.ask(request("a"))
    call = (await heard(taken)).request.call
    wire.refuse()
    wire.cut()
    await lost(worker)
    sending = asyncio.create_task(worker.send(call, SayProcessing()))
    await asyncio.sleep(0)
    assert not sending.done()
    wire.resume()

    await sending

    assert orjson.loads((await heard(answers)).body)["Event-Name"] == "processing"


async def test_an_outage_longer_than_the_limit_is_an_error(kazoo: KazooSide, wire: TcpProxy) -> None:
    """Nothing hangs."""
    async with open_bus(quick(wire.url, publish_timeout_s=0.1), node=NODE) as worker:
        await worker.connected()
        wire.refuse()
        wire.cut()
        await lost(worker)
        with pytest.raises(BusError) as sent:
            await worker.send(decode_request(request("a")).call, SayProcessing())
        with pytest.raises(BusError) as bound:
            await worker.bind("c", lambda _: None)

    assert (sent.value.code, bound.value.code) == (Code.BUS_LOST, Code.BUS_LOST)


async def test_a_queue_deleted_under_us_is_consumed_again(
    worker: RabbitBus, wire: TcpProxy, taken: Requests, kazoo: KazooSide
) -> None:
    """An operator's slip, or a failed-over node."""
    await kazoo.channel.queue_delete("pivot_listener")
    await reconnected(worker, wire)

    await kazoo.ask(request("after"))

    assert (await heard(taken)).request.call.call_id == "after"


async def test_a_drained_worker_does_not_consume_again(
    worker: RabbitBus, wire: TcpProxy, taken: Requests, kazoo: KazooSide
) -> None:
    """A cut during the drain must not bring new calls."""
    await worker.stop_consuming()
    wire.cut()
    await reconnected(worker, wire)

    assert (worker.stats.connected, worker.stats.consuming) == (True, False)
    await worker.stop_consuming()


async def test_a_wire_cut_at_any_moment_of_connecting_is_survived(
    worker: RabbitBus, wire: TcpProxy, taken: Requests, kazoo: KazooSide
) -> None:
    """Whatever step the cut hits, and whatever the library makes of it, the next attempt follows."""
    for cut in range(1, 25):
        connections = wire.accepted
        wire.cut()
        await wire.wait_for_connections(connections + 1)
        for _ in range(cut * 5):
            await asyncio.sleep(0)
    async with asyncio.timeout(10.0):
        await worker.connected()
        await kazoo.ask(request("after"))

    assert (await heard(taken)).request.call.call_id == "after"


async def test_stopping_while_the_broker_is_away_takes_no_time(vhost_url: str, tcp_proxy: OpenProxy) -> None:
    """An operator who stops a worker that waits for its broker need not kill it."""
    away = await tcp_proxy(vhost_url)
    away.refuse()
    async with asyncio.timeout(5.0), open_bus(quick(away.url), node=NODE) as opened:
        consuming = asyncio.create_task(opened.consume(lambda _: None))
        await asyncio.sleep(0)
        consuming.cancel()
        await opened.stop_consuming()
