"""The fixtures of the real services do what other tests rely on."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.request

import aio_pika
import pytest
from yarl import URL

from tests.services import rabbitmqctl


@pytest.mark.rabbit
async def test_a_virtual_host_is_empty_and_its_owner_can_declare(amqp_vhost_url: str) -> None:
    """Tests declare Kazoo's fixed queue names, so they must not meet each other's."""
    async with await aio_pika.connect(amqp_vhost_url) as connection:
        channel = await connection.channel()
        await channel.declare_queue("pivot_listener", auto_delete=True)
        vhost = URL(amqp_vhost_url).path.lstrip("/")
        listed = await asyncio.to_thread(
            rabbitmqctl, "list_queues", "--vhost", vhost, "name", "--formatter=json"
        )
        assert json.loads(listed) == [{"name": "pivot_listener"}]


@pytest.mark.couch
def test_the_couch_url_carries_an_administrator(couch_url: str) -> None:
    """Stores create databases, which needs an administrator's name and password."""
    url = URL(couch_url)
    assert (url.host, bool(url.user), bool(url.password)) == ("127.0.0.1", True, True)
    with urllib.request.urlopen(str(url.with_user(None)), timeout=10) as answer:
        assert answer.status == 200


async def test_asyncio_runs_in_debug_mode() -> None:
    """A coroutine never awaited or a loop call from another thread must fail a test."""
    assert asyncio.get_running_loop().get_debug()
    assert os.environ.get("PYTHONASYNCIODEBUG") is None
