"""Calls that several workers serve meet in one place, also when the worker dies that owned it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
import pytest

from pivot.sim.behaviour import MEASURED
from pivot.sim.kazoo import SimulatedCall, SimulatedKazoo
from pivot.sim.link import Arrived
from pivot.sim.rabbit_link import open_link
from pivot.wire.names import EventName, Exchange
from pivot.wire.routing import CONFERENCE_DISCOVERY
from tests.live.program import Program, worker
from tests.live.voice_server import VoiceServer

pytestmark = [pytest.mark.rabbit, pytest.mark.live]

WAIT_S = 30.0


class Joins:
    """Who is to be brought into the switch's conference, and who joins whose leg, by Call-ID."""

    def __init__(self) -> None:
        self._members: set[str] = set()
        self._pairs: set[tuple[str, str]] = set()
        self._talking: set[str] = set()
        self._arrived = asyncio.Event()

    def discovery(self, message: Arrived) -> None:
        self._members.add(orjson.loads(message.body)["Call"]["Call-ID"])
        self._arrived.set()

    def command(self, message: Arrived) -> None:
        body = orjson.loads(message.body)
        if body["Application-Name"] == "connect_leg":
            self._pairs.add((body["Call-ID"], body["Target-Call-ID"]))
            self._arrived.set()

    def bridged(self, message: Arrived) -> None:
        self._talking.add(orjson.loads(message.body)["Call-ID"])
        self._arrived.set()

    async def talk_of(self, call: SimulatedCall) -> None:
        """Returns when the switch has told that this leg hears another one."""
        await self._until(lambda: call.call_id in self._talking)

    async def of(self, *calls: SimulatedCall) -> None:
        """Returns when each of these is in the conference."""
        wanted = {call.call_id for call in calls}
        await self._until(lambda: wanted <= self._members)

    async def between(self, agent: SimulatedCall, caller: SimulatedCall) -> None:
        """Returns when the agent joins the caller's leg."""
        await self._until(lambda: (agent.call_id, caller.call_id) in self._pairs)

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not true():
                self._arrived.clear()
                await self._arrived.wait()


@pytest.fixture
async def joins(amqp_vhost_url: str, kazoo: SimulatedKazoo) -> AsyncIterator[Joins]:
    joins = Joins()
    async with open_link(amqp_vhost_url) as link:
        await link.listen(Exchange.CONFERENCE, CONFERENCE_DISCOVERY, joins.discovery)
        await link.listen(Exchange.CALLCTL, kazoo.control_queue, joins.command)
        await link.listen(Exchange.CALLEVT, f"call.{EventName.CHANNEL_BRIDGE}.*", joins.bridged)
        yield joins


async def taken(kazoo: SimulatedKazoo, server: VoiceServer, path: str) -> SimulatedCall:
    """A caller with this document, answered by some worker."""
    call = await kazoo.place_call(f"{server.url}/{path}", Request_Format="twiml")
    async with asyncio.timeout(WAIT_S):
        assert await call.answered == "processing"
    return call


@asynccontextmanager
async def outliving(
    amqp_url: str, kazoo: SimulatedKazoo, server: VoiceServer, path: str
) -> AsyncIterator[tuple[Program, SimulatedCall]]:
    """A worker, and a caller of its who waits in a place; the worker that owned the place has died."""
    async with worker(amqp_url, BUS__DRAIN_S="60") as owner:
        holding = await kazoo.place_call(f"{server.url}/pause", Request_Format="twiml")
        await holding.answered
        before = await taken(kazoo, server, path)
        await owner.logged("meeting.shard_owned")
        kazoo.switch.hang_up(before.call_id)
        async with worker(amqp_url) as survivor:
            owner.stop()  # it takes no further calls
            await owner.logged("worker.draining")
            waiting = await taken(kazoo, server, path)
            owner.kill()
            yield survivor, waiting


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
        one = await taken(kazoo, server, "conference/support")
        other = await taken(kazoo, server, "conference/support")
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
        one = await taken(kazoo, server, "conference/support")
        other = await taken(kazoo, server, "conference/support")
        await joins.of(one, other)
        owner, survivor = await which_owns(first, second)
        owner.kill()
        await survivor.logged("meeting.shard_owned")
        late = await taken(kazoo, server, "conference/support")
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
    async with outliving(amqp_vhost_url, kazoo, server, "conference/support") as (survivor, waiting):
        met = await taken(kazoo, server, "conference/support")
        await joins.of(waiting, met)
        kazoo.switch.hang_up(waiting.call_id)
        kazoo.switch.hang_up(met.call_id)

        assert (await survivor.logged("session.ended"))["outcome"] == "ok"


async def test_a_caller_of_one_worker_is_given_to_an_agent_of_the_other(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer, joins: Joins
) -> None:
    """A call centre needs more than one worker."""
    async with worker(amqp_vhost_url) as first, worker(amqp_vhost_url) as second:
        caller = await taken(kazoo, server, "enqueue/support")
        agent = await taken(kazoo, server, "agent/support")
        await joins.between(agent, caller)
        kazoo.switch.hang_up(caller.call_id)
        kazoo.switch.hang_up(agent.call_id)

        await first.logged("session.ended")
        await second.logged("session.ended")


@pytest.mark.parametrize("kazoo", [MEASURED], indirect=True)
async def test_a_caller_of_one_worker_goes_on_when_the_agent_of_the_other_hangs_up(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer, joins: Joins
) -> None:
    """The agent's session tells it, by way of the queue's owner: a switch tells the agent's leg alone."""
    async with worker(amqp_vhost_url) as one, worker(amqp_vhost_url) as other:
        await taken(kazoo, server, "enqueue/support")
        agent = await taken(kazoo, server, "agent/support")
        await joins.talk_of(agent)
        kazoo.switch.hang_up(agent.call_id)
        async with asyncio.timeout(WAIT_S):
            queue, dial = await server.told("/after/enqueue"), await server.told("/after/agent")
        await one.logged("session.ended")
        await other.logged("session.ended")

    assert queue["QueueResult"] == "bridged"
    assert (dial["DialCallStatus"], dial["DequeueResult"]) == ("completed", "bridged")


async def test_a_waiting_caller_outlives_the_owner_of_its_queue(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer, joins: Joins
) -> None:
    """Whoever dials the queue afterwards is given the caller, and not told that there is no such queue."""
    async with outliving(amqp_vhost_url, kazoo, server, "enqueue/support") as (survivor, caller):
        agent = await taken(kazoo, server, "agent/support")
        await joins.between(agent, caller)
        kazoo.switch.hang_up(caller.call_id)
        kazoo.switch.hang_up(agent.call_id)

        assert (await survivor.logged("session.ended"))["outcome"] == "ok"
