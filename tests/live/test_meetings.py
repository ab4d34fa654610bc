"""Calls that several workers serve meet in one place, also when the worker dies that owned it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from pivot.sim.kazoo import SimulatedCall, SimulatedKazoo
from pivot.sim.link import Arrived
from pivot.sim.rabbit_link import open_link
from pivot.wire.names import Exchange
from pivot.wire.routing import CONFERENCE_DISCOVERY
from tests.live.program import Program, worker
from tests.live.voice_server import VoiceServer

pytestmark = [pytest.mark.rabbit, pytest.mark.live]

WAIT_S = 30.0


class Joins:
    """Who asked to be brought into the switch's conference, by Call-ID, in order."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._arrived = asyncio.Condition()

    def arrived(self, message: Arrived) -> None:
        self.seen.append(orjson.loads(message.body)["Call"]["Call-ID"])
        self._waking = asyncio.ensure_future(self._wake())

    async def _wake(self) -> None:
        async with self._arrived:
            self._arrived.notify_all()

    async def of(self, *calls: SimulatedCall) -> None:
        """Returns when each of these has joined."""
        wanted = {call.call_id for call in calls}
        async with asyncio.timeout(WAIT_S), self._arrived:
            await self._arrived.wait_for(lambda: wanted <= set(self.seen))


@pytest.fixture
async def joins(amqp_vhost_url: str) -> AsyncIterator[Joins]:
    joins = Joins()
    async with open_link(amqp_vhost_url) as link:
        await link.listen(Exchange.CONFERENCE, CONFERENCE_DISCOVERY, joins.arrived)
        yield joins


async def taken(kazoo: SimulatedKazoo, server: VoiceServer, room: str) -> SimulatedCall:
    """A caller whose document leads into this room, answered by some worker."""
    call = await kazoo.place_call(f"{server.url}/conference/{room}", Request_Format="twiml")
    async with asyncio.timeout(WAIT_S):
        assert await call.answered == "processing"
    return call


async def which_owns(first: Program, second: Program) -> tuple[Program, Program]:
    """The one of both that has become an owner, and the other."""
    owning = {asyncio.ensure_future(each.logged("meeting.shard_owned")): each for each in (first, second)}
    done, waiting = await asyncio.wait(owning, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return (first, second) if owning[done.pop()] is first else (second, first)


async def test_callers_of_two_workers_start_a_conference(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer, joins: Joins
) -> None:
    """Nobody waits alone because another worker took the other call."""
    async with worker(amqp_vhost_url) as first, worker(amqp_vhost_url) as second:
        one = await taken(kazoo, server, "support")
        other = await taken(kazoo, server, "support")
        await joins.of(one, other)
        kazoo.switch.hang_up(one.call_id)
        kazoo.switch.hang_up(other.call_id)

        await first.logged("session.ended")
        await second.logged("session.ended")


async def test_the_owners_death_ends_no_conference_of_others(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer, joins: Joins
) -> None:
    """Those whom the other worker serves stay in, and who comes later joins them at once."""
    async with worker(amqp_vhost_url) as first, worker(amqp_vhost_url) as second:
        one = await taken(kazoo, server, "support")
        other = await taken(kazoo, server, "support")
        await joins.of(one, other)
        owner, survivor = await which_owns(first, second)
        owner.kill()
        await survivor.logged("meeting.shard_owned")
        late = await taken(kazoo, server, "support")
        await joins.of(late)
        staying = [call for call in (one, other) if not call.over.done()]
        for call in (one, other, late):
            kazoo.switch.hang_up(call.call_id)

        assert len(staying) == 2
        await survivor.logged("session.ended")


async def test_a_waiting_caller_outlives_the_owner_of_its_room(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer, joins: Joins
) -> None:
    """The first worker owns the room and dies before anybody else comes to it."""
    async with worker(amqp_vhost_url, BUS__DRAIN_S="60") as first:
        holding = await kazoo.place_call(f"{server.url}/pause", Request_Format="twiml")
        await holding.answered
        before = await taken(kazoo, server, "support")
        await first.logged("meeting.shard_owned")
        kazoo.switch.hang_up(before.call_id)
        async with worker(amqp_vhost_url) as second:
            first.stop()  # it takes no further calls
            await first.logged("worker.draining")
            waiting = await taken(kazoo, server, "support")
            first.kill()
            met = await taken(kazoo, server, "support")
            await joins.of(waiting, met)
            kazoo.switch.hang_up(waiting.call_id)
            kazoo.switch.hang_up(met.call_id)

            assert (await second.logged("session.ended"))["outcome"] == "ok"
