"""What callers notice when workers die and connections break: as little as can be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from pivot.meeting.empty_queues import KNOWN_S
from pivot.meeting.membership import shard_of
from pivot.meeting.messages import ToOwner, encode
from pivot.meeting.shared import BOX, GRACE_S, RENEW_S, SILENT_RENEWALS
from pivot.model.instructions import Callback
from pivot.model.queues import (
    AskPlace,
    EnterQueue,
    LeaveQueue,
    QueueChange,
    QueueNews,
    SayJoined,
    SayReady,
    TakeFromQueue,
)
from pivot.model.rooms import LeaveRoom, RoomChange, RoomNews
from pivot.sim.clock import run_virtually
from pivot.sim.worker_messages import MemoryExchange
from tests.meeting.hall import Change, Hall, MemoryWorker, memory_worker, room

CALM_S = 30.0
OWNER, ONE, OTHER = 0, 1, 2
"""The first worker that is spoken to becomes the owner."""


@dataclass
class Town:
    office: MemoryExchange
    workers: list[MemoryWorker]
    hall: Hall

    async def calms(self, **heard: Sequence[Change]) -> None:
        """After a while these calls, and no others, have heard this."""
        await asyncio.sleep(CALM_S)
        assert self.hall.heard_more() == heard

    async def owner_is_found(self, place: str) -> None:
        """Our first worker owns this place, which nobody is in."""
        self.hall.says("first", room("first", place), at=OWNER)
        await self.hall.hears("first", RoomChange.ENTERED)
        self.hall.is_over("first")
        await asyncio.sleep(CALM_S)
        assert self.office.boxes[f"{BOX}{shard_of(place)}"] is self.workers[OWNER].post

    async def two_are_in_a_room(self) -> str:
        """Calls of two workers, of which a third owns the room; what they heard so far counts no more.

        Returns:
            The conference's id.
        """
        await self.owner_is_found("r")
        self.hall.says("a", room("a"), at=ONE)
        self.hall.says("b", room("b"), at=OTHER)
        entered = await self.hall.next("a")
        await asyncio.sleep(CALM_S)
        self.hall.heard_more()
        assert isinstance(entered, RoomNews)
        return entered.conference

    async def pair(self) -> None:
        """A caller of one worker has been given to an agent of another."""
        self.hall.says("caller", EnterQueue("q", "support"), at=ONE)
        await self.hall.hears("caller", QueueChange.ENTERED)
        self.hall.says("agent", TakeFromQueue("q", "support"), at=OTHER)
        await self.hall.hears("agent", QueueChange.MATCHED)
        await self.hall.hears("caller", QueueChange.TAKEN)

    async def ready(self) -> None:
        """The agent may join the caller."""
        await self.pair()
        self.hall.says("caller", SayReady("q", "agent"))
        await self.hall.hears("agent", QueueChange.READY)

    async def talk(self) -> None:
        """Both hear each other."""
        await self.ready()
        self.hall.says("agent", SayJoined("q", "caller"))
        await self.hall.hears("caller", QueueChange.JOINED)
        await asyncio.sleep(CALM_S)


def in_town(story: Callable[[Town], Awaitable[None]]) -> None:
    """Three workers whose messages take a millisecond each way."""

    async def main() -> None:
        office = MemoryExchange(lambda: 0.001)
        workers = [memory_worker(office, name) for name in ("owner", "one", "other")]
        try:
            await story(Town(office, workers, Hall([worker.meetings for worker in workers])))
        finally:
            for worker in workers:
                worker.die()

    run_virtually(main())


def test_a_conference_goes_on_without_its_owner() -> None:
    """Nobody hears anything; who comes later is in a conference that has started."""

    async def story(town: Town) -> None:
        conference = await town.two_are_in_a_room()
        town.workers[OWNER].die()
        await town.calms()
        town.hall.says("c", room("c", starts=False), at=OTHER)
        entered = await town.hall.hears("c", RoomChange.ENTERED)
        assert isinstance(entered, RoomNews)
        assert (entered.others, entered.started, entered.conference) == (2, True, conference)
        await town.calms(a=[RoomChange.JOINED], b=[RoomChange.JOINED])

    in_town(story)


def test_the_same_member_tells_of_the_conference_under_the_next_owner() -> None:
    """Two would tell everything twice, and nobody would tell nothing."""
    callback = Callback("https://app.test/", events=("join",))

    async def story(town: Town) -> None:
        await town.owner_is_found("r")
        town.hall.says("teller", room("teller", callback=callback), at=OTHER)
        await asyncio.sleep(CALM_S)
        town.hall.says("second", room("second"), at=ONE)
        await asyncio.sleep(CALM_S)
        town.hall.heard_more()
        town.workers[OWNER].die()
        await asyncio.sleep(CALM_S)
        town.hall.says("third", room("third"), at=ONE)

        told = {
            call_id: await town.hall.hears(call_id, RoomChange.JOINED) for call_id in ("teller", "second")
        }

        assert [news.callback for news in told.values() if isinstance(news, RoomNews)] == [callback, None]

    in_town(story)


def test_two_who_wait_for_each_other_meet_under_the_next_owner() -> None:
    """The owner died before it could tell that both are there."""

    async def story(town: Town) -> None:
        await town.owner_is_found("r")
        town.hall.says("a", room("a"), at=ONE)
        await town.hall.hears("a", RoomChange.ENTERED)
        town.workers[OWNER].die()
        town.hall.says("b", room("b"), at=OTHER)
        await town.hall.hears("b", RoomChange.ENTERED)

        both = [RoomChange.JOINED, RoomChange.STARTED]
        await town.calms(a=both, b=both)

    in_town(story)


def test_who_ends_a_conference_as_its_owner_dies_ends_it_all_the_same() -> None:
    """The word was lost with the owner, but its speaker's worker remembers it."""

    async def story(town: Town) -> None:
        await town.two_are_in_a_room()
        town.hall.says("a", LeaveRoom("r", ends=True))
        town.workers[OWNER].die()

        await town.calms(b=[RoomChange.ENDED])

    in_town(story)


def test_an_end_that_a_worker_could_not_hear_is_told_when_it_is_back() -> None:
    """Its connection broke in that moment."""

    async def story(town: Town) -> None:
        await town.two_are_in_a_room()
        town.workers[OTHER].post.drop()
        town.hall.says("a", LeaveRoom("r", ends=True))
        await asyncio.sleep(0.1)
        town.workers[OTHER].post.notice()
        town.workers[OTHER].post.connect()

        await town.calms(b=[RoomChange.ENDED])

    in_town(story)


def test_callers_keep_their_places_in_the_queue() -> None:
    """Whichever worker resumes first; and the name of the queue stays known."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        for number, call_id in enumerate("abcd"):
            town.hall.says(call_id, EnterQueue("q", "support"), at=OTHER if number % 2 else ONE)
            await asyncio.sleep(1.0)
        town.hall.heard_more()
        town.workers[OWNER].die()
        await town.calms()
        for position, call_id in enumerate("abcd", 1):
            town.hall.says(call_id, AskPlace("q"))
            place = await town.hall.hears(call_id, QueueChange.PLACE)
            assert isinstance(place, QueueNews)
            assert (place.position, place.size) == (position, 4)
            assert place.waited_s > CALM_S

    in_town(story)


def test_an_agent_and_its_caller_stay_together() -> None:
    """Each hears only what it has not heard, at whatever moment the owner dies."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        await town.pair()
        town.hall.says("other agent", TakeFromQueue("q", "support"), at=ONE)
        await town.hall.hears("other agent", QueueChange.AWAITING)
        town.hall.says("caller", SayReady("q", "agent"))
        town.workers[OWNER].die()

        await town.calms(agent=[QueueChange.READY])

    in_town(story)


def test_an_agent_waits_for_a_caller_whose_worker_is_late() -> None:
    """Both workers lost the broker, and one of them is back some seconds before the other."""

    async def story(town: Town) -> None:
        await town.pair()
        town.hall.says("second caller", EnterQueue("q", "support"), at=OTHER)
        await town.hall.hears("second caller", QueueChange.ENTERED)
        for number in (ONE, OTHER):
            town.workers[number].post.cut()
        town.workers[OTHER].post.connect()
        await asyncio.sleep(RENEW_S * SILENT_RENEWALS - 1.0)
        town.workers[ONE].post.connect()
        town.hall.says("caller", SayReady("q", "agent"))

        await town.calms(agent=[QueueChange.READY])

    in_town(story)


def test_a_talk_outlives_the_owner_and_its_end_is_told_by_the_next() -> None:
    """The next owner hears of both sides from their workers, and neither is told what it knows."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        await town.talk()
        town.workers[OWNER].die()
        town.hall.says("next agent", TakeFromQueue("q", "support"), at=ONE)
        await town.calms(**{"next agent": [QueueChange.AWAITING]})
        town.hall.is_over("agent")

        await town.calms(caller=[QueueChange.PARTED])

    in_town(story)


def test_a_talk_that_its_owner_did_not_live_to_tell_of_is_told_by_the_next() -> None:
    """The agent joined the caller, or left it, as the owner died."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        await town.ready()
        town.workers[OWNER].die()
        town.hall.says("agent", SayJoined("q", "caller"))
        await town.calms(caller=[QueueChange.JOINED])

    async def story_of_the_end(town: Town) -> None:
        await town.owner_is_found("q")
        await town.talk()
        town.workers[OWNER].die()
        town.hall.says("agent", LeaveQueue("q"))
        await town.calms(caller=[QueueChange.PARTED])

    in_town(story)
    in_town(story_of_the_end)


def test_a_talk_that_began_and_ended_while_nobody_owned_the_queue_is_told_whole() -> None:
    """The caller's worker comes back late: it hears both."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        await town.ready()
        town.workers[OWNER].die()
        town.workers[ONE].post.cut()
        town.hall.says("agent", SayJoined("q", "caller"))
        town.hall.says("agent", LeaveQueue("q"))
        await asyncio.sleep(GRACE_S)
        town.workers[ONE].post.connect()
        await town.calms(caller=[QueueChange.JOINED, QueueChange.PARTED])

    in_town(story)


def test_a_caller_whose_agents_worker_dies_knows_that_nobody_will_tell_it() -> None:
    """Both still hear each other: the talk must not end, and its end must not be missed."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        await town.talk()
        town.workers[OTHER].die()

        await town.calms(caller=[QueueChange.ABANDONED])

    in_town(story)


def test_a_caller_whose_agents_worker_dies_with_the_owner_knows_it_too() -> None:
    """The next owner waits for the agent's worker as long as for any, then it tells."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        await town.talk()
        town.workers[OWNER].die()
        town.workers[OTHER].die()
        town.hall.says("next agent", TakeFromQueue("q", "support"), at=ONE)

        await town.calms(caller=[QueueChange.ABANDONED], **{"next agent": [QueueChange.AWAITING]})

    in_town(story)


def test_a_worker_that_loses_the_broker_for_long_finds_its_talks_again() -> None:
    """The caller was told that nobody would tell it; then the agent's worker is back, and does."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        await town.talk()
        town.workers[OTHER].post.cut()
        await town.calms(caller=[QueueChange.ABANDONED])
        town.workers[OTHER].post.connect()
        await town.calms()
        town.hall.is_over("agent")

        await town.calms(caller=[QueueChange.PARTED])

    in_town(story)


@pytest.mark.slow
def test_a_queue_is_known_to_the_next_owner_and_forgotten_after_a_day() -> None:
    """An agent of an empty queue waits, as long as some worker saw the queue used."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        town.hall.says("a", EnterQueue("q", "support"), at=ONE)
        await town.hall.hears("a", QueueChange.ENTERED)
        town.hall.says("a", LeaveQueue("q"))
        await asyncio.sleep(CALM_S)
        town.workers[OWNER].die()
        town.hall.says("agent", TakeFromQueue("q", "support"), at=OTHER)
        await town.hall.hears("agent", QueueChange.AWAITING)
        town.hall.is_over("agent")
        await asyncio.sleep(KNOWN_S + CALM_S)
        town.hall.says("agent", TakeFromQueue("q", "support"), at=OTHER)

        await town.hall.hears("agent", QueueChange.UNKNOWN)

    in_town(story)


def test_the_calls_of_a_dead_worker_are_gone_from_their_places() -> None:
    """An agent is given the next caller as soon as the owner knows; a room is told within seconds."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        town.hall.says("caller", EnterQueue("q", "support"), at=ONE)
        town.hall.says("next caller", EnterQueue("q", "support"), at=OTHER)
        await asyncio.sleep(CALM_S)
        town.hall.heard_more()
        town.workers[ONE].die()
        town.hall.says("agent", TakeFromQueue("q", "support"), at=OTHER)
        await town.hall.hears("agent", QueueChange.MATCHED, QueueChange.LOST)
        await town.hall.hears("next caller", QueueChange.TAKEN)
        matched = await town.hall.hears("agent", QueueChange.MATCHED)
        assert isinstance(matched, QueueNews)
        assert matched.other == "next caller"

    in_town(story)


def test_a_silent_worker_is_missed_after_three_renewals() -> None:
    """Its inbox still stands at the broker: nothing comes back, nothing comes."""

    async def story(town: Town) -> None:
        await town.owner_is_found("r")
        town.hall.says("a", room("a", starts=False), at=ONE)
        town.hall.says("b", room("b", starts=False), at=OTHER)
        await asyncio.sleep(CALM_S)
        town.hall.heard_more()
        town.workers[ONE].meetings.close()
        async with asyncio.timeout(RENEW_S * (SILENT_RENEWALS + 2)):
            await town.hall.hears("b", RoomChange.LEFT)

    in_town(story)


def test_a_worker_that_loses_the_broker_for_a_moment_is_told_nothing() -> None:
    """Its callers wait on where they were; the others do not care."""

    async def story(town: Town) -> None:
        await town.two_are_in_a_room()
        town.workers[ONE].post.cut()
        await asyncio.sleep(0.5)
        town.workers[ONE].post.connect()

        await town.calms()

    in_town(story)


def test_an_owner_that_does_not_know_its_loss_decides_nothing() -> None:
    """The broker has given its connection up; it still believes to be the owner, for half a minute."""

    async def story(town: Town) -> None:
        await town.owner_is_found("q")
        town.hall.says("caller", EnterQueue("q", "support"), at=ONE)
        await town.hall.hears("caller", QueueChange.ENTERED)
        town.workers[OWNER].post.drop()
        town.hall.says("own caller", EnterQueue("q", "support"), at=OWNER)
        town.hall.says("agent", TakeFromQueue("q", "support"), at=OTHER)
        await town.hall.hears("caller", QueueChange.TAKEN)
        await town.hall.hears("agent", QueueChange.MATCHED)
        await asyncio.sleep(CALM_S)
        town.workers[OWNER].post.notice()
        town.workers[OWNER].post.connect()
        await town.hall.hears("own caller", QueueChange.ENTERED)
        assert [worker.meetings.shards_owned for worker in town.workers].count(1) == 1

        await town.calms()

    in_town(story)


def test_places_that_nobody_is_in_cost_no_letter() -> None:
    """Ten thousand calls of yesterday must not be renewed today."""

    async def story(town: Town) -> None:
        await town.owner_is_found("r")
        before = town.office.messages
        await asyncio.sleep(3600.0)
        assert town.office.messages == before

    in_town(story)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"$":"ToOwner"}', b'{"$":"Nobody"}', b'{"$":"Alive","number":1}']
)
def test_a_letter_that_cannot_be_read_harms_nobody(body: bytes) -> None:
    """Another version, or a stranger with access to the broker."""

    async def story(town: Town) -> None:
        await town.owner_is_found("r")
        for box in (f"{BOX}{shard_of('r')}", *(worker.post.inbox for worker in town.workers)):
            town.workers[OTHER].post.send(box, body)
        town.workers[ONE].post.send(f"{BOX}{shard_of('r')}", encode(ToOwner("?", "nowhere", 1, ())))
        await asyncio.sleep(GRACE_S)
        town.hall.says("a", room("a"), at=ONE)

        await town.hall.hears("a", RoomChange.ENTERED)

    in_town(story)
