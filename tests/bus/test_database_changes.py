"""News of the cluster's databases, both ways."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import pytest
from aiormq.abc import DeliveredMessage
from structlog.testing import capture_logs

from pivot.bus import RabbitBus, open_bus
from pivot.bus.database_changes import ChangeFeed
from tests.bus.conftest import NODE, quick
from tests.bus.kazoo_side import WAIT_S, KazooSide, heard
from tests.tcp_proxy import TcpProxy

MONTH = "account%2Fa1%2Fb2%2Fc3d4e5f60718293a4b5c6d7e8f90-202411"
EDITED = "doc_edited.system_config.config.pivot%2Etwiml"


class Watcher:
    """Counts how often it was told."""

    def __init__(self) -> None:
        self.told = 0
        self._more = asyncio.Condition()
        self._tasks = set[asyncio.Task[None]]()

    def __call__(self) -> None:
        task = asyncio.create_task(self._count())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _count(self) -> None:
        async with self._more:
            self.told += 1
            self._more.notify_all()

    async def was_told(self, times: int) -> None:
        async with asyncio.timeout(WAIT_S), self._more:
            await self._more.wait_for(lambda: self.told >= times)


@pytest.mark.rabbit
async def test_a_change_in_a_watched_database_is_told(vhost_url: str, kazoo: KazooSide) -> None:
    """An operator who changes a setting with Kazoo's tools need not restart us."""
    settings, schemas = Watcher(), Watcher()
    watched = {"system_config": settings, "system_schemas": schemas}
    async with open_bus(quick(vhost_url), node=NODE, watched=watched) as bus:
        await bus.connected()
        await settings.was_told(1)  # what changed before is unknown
        await schemas.was_told(1)

        await kazoo.publish(b"{}", "configuration", EDITED)
        await settings.was_told(2)
        await kazoo.publish(b"{}", "configuration", "doc_created.system_schemas.undefined.callflows%2Eshout")
        await schemas.was_told(2)

    assert (settings.told, schemas.told) == (2, 2)


@pytest.mark.rabbit
async def test_after_a_lost_connection_everything_may_have_changed(
    vhost_url: str, kazoo: KazooSide, tcp_proxy: Callable[[str], Awaitable[TcpProxy]]
) -> None:
    """A change made while the broker was away must not be missed for good."""
    proxy, settings = await tcp_proxy(vhost_url), Watcher()
    async with open_bus(quick(proxy.url), node=NODE, watched={"system_config": settings}) as bus:
        await bus.connected()
        await settings.was_told(1)
        proxy.cut()

        await settings.was_told(2)
        await kazoo.publish(b"{}", "configuration", EDITED)
        await settings.was_told(3)


@pytest.mark.rabbit
async def test_a_database_that_we_made_is_announced_as_kazoo_does(bus: RabbitBus, kazoo: KazooSide) -> None:
    """Kazoo's nodes forget that there was none. The last word of the key is encoded twice."""
    key = f"db_created.{MONTH}.database.{MONTH.replace('%', '%25')}"
    news: asyncio.Queue[DeliveredMessage] = await kazoo.listen("configuration", "#")

    await bus.tell_created(MONTH)
    message = await heard(news)

    payload = orjson.loads(message.body)
    assert (message.exchange, message.routing_key) == ("configuration", key)
    assert len(payload.pop("Msg-ID")) == 32
    assert payload == {
        "Event-Category": "configuration",
        "Event-Name": "db_created",
        "Type": "database",
        "ID": MONTH,
        "Database": MONTH,
        "App-Name": "datamgr",
        "App-Version": "1.0.0",
        "Node": NODE,
    }


def test_a_watcher_that_fails_harms_nobody() -> None:
    """Events of calls come through the same consumer."""

    def fails() -> None:
        raise ValueError("no")

    with capture_logs() as lines:
        feed = ChangeFeed({"system_config": fails})
        feed.read(EDITED)
        feed.read("configuration.doc_type_update.device")

    assert [line["event"] for line in lines] == ["bus.watcher_failed"]
