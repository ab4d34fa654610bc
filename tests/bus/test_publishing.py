"""Commands as they leave, compared with recordings; returns and losses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
from aiormq.abc import DeliveredMessage

from pivot.bus import RabbitBus, open_bus
from pivot.bus.kazoo_timestamp import KazooTime
from pivot.errors import BusError
from pivot.model.call import Call
from pivot.model.codes import Code
from pivot.model.commands import HandOverFlow, SayFailed, SayProcessing, SendMessage
from pivot.model.switch import Hangup
from pivot.wire.requests import decode_request
from tests.bus.conftest import NODE, quick
from tests.bus.kazoo_side import RECORDED, KazooSide, heard, request
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.rabbit

OpenProxy = Callable[[str], Awaitable[TcpProxy]]
MESSAGES = {case["case"]: case["messages"] for case in RECORDED["publishes"]}
KAZOO_JSON = MESSAGES["pivot_processing + CHANNEL_PIVOT (kazoo JSON)"]


def call(**members: Any) -> Call:
    return decode_request(request("call-id-1@192.168.1.10", **members)).call


def as_bytes(value: object) -> bytes:
    assert isinstance(value, bytearray)  # what an AMQP byte array is decoded to
    return bytes(value)


def as_recorded(message: DeliveredMessage, like: dict[str, Any]) -> dict[str, Any]:
    """A received message in the form of the recording, with the recording's ids."""
    properties = message.header.properties
    assert isinstance(properties.timestamp, KazooTime)
    assert properties.timestamp.timestamp() == pytest.approx(time.time(), abs=5.0)
    payload = orjson.loads(message.body)
    assert properties.message_id == payload["Msg-ID"]
    found: dict[str, Any] = {"content_type": properties.content_type, "timestamp": "<GREGORIAN-MICROSECONDS>"}
    if properties.headers:
        found["headers"] = {
            name: {"amqp_binary": as_bytes(value).decode()} for name, value in properties.headers.items()
        }
    for unset in ("delivery_mode", "reply_to", "correlation_id", "expiration", "priority", "app_id"):
        assert getattr(properties, unset) is None
    ids = {name: like["payload"][name] for name in ("Node", "Msg-ID", "Server-ID") if name in like["payload"]}
    return {
        "exchange": message.exchange,
        "routing_key": message.routing_key,
        "properties": found,
        "payload": payload | ids,
    }


async def test_a_flow_is_handed_over_as_recorded(bus: RabbitBus, kazoo: KazooSide) -> None:
    """`processing`, then CHANNEL_PIVOT; properties, headers and members as Kazoo's worker sent them."""
    processing, channel_pivot = KAZOO_JSON
    answers = await kazoo.listen(processing["exchange"], processing["routing_key"])
    events = await kazoo.listen(channel_pivot["exchange"], channel_pivot["routing_key"])

    await bus.send(call(), SayProcessing())
    await bus.send(call(), HandOverFlow(channel_pivot["payload"]["Application-Data"]))

    assert as_recorded(await heard(answers), processing) == processing
    assert as_recorded(await heard(events), channel_pivot) == channel_pivot
    assert (bus.stats.published, bus.stats.returned, bus.stats.lost) == (2, 0, 0)


async def test_failed_and_hangup_leave_as_recorded(bus: RabbitBus, kazoo: KazooSide) -> None:
    """The switch answers to our own queue."""
    (failed,) = MESSAGES["pivot_failed (HTTP 404)"]
    hangup = MESSAGES["pivot_failed (unrecognised commands) + hangup"][1]
    answers = await kazoo.listen("targeted", "requester-queue")
    commands = await kazoo.listen("callctl", "control-queue")

    await bus.send(decode_request(request(failed["payload"]["Call-ID"])).call, SayFailed())
    await bus.send(decode_request(request(hangup["payload"]["Call-ID"])).call, Hangup("m1"))

    assert as_recorded(await heard(answers), failed) == failed
    message = await heard(commands)
    assert as_recorded(message, hangup) == hangup
    assert orjson.loads(message.body)["Server-ID"] == bus.sender.server_id
    assert orjson.loads(message.body)["Node"] == NODE


async def test_an_address_with_a_process_becomes_key_and_header(bus: RabbitBus, kazoo: KazooSide) -> None:
    """The whole address as a key would reach nobody."""
    answers = await kazoo.listen("targeted", "callflow_route_5b0c")
    commands = await kazoo.listen("callctl", "ecallmgr@media1-<0.700.0>-0a1b")
    shared = call(
        Controller_Queue="pid://<0.2211.0>/callflow_route_5b0c",
        Control_Queue="pid://<0.512.0>/ecallmgr@media1-<0.700.0>-0a1b",
    )

    await bus.send(shared, SayProcessing())
    await bus.send(shared, Hangup("m1"))

    for queue, pid in ((answers, b"<0.2211.0>"), (commands, b"<0.512.0>")):
        assert (await heard(queue)).header.properties.headers == {"Deliver-To-PID": bytearray(pid)}


@pytest.mark.parametrize(
    "command", [SayProcessing(), SayFailed(), Hangup("m1"), HandOverFlow("{}")], ids=repr
)
async def test_a_message_that_reaches_nobody_is_an_error(bus: RabbitBus, command: Any) -> None:
    """callflow or the switch is gone: whoever sent it must know."""
    with pytest.raises(BusError, match="the broker has no queue for it") as caught:
        await bus.send(call(), command)

    assert caught.value.code is Code.BUS_RETURNED
    assert (bus.stats.published, bus.stats.returned) == (0, 1)


@pytest.mark.parametrize("members", [{"Controller_Queue": ""}, {"Controller_Queue": "q" * 300}])
async def test_an_address_that_is_none_is_an_error(bus: RabbitBus, members: dict[str, str]) -> None:
    """Without closing the channel that all calls share."""
    with pytest.raises(BusError) as caught:
        await bus.send(call(**members), SayProcessing())

    assert caught.value.code is Code.BUS_RETURNED
    assert bus.stats.connected


async def test_one_returned_message_does_not_touch_its_neighbours(bus: RabbitBus, kazoo: KazooSide) -> None:
    """Returns and confirms of many calls come mixed on one channel."""
    answers = await kazoo.listen("targeted", "here")
    here, nowhere = call(Controller_Queue="here"), call(Controller_Queue="nowhere")

    results = await asyncio.gather(
        *(bus.send(here if number % 2 else nowhere, SayProcessing()) for number in range(20)),
        return_exceptions=True,
    )

    assert [isinstance(each, BusError) for each in results] == [number % 2 == 0 for number in range(20)]
    for _ in range(10):
        await heard(answers)


async def test_a_silent_broker_costs_a_message_and_not_the_worker(
    kazoo: KazooSide, vhost_url: str, tcp_proxy: OpenProxy
) -> None:
    """Nothing hangs: after the limit the sender knows that it knows nothing."""
    proxy = await tcp_proxy(vhost_url)
    async with open_bus(quick(proxy.url, publish_timeout_s=0.2), node=NODE) as opened:
        await opened.connected()
        proxy.stall()
        with pytest.raises(BusError, match="publishing to targeted requester-queue") as caught:
            await opened.send(call(), SayProcessing())
        proxy.resume()

    assert caught.value.code is Code.BUS_LOST
    assert opened.stats.lost == 1


async def test_a_connection_that_breaks_while_publishing_is_an_error_and_no_cancellation(
    kazoo: KazooSide, vhost_url: str, tcp_proxy: OpenProxy
) -> None:
    """The library cancels what waits; a session must not take that for its own end."""
    proxy = await tcp_proxy(vhost_url)
    async with open_bus(quick(proxy.url), node=NODE) as opened:
        await opened.connected()
        proxy.stall()
        sending = asyncio.create_task(opened.send(call(), SayProcessing()))
        await asyncio.sleep(0)
        proxy.cut()
        proxy.resume()
        with pytest.raises(BusError) as caught:
            await sending

    assert caught.value.code is Code.BUS_LOST


async def test_a_text_message_reaches_who_listens_for_it(vhost_url: str, kazoo: KazooSide) -> None:
    """The exchange stands where messages are sent; without a listener the message comes back."""
    call = decode_request(request("sms@host")).call
    async with open_bus(quick(vhost_url), node=NODE, messages=True) as bus:
        await bus.connected()
        with pytest.raises(BusError) as nobody:
            await bus.send(call, SendMessage("m1", "0a", "+15552223333", "+15550001111", "hi"))
        messages = await kazoo.listen("im", "sms.outbound.*")
        await bus.send(call, SendMessage("m2", "0b", "+15552223333", "+15550001111", "hi"))

        assert nobody.value.code is Code.BUS_RETURNED
        assert orjson.loads((await heard(messages)).body)["Message-ID"] == "0b"
