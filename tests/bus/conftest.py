"""A bus and Kazoo's side of it on an empty virtual host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from pivot.bus import RabbitBus, open_bus
from pivot.bus.delivery import AmqpDelivery
from pivot.bus.settings import BusSettings
from tests.bus.kazoo_side import KazooSide, kazoo_side
from tests.conftest import empty_vhost

NODE = "pivot@apps1.example.com"


def quick(url: str, **changed: object) -> BusSettings:
    """Settings that reconnect at once."""
    return BusSettings(url=url, reconnect_min_s=0.01, reconnect_max_s=0.05, **changed)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def vhost_url(amqp_url: str) -> Iterator[str]:
    """One virtual host for a module's tests: an empty one for each would take most of their time."""
    with empty_vhost(amqp_url) as url:
        yield url


@pytest.fixture
async def kazoo(vhost_url: str) -> AsyncIterator[KazooSide]:
    """After an Erlang node has declared everything; nothing is left of the test before."""
    async with kazoo_side(vhost_url) as side:
        yield side


@pytest.fixture
async def bus(vhost_url: str, kazoo: KazooSide) -> AsyncIterator[RabbitBus]:
    """Connected after an Erlang node has declared everything."""
    async with open_bus(quick(vhost_url), node=NODE) as opened:
        await opened.connected()
        yield opened


@pytest.fixture
async def requests(bus: RabbitBus) -> asyncio.Queue[AmqpDelivery]:
    """The requests that `bus` takes."""
    taken: asyncio.Queue[AmqpDelivery] = asyncio.Queue()
    await bus.consume(taken.put_nowait)
    return taken
