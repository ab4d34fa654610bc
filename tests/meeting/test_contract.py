"""What every kind of `Meetings` promises, in one process, in two, and over a real broker."""

from __future__ import annotations

import pytest

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
from tests.meeting.hall import Hall, Scenario, local_hall, memory_hall, rabbit_hall, room

CALLBACK = Callback("https://app.test/status", events=("leave",))


async def two_start_a_conference(hall: Hall) -> None:
    """The first waits until somebody is there to talk to."""
    hall.says("a", room("a", callback=CALLBACK), at=0)
    entered = await hall.hears("a", RoomChange.ENTERED)
    assert isinstance(entered, RoomNews)
    conference = entered.conference
    assert entered == RoomNews("r", RoomChange.ENTERED, "a", conference=conference, callback=CALLBACK)
    hall.says("b", room("b"), at=1)

    joined = await hall.hears("a", RoomChange.JOINED, RoomChange.STARTED)
    assert joined == RoomNews("r", RoomChange.STARTED, "b", 1, True, conference, CALLBACK)
    started = await hall.hears("b", RoomChange.ENTERED, RoomChange.STARTED)
    assert isinstance(started, RoomNews)
    assert started.conference == conference


async def who_leaves_is_missed(hall: Hall) -> None:
    """A session that is over is out of every place, and so is one that says so."""
    for number, call_id in enumerate("abc"):
        hall.says(call_id, room(call_id, starts=False), at=number)
        await hall.hears(call_id, RoomChange.ENTERED)
    await hall.hears("a", RoomChange.JOINED, RoomChange.JOINED)
    await hall.hears("b", RoomChange.JOINED)
    hall.is_over("a")
    await hall.hears("b", RoomChange.LEFT)
    await hall.hears("c", RoomChange.LEFT)
    hall.says("b", LeaveRoom("r"))

    left = await hall.hears("c", RoomChange.LEFT)

    assert isinstance(left, RoomNews)
    assert (left.member, left.others) == ("b", 0)


async def who_ends_it_ends_it_for_all(hall: Hall) -> None:
    """And the next conference of that name begins anew."""
    for number, call_id in enumerate("ab"):
        hall.says(call_id, room(call_id), at=number)
        await hall.hears(call_id, RoomChange.ENTERED)
    await hall.hears("a", RoomChange.JOINED, RoomChange.STARTED)
    await hall.hears("b", RoomChange.STARTED)
    hall.says("a", LeaveRoom("r", ends=True))
    ended = await hall.hears("b", RoomChange.ENDED)

    hall.says("b", room("b"))

    entered = await hall.hears("b", RoomChange.ENTERED)
    assert isinstance(entered, RoomNews)
    assert isinstance(ended, RoomNews)
    assert entered == RoomNews("r", RoomChange.ENTERED, "b", conference=entered.conference)
    assert len({entered.conference, ended.conference, ""}) == 3


async def a_full_room_refuses(hall: Hall) -> None:
    """Who is refused is in no place, so its end is nobody's news."""
    for number, call_id in enumerate("ab"):
        hall.says(call_id, room(call_id, starts=False), at=number)
        await hall.hears(call_id, RoomChange.ENTERED)
    hall.says("c", room("c", max_members=2), at=1)
    await hall.hears("c", RoomChange.FULL)
    hall.is_over("c")

    hall.says("b", LeaveRoom("r"))

    await hall.hears("a", RoomChange.JOINED, RoomChange.LEFT)


async def a_caller_is_taken_and_joined(hall: Hall) -> None:
    """The whole way of one caller and one agent."""
    hall.says("caller", EnterQueue("q", "support"), at=0)
    entered = await hall.hears("caller", QueueChange.ENTERED)
    assert isinstance(entered, QueueNews)
    assert (entered.position, entered.size) == (1, 1)
    hall.says("agent", TakeFromQueue("q", "support", CALLBACK), at=1)
    taken = await hall.hears("caller", QueueChange.TAKEN)
    assert isinstance(taken, QueueNews)
    assert (taken.other, taken.whisper) == ("agent", CALLBACK)
    matched = await hall.hears("agent", QueueChange.MATCHED)
    assert isinstance(matched, QueueNews)
    assert matched.other == "caller"
    hall.says("caller", SayReady("q", "agent"))
    await hall.hears("agent", QueueChange.READY)
    hall.says("agent", SayJoined("q", "caller"))
    joined = await hall.hears("caller", QueueChange.JOINED)
    assert isinstance(joined, QueueNews)
    assert joined.other == "agent"
    hall.says("next agent", TakeFromQueue("q", "support"), at=1)
    await hall.hears("next agent", QueueChange.AWAITING)


async def a_caller_is_told_that_its_talk_is_over(hall: Hall) -> None:
    """The agent's session leaves the queue, or is over; the caller's goes on."""
    for number, agent in enumerate(("first", "second")):
        caller = f"caller of {agent}"
        hall.says(caller, EnterQueue("q", "support"), at=number)
        await hall.hears(caller, QueueChange.ENTERED)
        hall.says(agent, TakeFromQueue("q", "support"), at=number + 1)
        await hall.hears(caller, QueueChange.TAKEN)
        await hall.hears(agent, QueueChange.MATCHED)
        hall.says(caller, SayReady("q", agent))
        await hall.hears(agent, QueueChange.READY)
        hall.says(agent, SayJoined("q", caller))
        await hall.hears(caller, QueueChange.JOINED)
    hall.says("first", LeaveQueue("q"))
    hall.is_over("second")

    await hall.hears("caller of first", QueueChange.PARTED)
    await hall.hears("caller of second", QueueChange.PARTED)


async def a_talk_that_the_caller_leaves_is_over_for_the_queue(hall: Hall) -> None:
    """Nobody is told: the agent's own leg tells it."""
    hall.says("caller", EnterQueue("q", "support"), at=0)
    hall.says("agent", TakeFromQueue("q", "support"), at=0)
    await hall.hears("caller", QueueChange.ENTERED, QueueChange.TAKEN)
    await hall.hears("agent", QueueChange.MATCHED)
    hall.says("agent", SayJoined("q", "caller"))
    await hall.hears("caller", QueueChange.JOINED)
    hall.is_over("caller")
    hall.says("agent", LeaveQueue("q"))
    hall.says("caller", EnterQueue("q", "support"), at=1)

    await hall.hears("caller", QueueChange.ENTERED)


async def longest_waiting_first(hall: Hall) -> None:
    """Whoever takes is given the caller who came first, and callers can ask for their place."""
    for number, call_id in enumerate("abc"):
        hall.says(call_id, EnterQueue("q", "support"), at=number)
        await hall.hears(call_id, QueueChange.ENTERED)
    hall.says("c", AskPlace("q"))
    place = await hall.hears("c", QueueChange.PLACE)
    assert isinstance(place, QueueNews)
    assert (place.position, place.size) == (3, 3)
    for number, (agent, caller) in enumerate((("x", "a"), ("y", "b"))):
        hall.says(agent, TakeFromQueue("q", "support"), at=number)
        matched = await hall.hears(agent, QueueChange.MATCHED)
        assert isinstance(matched, QueueNews)
        assert matched.other == caller
    await hall.hears("a", QueueChange.TAKEN)
    await hall.hears("b", QueueChange.TAKEN)


async def who_is_lost_is_replaced(hall: Hall) -> None:
    """An agent who goes leaves the caller to the next one; a caller who goes leaves the agent to the next."""
    hall.says("a", EnterQueue("q", "support"), at=0)
    hall.says("x", TakeFromQueue("q", "support"), at=0)
    await hall.hears("a", QueueChange.ENTERED, QueueChange.TAKEN)
    await hall.hears("x", QueueChange.MATCHED)
    hall.is_over("x")
    await hall.hears("a", QueueChange.LOST)
    hall.says("y", TakeFromQueue("q", "support"), at=1)
    await hall.hears("a", QueueChange.TAKEN)
    await hall.hears("y", QueueChange.MATCHED)
    hall.says("a", LeaveQueue("q"))
    await hall.hears("y", QueueChange.LOST)
    hall.says("b", EnterQueue("q", "support"), at=1)

    await hall.hears("b", QueueChange.ENTERED, QueueChange.TAKEN)
    await hall.hears("y", QueueChange.MATCHED)


async def unknown_and_empty_differ(hall: Hall) -> None:
    """A queue is known once somebody entered it, though nobody is in it any more."""
    hall.says("x", TakeFromQueue("q", "support"), at=1)
    await hall.hears("x", QueueChange.UNKNOWN)
    hall.says("a", EnterQueue("q", "support"), at=0)
    await hall.hears("a", QueueChange.ENTERED)
    hall.says("b", EnterQueue("q", "support", max_size=1), at=1)
    await hall.hears("b", QueueChange.FULL)
    hall.is_over("a")

    hall.says("x", TakeFromQueue("q", "support"), at=1)

    await hall.hears("x", QueueChange.AWAITING)


SCENARIOS = (
    two_start_a_conference,
    who_leaves_is_missed,
    who_ends_it_ends_it_for_all,
    a_full_room_refuses,
    a_caller_is_taken_and_joined,
    a_caller_is_told_that_its_talk_is_over,
    a_talk_that_the_caller_leaves_is_over_for_the_queue,
    longest_waiting_first,
    who_is_lost_is_replaced,
    unknown_and_empty_differ,
)
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)


@every_scenario
def test_in_one_process(scenario: Scenario) -> None:
    """Demo, simulator and tests."""

    async def main() -> None:
        async with local_hall() as hall:
            await scenario(hall)
            assert hall.heard_more() == {}

    run_virtually(main())


@every_scenario
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_over_letters(scenario: Scenario, workers: int) -> None:
    """Nobody notices how many workers there are."""

    async def main() -> None:
        async with memory_hall(workers) as hall:
            await scenario(hall)
            assert hall.heard_more() == {}

    run_virtually(main())


@every_scenario
@pytest.mark.rabbit
async def test_over_a_real_broker(scenario: Scenario, amqp_vhost_url: str) -> None:
    """Exclusive queues and returned messages do what the messages need."""
    async with rabbit_hall(amqp_vhost_url, 2) as hall:
        await scenario(hall)
        assert hall.heard_more() == {}
