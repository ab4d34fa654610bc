"""Declaring beside a running Erlang node, and connecting at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs
from yarl import URL

from pivot.bus import RabbitBus, open_bus
from pivot.bus.delivery import AmqpDelivery
from pivot.errors import ConfigError
from tests.bus.conftest import NODE, quick
from tests.bus.kazoo_side import RECORDED, KazooSide, heard, request
from tests.services import rabbitmqctl
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.rabbit


@pytest.fixture
def vhost_url(amqp_vhost_url: str) -> str:
    """One for each test: these change what stands there."""
    return amqp_vhost_url


OpenProxy = Callable[[str], Awaitable[TcpProxy]]


async def test_declaring_after_an_erlang_node_succeeds(
    bus: RabbitBus, requests: asyncio.Queue[AmqpDelivery], kazoo: KazooSide
) -> None:
    """And an Erlang node that starts after us finds everything as it declares it."""
    await kazoo.declare()

    assert (bus.stats.connected, bus.stats.consuming) == (True, True)


async def test_what_stands_at_the_broker_is_what_kazoo_declares(
    bus: RabbitBus, requests: asyncio.Queue[AmqpDelivery], vhost_url: str
) -> None:
    """Exchanges, shared queue, arguments, bindings and consumers as recorded; and our own queue."""
    vhost = URL(vhost_url).path.strip("/")
    own = bus.sender.server_id

    def listed(what: str, *columns: str) -> set[tuple[str, ...]]:
        lines = rabbitmqctl("-p", vhost, what, *columns, "--no-table-headers").splitlines()
        return {tuple(line.split("\t")) for line in lines}

    exchanges = await asyncio.to_thread(listed, "list_exchanges", "name", "type", "durable", "auto_delete")
    queues = await asyncio.to_thread(listed, "list_queues", "name", "durable", "auto_delete", "arguments")
    bindings = await asyncio.to_thread(
        listed, "list_bindings", "source_name", "routing_key", "destination_name"
    )
    consumers = await asyncio.to_thread(
        listed, "list_consumers", "queue_name", "ack_required", "prefetch_count"
    )

    assert {each for each in exchanges if each[0] and not each[0].startswith("amq.")} == {
        (each["name"], each["type"], "false", "false") for each in RECORDED["exchanges"]
    } | {
        ("switch", "topic", "false", "false"),  # for recordings, of which Erlang's pivot has none
        ("configuration", "topic", "false", "false"),  # declared by every Kazoo node's data layer
        (f"pivot.mark.requests.{own}", "fanout", "false", "true"),  # what goes with the shared queue
        (f"pivot.mark.events.{own}", "fanout", "false", "true"),  # what goes with the exchange of events
    }
    assert queues == {
        ("pivot_listener", "false", "true", '[{"x-max-length",100},{"x-message-ttl",60000}]'),
        (own, "false", "false", '[{"x-expires",60000}]'),
    }
    assert {each for each in bindings if each[0]} == {
        ("callmgr", "pivot.req.*", "pivot_listener"),
        ("targeted", "pivot_listener", "pivot_listener"),
        ("targeted", own, own),
        (f"pivot.mark.requests.{own}", "", "pivot_listener"),
        (f"pivot.mark.events.{own}", "", "callevt"),
    }
    assert consumers == {("pivot_listener", "true", "0"), (own, "true", "0")}


async def test_a_shared_queue_with_other_arguments_is_named(bus: RabbitBus, kazoo: KazooSide) -> None:
    """An operator must learn which queue is wrong, not that a channel closed."""
    await kazoo.channel.queue_delete("pivot_listener")
    await kazoo.channel.queue_declare("pivot_listener", auto_delete=True, arguments={"x-message-ttl": 1})

    with pytest.raises(ConfigError, match="queue pivot_listener with other arguments"):
        await bus.consume(lambda _: None)


async def test_an_exchange_of_another_type_is_named(kazoo: KazooSide, vhost_url: str) -> None:
    """Nothing starts half-declared."""
    await kazoo.channel.exchange_delete(exchange="callevt")
    await kazoo.channel.exchange_declare(exchange="callevt", exchange_type="fanout")

    with pytest.raises(ConfigError, match=r"other properties.*'callevt'"):
        async with open_bus(quick(vhost_url), node=NODE) as opened:
            await opened.connected()


@pytest.mark.parametrize(
    "change",
    [lambda url: url.with_password("wrong"), lambda url: url.with_path("/no-such-vhost")],
    ids=["password", "vhost"],
)
async def test_a_refused_user_or_vhost_stops_the_start(amqp_url: str, change: Callable[[URL], URL]) -> None:
    """Waiting will not help, and the message keeps the password to itself."""
    with pytest.raises(ConfigError, match=r"refuses the user, password or vhost of bus\.url") as caught:
        async with open_bus(quick(str(change(URL(amqp_url)))), node=NODE) as opened:
            await opened.consume(lambda _: None)
    assert "guest:" not in str(caught.value)
    assert "wrong" not in str(caught.value)


async def test_a_broker_that_is_away_is_waited_for(vhost_url: str, tcp_proxy: OpenProxy) -> None:
    """A worker may start before its broker does."""
    proxy = await tcp_proxy(vhost_url)
    proxy.refuse()
    refused = asyncio.Event()

    def note(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if event["event"] == "bus.connect_failed":
            refused.set()
            proxy.resume()
        return event

    with capture_logs(processors=[note]) as logs:
        async with open_bus(quick(proxy.url), node=NODE) as opened:
            assert not opened.stats.connected
            await opened.connected()
            assert opened.stats.connected
    assert refused.is_set()
    assert [each["event"] for each in logs][-1] == "bus.connected"


async def test_another_broker_of_the_zone_is_used_while_the_first_is_away(
    kazoo: KazooSide, vhost_url: str, tcp_proxy: OpenProxy
) -> None:
    """As Kazoo does with several URIs."""
    away = await tcp_proxy(vhost_url)
    away.refuse()
    taken: asyncio.Queue[AmqpDelivery] = asyncio.Queue()

    async with open_bus(quick(away.url, urls=(vhost_url,)), node=NODE) as opened:
        await opened.consume(taken.put_nowait)
        await kazoo.ask(request())
        await (await heard(taken)).acknowledge()
