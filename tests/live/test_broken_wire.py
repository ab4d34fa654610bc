"""The wire between the worker and its broker falls silent in the middle of calls."""

from __future__ import annotations

import asyncio

import pytest

from pivot.model.switch import SpeakText
from pivot.sim.kazoo import SimulatedKazoo
from tests.live.program import worker
from tests.live.voice_server import VoiceServer
from tests.tcp_proxy import open_tcp_proxy

pytestmark = [pytest.mark.rabbit, pytest.mark.live]

WAIT_S = 15.0


async def test_seven_silent_seconds_cost_no_caller(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """callflow waits ten: what it is told after seven counts, so the flow and the words must follow."""
    async with open_tcp_proxy(amqp_vhost_url) as wire, worker(wire.url):
        flow = await kazoo.place_call(f"{server.url}/slow", Request_Format="kazoo")
        say = await kazoo.place_call(f"{server.url}/say", Request_Format="twiml")
        async with asyncio.timeout(WAIT_S):
            await server.was_asked(2)
            wire.stall()
            server.released.set()
            await asyncio.sleep(7.0)
            wire.resume()

            assert await flow.over == "flow"
            assert await say.answered == "processing"
            await say.over
        assert flow.outcomes() == ["processing", "flow"]


async def test_a_wire_that_speaks_again_too_late_leaves_nobody_in_silence(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """`processing` was written: callflow may have heard it in time, so the document follows."""
    async with open_tcp_proxy(amqp_vhost_url) as wire, worker(wire.url) as program:
        call = await kazoo.place_call(f"{server.url}/slow_say", Request_Format="twiml")
        async with asyncio.timeout(2 * WAIT_S):
            await server.was_asked(1)
            wire.stall()
            server.released.set()
            assert await call.over == "silence"
            await asyncio.sleep(2.0)
            wire.resume()
            ended = await program.logged("session.ended")

        assert ended["outcome"] == "ok"
        assert SpeakText in {type(item.command) for item in call.heard}
