"""Requests from the shared queue, with the properties and bytes that Kazoo sends."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import orjson
import pytest
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from structlog.testing import capture_logs

from pivot.bus import RabbitBus, open_bus
from pivot.bus.delivery import AmqpDelivery
from pivot.model.call import PivotRequest
from pivot.model.commands import SayProcessing
from pivot.wire.requests import decode_request
from tests.bus.conftest import NODE, quick
from tests.bus.kazoo_side import PIVOT_REQ, KazooSide, heard, properties, request
from tests.vectors import vectors

pytestmark = pytest.mark.rabbit

Requests = asyncio.Queue[AmqpDelivery]
CAPTURED = [call["pivot_req"] for call in vectors("kazoo/wire_capture.json")["calls"]]
SHARED = {
    "App-Name": "callflow",
    "App-Version": "4.0.0",
    "Event-Category": "dialplan",
    "Event-Name": "pivot_req",
    "Msg-ID": "m1",
}


@pytest.mark.parametrize("captured", CAPTURED)
async def test_captured_requests_arrive(
    captured: dict[str, Any], kazoo: KazooSide, requests: Requests
) -> None:
    """Stamped as Kazoo stamps: the plain library would have dropped the connection here."""
    body = orjson.dumps(captured | SHARED)
    await kazoo.ask(body)

    delivery = await heard(requests)

    assert delivery.request == decode_request(body)
    assert (delivery.redelivered, delivery.lost, delivery.settled) == (False, False, False)
    await delivery.acknowledge()
    assert delivery.settled


@pytest.mark.parametrize(
    ("sent_ago_s", "age_s"), [(0.0, 0.0), (7.0, 7.0), (59.0, 59.0), (120.0, 0.0), (-30.0, 0.0)]
)
async def test_a_request_is_as_old_as_kazoos_stamp_says(
    sent_ago_s: float, age_s: float, kazoo: KazooSide, requests: Requests
) -> None:
    """callflow waits ten seconds from publishing; a stamp beyond a minute is a wrong clock."""
    await kazoo.ask(request(), age_s=sent_ago_s)

    assert (await heard(requests)).age_s == pytest.approx(age_s, abs=1.0)


async def test_a_request_without_a_stamp_is_new(kazoo: KazooSide, requests: Requests) -> None:
    """Other publishers set none."""
    bare = Basic.Properties(content_type="application/json")
    await kazoo.publish(request(), PIVOT_REQ["exchange"], PIVOT_REQ["routing_key"], bare)

    assert (await heard(requests)).age_s == 0.0


async def test_a_packed_request_is_unpacked(kazoo: KazooSide, requests: Requests) -> None:
    """Kazoo's receivers know gzip, so its senders may use it."""
    sent = properties()
    sent.content_encoding = "gzip"
    await kazoo.publish(gzip.compress(request("packed")), "targeted", "pivot_listener", sent)

    assert (await heard(requests)).request.call.call_id == "packed"


BAD_BODIES = {
    "no JSON": b"\x83h\x02d",
    "no object": b"[]",
    "nothing": b"",
    "another event": orjson.dumps({"Event-Category": "pivot", "Event-Name": "failed"}),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
async def test_an_unreadable_message_is_dropped_and_reported_once(
    body: bytes, kazoo: KazooSide, bus: RabbitBus, requests: Requests, vhost_url: str
) -> None:
    """It must not come back, and the requests behind it go on."""
    with capture_logs() as logs:
        await kazoo.ask(body)
        await kazoo.ask(request("next"))
        delivery = await heard(requests)

    assert delivery.request.call.call_id == "next"
    assert [each["event"] for each in logs] == ["bus.message_rejected"]
    assert (bus.stats.rejected, bus.stats.in_flight, bus.stats.published) == (1, 1, 0)


@pytest.mark.parametrize(
    ("content_type", "encoding", "body"),
    [
        ("application/erlang", None, b"\x83h"),
        (None, None, request()),
        ("application/json", "gzip", b"not packed"),
        ("application/json", "gzip", gzip.compress(b" " * 5_000_000)),
    ],
)
async def test_a_body_of_another_kind_is_dropped(
    content_type: str | None,
    encoding: str | None,
    body: bytes,
    kazoo: KazooSide,
    bus: RabbitBus,
    requests: Requests,
) -> None:
    """Neither Erlang terms nor a small body that unpacks to a huge one."""
    sent = Basic.Properties(content_type=content_type, content_encoding=encoding)
    await kazoo.publish(body, "targeted", "pivot_listener", sent)
    await kazoo.ask(request("next"))

    assert (await heard(requests)).request.call.call_id == "next"
    assert bus.stats.rejected == 1


@pytest.mark.parametrize(("debug", "content_type"), [(1, "application/json"), (True, None)])
async def test_callflow_need_not_wait_for_an_invalid_request(
    debug: object, content_type: str | None, kazoo: KazooSide, bus: RabbitBus, requests: Requests
) -> None:
    """It names its call and its queue, so `failed` goes there at once, and the message is gone."""
    answers = await kazoo.listen("targeted", "callflow_route_1")
    invalid = orjson.loads(request("c1", Controller_Queue="pid://<0.7.0>/callflow_route_1")) | {
        "Debug": debug
    }
    sent = Basic.Properties(content_type=content_type)
    await kazoo.publish(orjson.dumps(invalid), "targeted", "pivot_listener", sent)

    answer: DeliveredMessage = await heard(answers)

    payload = orjson.loads(answer.body)
    assert payload == {
        "Call-ID": "c1",
        "Node": NODE,
        "Msg-ID": payload["Msg-ID"],
        "Event-Name": "failed",
        "Event-Category": "pivot",
        "App-Version": "4.0.0",
        "App-Name": "pivot",
    }
    assert answer.header.properties.headers == {"Deliver-To-PID": bytearray(b"<0.7.0>")}
    assert (bus.stats.rejected, bus.stats.in_flight) == (1, 0)


async def test_a_handler_that_breaks_does_not_cost_the_caller_ten_seconds(
    kazoo: KazooSide, bus: RabbitBus
) -> None:
    """A fault of ours: logged, and callflow goes on with its next branch."""

    def broken(_: AmqpDelivery) -> None:
        raise KeyError("a fault of ours")

    answers = await kazoo.listen("targeted", "requester-queue")
    await bus.consume(broken)
    with capture_logs() as logs:
        await kazoo.ask(request("c1"))
        answer = orjson.loads((await heard(answers)).body)

    assert (answer["Event-Name"], answer["Call-ID"]) == ("failed", "c1")
    assert [each["event"] for each in logs] == ["bus.handler_failed"]
    assert bus.stats.in_flight == 0


async def test_a_request_is_settled_exactly_once(kazoo: KazooSide, requests: Requests) -> None:
    """Settling twice is our fault, and the broker would close the channel over it."""
    await kazoo.ask(request())
    delivery = await heard(requests)
    await delivery.acknowledge()

    with pytest.raises(AssertionError, match="settled before"):
        await delivery.reject()


async def test_a_request_that_is_published_twice_runs_once(kazoo: KazooSide, requests: Requests) -> None:
    """The caller is being served; a second session would talk over the first."""
    with capture_logs() as logs:
        for call_id in ("twice", "twice", "next"):
            await kazoo.ask(request(call_id))
        taken = [await heard(requests), await heard(requests)]

    assert [each.request.call.call_id for each in taken] == ["twice", "next"]
    assert [each["call_id"] for each in logs if each["event"] == "bus.request_twice"] == ["twice"]


async def test_what_is_not_acknowledged_goes_to_another_node(
    kazoo: KazooSide, bus: RabbitBus, requests: Requests, vhost_url: str
) -> None:
    """A worker that dies before its last step must be redone, one that did it not."""
    async with open_bus(quick(vhost_url), node="pivot@second") as second:
        taken: Requests = asyncio.Queue()
        await second.consume(taken.put_nowait)
        await requests_to(kazoo, "done", "undone", "other-1", "other-2")
        mine = {each.request.call.call_id: each for each in [await heard(taken), await heard(taken)]}
        theirs = [await heard(requests), await heard(requests)]
        await mine.popitem()[1].acknowledge()
        (left,) = mine

    again = await heard(requests)

    assert (again.request.call.call_id, again.redelivered) == (left, True)
    assert not any(each.redelivered for each in theirs)
    assert requests.empty()


async def requests_to(kazoo: KazooSide, *call_ids: str) -> None:
    for call_id in call_ids:
        await kazoo.ask(request(call_id))


async def test_no_prefetch_limit_holds_requests_back(
    kazoo: KazooSide, bus: RabbitBus, requests: Requests
) -> None:
    """The shared queue drops its oldest beyond a hundred; what we hold is not in it."""
    call_ids = [f"c{number}" for number in range(300)]
    await requests_to(kazoo, *call_ids)

    held = [await heard(requests) for _ in call_ids]

    assert [each.request.call.call_id for each in held] == call_ids
    assert bus.stats.in_flight == 300


async def test_draining_takes_no_new_requests_and_settles_the_held_ones(
    kazoo: KazooSide, bus: RabbitBus, requests: Requests, vhost_url: str
) -> None:
    """Another node gets the new ones at once, and at the end what we could not finish."""
    async with open_bus(quick(vhost_url), node="pivot@old") as old:
        draining: Requests = asyncio.Queue()
        await old.consume(draining.put_nowait)
        await requests_to(kazoo, "a", "b", "c", "d")
        held = [await heard(draining), await heard(draining)]
        for _ in range(2):
            await (await heard(requests)).acknowledge()

        await old.stop_consuming()
        await requests_to(kazoo, "e", "f")

        assert {(await heard(requests)).request.call.call_id for _ in "ef"} == {"e", "f"}
        assert (old.stats.consuming, old.stats.in_flight) == (False, 2)
        await held[0].acknowledge()

    handed_back = await heard(requests)
    assert (handed_back.request, handed_back.redelivered) == (held[1].request, True)


async def test_a_lone_worker_finishes_what_it_holds(
    bus: RabbitBus, kazoo: KazooSide, requests: Requests
) -> None:
    """The shared queue goes with its last consumer, but held requests can still be settled."""
    await kazoo.ask(request("a"))
    held = await heard(requests)
    await bus.stop_consuming()

    await held.acknowledge()
    await kazoo.listen("targeted", "requester-queue")
    await bus.send(held.request.call, SayProcessing())

    assert (bus.stats.connected, bus.stats.in_flight, bus.stats.published) == (True, 0, 1)


async def test_a_fault_of_ours_while_reading_settles_the_message(
    bus: RabbitBus, kazoo: KazooSide, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logged with its trace; unsettled, it would stay with us for good."""

    def faulty(body: bytes) -> PivotRequest:
        if b"bad" in body:
            raise KeyError("a fault of ours")
        return decode_request(body)

    monkeypatch.setattr("pivot.bus.inbox.decode_request", faulty)
    with capture_logs() as logs:
        await kazoo.ask(request("bad"))
        await kazoo.ask(request("next"))
        assert (await heard(requests)).request.call.call_id == "next"

    assert [each["event"] for each in logs] == ["bus.request_unread"]
    assert bus.stats.in_flight == 1
