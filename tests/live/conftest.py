"""A customer's server and a simulated cluster on an empty virtual host, for every live test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pivot.sim.behaviour import DOCUMENTED
from pivot.sim.kazoo import SimulatedKazoo
from pivot.sim.rabbit_link import open_link
from tests.live.voice_server import VoiceServer, voice_server


@pytest.fixture
async def server() -> AsyncIterator[VoiceServer]:
    async with voice_server() as running:
        yield running


@pytest.fixture
async def kazoo(amqp_vhost_url: str, request: pytest.FixtureRequest) -> AsyncIterator[SimulatedKazoo]:
    """Every message of pivot must reach somebody who waits for it; a parameter is the switch's behaviour."""
    async with open_link(amqp_vhost_url) as link:
        cluster = SimulatedKazoo(link, behaviour=getattr(request, "param", DOCUMENTED))
        await cluster.start()
        yield cluster
        await cluster.stop()
        assert cluster.strays == []
