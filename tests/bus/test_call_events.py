"""Events of bound legs, over a real broker."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from aiormq.exceptions import PublishError
from structlog.testing import capture_logs

from pivot.bus import RabbitBus
from pivot.errors import BusError
from pivot.model.dialling import (
    CallToHear,
    Endpoint,
    EndpointKind,
    LegControlled,
    LegPrepared,
    LegReady,
    RingPrepared,
)
from pivot.model.events import ChannelDestroyed, ChannelFound, DigitPressed, Event, FileSent, Usurped
from pivot.model.switch import AskChannel, SendFile
from pivot.wire.dialling_replies import encode_dialling_reply
from pivot.wire.envelope import Message
from pivot.wire.events import encode_channel_event, encode_usurp
from pivot.wire.media_server import encode_reply
from pivot.wire.requests import decode_request
from pivot.wire.routing import call_event
from tests.bus.kazoo_side import KazooSide, heard, properties, request

pytestmark = pytest.mark.rabbit

CALL_ID = f"{secrets.token_hex(4)}@10.20.0.7"  # queues of earlier runs may still be bound


async def publish(kazoo: KazooSide, message: Message) -> None:
    headers = {name: value.decode() for name, value in message.headers.items()}
    await kazoo.publish(message.payload, message.exchange, message.routing_key, properties(headers=headers))


def digit(key: str, call_id: str = CALL_ID) -> Message:
    msg_id = secrets.token_hex(8)
    return encode_channel_event("DTMF", call_id, {"DTMF-Digit": key}, node="fs@m1", msg_id=msg_id)


async def unheard(kazoo: KazooSide, leg: str) -> None:
    """Return when no queue is bound for this leg's events any more, which nobody else waits for."""
    with pytest.raises(PublishError):
        await publish_often(kazoo, digit("1", leg))


async def publish_often(kazoo: KazooSide, message: Message) -> None:
    for _ in range(1000):
        await publish(kazoo, message)


async def test_a_bound_leg_is_heard_in_order_and_no_other(bus: RabbitBus, kazoo: KazooSide) -> None:
    """Digits out of order are another number."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    other: asyncio.Queue[Event] = asyncio.Queue()
    await bus.bind(CALL_ID, events.put_nowait)
    await bus.bind("other.call", other.put_nowait)

    keys = "0123456789*#" * 10
    for key in keys:
        await publish(kazoo, digit(key))
    await publish(kazoo, encode_usurp("other.call", "f1", node="n", msg_id="1"))

    assert [await heard(events) for _ in keys] == [DigitPressed(CALL_ID, key) for key in keys]
    assert await heard(other) == Usurped("f1", "other.call")
    assert (events.empty(), other.empty(), bus.stats.bound_legs) == (True, True, 2)


async def test_the_routing_key_tells_whose_event_it_is(bus: RabbitBus, kazoo: KazooSide) -> None:
    """The payload of an originated channel names another Call-ID."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    await bus.bind(CALL_ID, events.put_nowait)
    body = b'{"Event-Category":"call_event","Event-Name":"CHANNEL_DESTROY","Call-ID":"b-leg"}'

    await kazoo.publish(body, "callevt", call_event("CHANNEL_DESTROY", CALL_ID))

    found = await heard(events)
    assert isinstance(found, ChannelDestroyed)
    assert (found.call_id, found.cdr["Call-ID"]) == (CALL_ID, "b-leg")


async def test_two_receivers_of_a_leg_share_one_binding(bus: RabbitBus, kazoo: KazooSide) -> None:
    """The first to leave must not make the other deaf; after the last, the broker knows of no binding."""
    first: asyncio.Queue[Event] = asyncio.Queue()
    second: asyncio.Queue[Event] = asyncio.Queue()
    leg = "pivots@twice"
    await asyncio.gather(bus.bind(leg, first.put_nowait), bus.bind(leg, second.put_nowait))
    await bus.unbind(leg, first.put_nowait)
    await publish(kazoo, digit("1", leg))
    assert await heard(second) == DigitPressed(leg, "1")
    assert first.empty()

    await bus.unbind(leg, second.put_nowait)

    assert bus.stats.bound_legs == 0
    await unheard(kazoo, leg)
    assert second.empty()


async def test_an_event_published_when_bind_returned_is_heard(bus: RabbitBus, kazoo: KazooSide) -> None:
    """The first command goes out right after; its completion must not be missed."""
    for number in range(20):
        events: asyncio.Queue[Event] = asyncio.Queue()
        await bus.bind(f"c{number}", events.put_nowait)
        await publish(kazoo, digit("1", f"c{number}"))
        await heard(events)
        await bus.unbind(f"c{number}", events.put_nowait)


async def test_a_broken_event_or_receiver_harms_nobody_else(bus: RabbitBus, kazoo: KazooSide) -> None:
    """All calls of the worker share the queue."""
    events: asyncio.Queue[Event] = asyncio.Queue()

    def broken(_: Event) -> None:
        raise KeyError("a fault of ours")

    await bus.bind(CALL_ID, broken)
    await bus.bind(CALL_ID, events.put_nowait)
    with capture_logs() as logs:
        await kazoo.publish(b"{", "callevt", call_event("CHANNEL_DESTROY", CALL_ID))
        await kazoo.publish(b"{}", "targeted", bus.sender.server_id)
        await publish(kazoo, digit("1"))
        await heard(events)

    assert [each["event"] for each in logs] == ["bus.message_rejected", "bus.receiver_failed"]
    assert bus.stats.rejected == 1


async def test_a_call_id_too_long_for_a_key_is_refused(bus: RabbitBus) -> None:
    """Without closing the channel that all calls share."""
    with pytest.raises(BusError, match="too many for a routing key"):
        await bus.bind("c" * 250, lambda _: None)

    await bus.bind("c" * 200, lambda _: None)
    assert bus.stats.connected


async def test_answers_to_our_questions_reach_the_call_that_asked(bus: RabbitBus, kazoo: KazooSide) -> None:
    """They come to our own queue and are told apart by the question's Msg-ID; strangers' are ignored."""
    call = decode_request(request("asks@host", Switch_Nodename="fs@m1")).call
    events: asyncio.Queue[Event] = asyncio.Queue()
    await bus.bind(call.call_id, events.put_nowait)
    questions = await kazoo.listen("callevt", "call.status_req.*")
    orders = await kazoo.listen("switch", "switch.command.*")

    await bus.send(call, AskChannel("q1", leg="b-leg"))
    await bus.send(call, SendFile("q2", "/tmp/r.mp3", "http://media/r.mp3"))
    await heard(questions)
    await heard(orders)
    own = bus.sender.server_id
    for answer in (
        encode_reply(ChannelFound("stranger"), own, "q3", node="ecallmgr@h"),
        encode_reply(ChannelFound("b-leg"), own, "q1", node="ecallmgr@h"),
        encode_reply(ChannelFound("b-leg"), own, "q1", node="ecallmgr@other"),
        encode_reply(FileSent("q2", ok=True), own, "q2", node="ecallmgr@h"),
    ):
        await publish(kazoo, answer)

    assert [await heard(events), await heard(events)] == [ChannelFound("b-leg"), FileSent("q2", ok=True)]
    assert events.empty()


async def test_a_leg_that_is_prepared_answers_more_than_once(bus: RabbitBus, kazoo: KazooSide) -> None:
    """Its control queue, that it waits for our word, and after that word that it answered: one Msg-ID."""
    call = decode_request(request("hears@host")).call
    gateway = Endpoint("sip:g@gw.test", "g-leg", EndpointKind.ROUTE, "sip:g@gw.test")
    events: asyncio.Queue[Event] = asyncio.Queue()
    await bus.bind(call.call_id, events.put_nowait)
    asked = await kazoo.listen("callmgr", "originate.resource.req")
    words = await kazoo.listen("targeted", "originate-queue")
    answers = (
        LegControlled("m1", "g-leg", "g-control"),
        LegPrepared("m1", "g-leg", "g-control", "originate-queue"),
        LegReady("m1", "g-leg"),
    )

    await bus.send(call, CallToHear("m1", gateway, call.call_id, 10.0))
    await heard(asked)
    for answer in answers[:2]:
        await publish(kazoo, encode_dialling_reply(answer, bus.sender.server_id, node="ecallmgr@h"))
    prepared = [await heard(events), await heard(events)]
    await bus.send(call, RingPrepared("m1", "g-leg", "originate-queue"))
    await heard(words)
    await publish(kazoo, encode_dialling_reply(answers[2], bus.sender.server_id, node="ecallmgr@h"))

    assert (*prepared, await heard(events)) == answers
