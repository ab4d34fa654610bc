"""The owner of queues: who waits, who is taken, and what happens when one of the two is gone."""

from __future__ import annotations

from dataclasses import dataclass, field

from pivot.meeting.queues import QueueTable
from pivot.model.instructions import Callback
from pivot.model.queues import (
    AskPlace,
    EnterQueue,
    LeaveQueue,
    QueueChange,
    QueueCommand,
    QueueNews,
    SayJoined,
    SayReady,
    TakeFromQueue,
)

ENTERED, TAKEN, MATCHED, READY, LOST, JOINED, PARTED = (
    QueueChange.ENTERED,
    QueueChange.TAKEN,
    QueueChange.MATCHED,
    QueueChange.READY,
    QueueChange.LOST,
    QueueChange.JOINED,
    QueueChange.PARTED,
)


@dataclass
class Hall:
    """One queue's owner, a clock, and what everybody heard."""

    now_s: float = 100.0
    heard: list[tuple[str, QueueNews]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = QueueTable(lambda: self.now_s)

    def does(self, call_id: str, command: QueueCommand) -> list[tuple[str, QueueChange, str]]:
        """Who heard what about whom because of this."""
        self.heard.clear()
        self.table.perform(call_id, command, lambda news: self.heard.append((call_id, news)))
        return [(who, news.change, news.other) for who, news in self.heard]


def hall_of(*waiting: str) -> Hall:
    hall = Hall()
    for call_id in waiting:
        hall.does(call_id, EnterQueue("q", "support"))
    return hall


def test_who_has_waited_longest_is_given_to_who_asked_first() -> None:
    """Both learn of each other, and how long it took."""
    hall = hall_of("a", "b")
    hall.now_s += 7

    heard = hall.does("agent", TakeFromQueue("q", "support", Callback("https://app.test/about")))

    assert heard == [("agent", MATCHED, "a"), ("a", TAKEN, "agent")]
    assert [news.waited_s for _, news in hall.heard] == [7, 7]
    assert hall.heard[1][1].whisper == Callback("https://app.test/about")


def test_an_agent_waits_at_an_empty_queue_for_the_next_who_comes() -> None:
    """The queue exists once somebody was in it."""
    hall = hall_of("a")
    hall.does("a", LeaveQueue("q"))
    assert hall.does("agent", TakeFromQueue("q", "support")) == [("agent", QueueChange.AWAITING, "")]

    heard = hall.does("b", EnterQueue("q", "support"))

    assert heard == [("b", ENTERED, ""), ("agent", MATCHED, "b"), ("b", TAKEN, "agent")]


def test_a_queue_that_nobody_ever_entered_is_unknown() -> None:
    """A mistyped name must not keep an agent waiting."""
    assert Hall().does("agent", TakeFromQueue("q", "nosuch")) == [("agent", QueueChange.UNKNOWN, "")]


def test_a_full_queue_takes_nobody_in() -> None:
    """The one who is refused is told, and nobody else."""
    hall = hall_of("a")

    assert hall.does("b", EnterQueue("q", "support", max_size=1)) == [("b", QueueChange.FULL, "")]
    assert hall.does("b", AskPlace("q")) == []


def test_place_and_averages_are_as_they_are_now() -> None:
    """Applications read them out to the caller at every request."""
    hall = hall_of("a", "b", "c")
    hall.now_s += 10
    hall.does("agent", TakeFromQueue("q", "support"))
    hall.does("agent", SayJoined("q", "a"))
    hall.now_s += 2

    hall.does("c", AskPlace("q"))

    assert hall.heard == [
        ("c", QueueNews("q", QueueChange.PLACE, position=2, size=2, average_s=10, waited_s=12))
    ]


def test_a_caller_who_is_joined_waits_no_longer_and_is_told_of_the_talk() -> None:
    """The switch tells the agent alone: when it begins, and when it ends."""
    hall = hall_of("a")
    hall.does("agent", TakeFromQueue("q", "support"))

    assert hall.does("a", SayReady("q", "agent")) == [("agent", READY, "a")]
    assert hall.does("agent", SayJoined("q", "a")) == [("a", JOINED, "agent")]
    assert hall.does("next", TakeFromQueue("q", "support")) == [("next", QueueChange.AWAITING, "")]
    assert hall.does("agent", LeaveQueue("q")) == [("a", PARTED, "agent")]
    assert hall.does("a", LeaveQueue("q")) == []


def test_a_caller_who_leaves_the_talk_is_told_nothing_and_neither_is_the_agent() -> None:
    """The agent hears of it on its own leg."""
    hall = hall_of("a")
    hall.does("agent", TakeFromQueue("q", "support"))
    hall.does("agent", SayJoined("q", "a"))

    assert hall.does("a", LeaveQueue("q")) == []
    assert hall.does("agent", LeaveQueue("q")) == []
    assert hall.table.places == 0


def test_an_agent_who_is_gone_without_a_word_leaves_the_caller_in_the_talk() -> None:
    """Nobody knows whether both still hear each other."""
    hall = hall_of("a")
    hall.does("agent", TakeFromQueue("q", "support"))
    hall.does("agent", SayJoined("q", "a"))

    assert hall.does("agent", LeaveQueue("q", untold=True)) == [("a", QueueChange.ABANDONED, "agent")]


def test_an_agent_who_takes_the_next_caller_has_left_the_one_before() -> None:
    """Whatever became of the word that says so."""
    hall = hall_of("a", "b")
    hall.does("agent", TakeFromQueue("q", "support"))
    hall.does("agent", SayJoined("q", "a"))

    heard = hall.does("agent", TakeFromQueue("q", "support"))

    assert heard == [("a", PARTED, "agent"), ("agent", MATCHED, "b"), ("b", TAKEN, "agent")]


def test_an_agent_who_is_gone_before_joining_leaves_the_caller_in_its_place() -> None:
    """Nobody loses a place by somebody else's fault; the next agent is given the same caller."""
    hall = hall_of("a", "b")
    hall.does("agent", TakeFromQueue("q", "support"))

    assert hall.does("agent", LeaveQueue("q")) == [("a", LOST, "")]
    assert hall.does("next", TakeFromQueue("q", "support"))[0] == ("next", MATCHED, "a")


def test_a_caller_who_is_gone_before_joining_leaves_the_agent_to_the_next() -> None:
    """The agent need not dial again."""
    hall = hall_of("a", "b")
    hall.does("agent", TakeFromQueue("q", "support"))

    heard = hall.does("a", LeaveQueue("q"))

    assert heard == [("agent", LOST, "a"), ("agent", MATCHED, "b"), ("b", TAKEN, "agent")]


def test_a_talk_with_a_caller_who_is_gone_takes_no_other_caller_out() -> None:
    """The caller hung up as both were joined, and the next one was given to the agent before it said so."""
    hall = hall_of("a", "b")
    hall.does("agent", TakeFromQueue("q", "support"))
    hall.does("a", LeaveQueue("q"))

    assert hall.does("agent", SayJoined("q", "a")) == [("b", LOST, "")]
    assert hall.does("next", TakeFromQueue("q", "support"))[0] == ("next", MATCHED, "b")


def test_a_caller_who_is_ready_for_one_party_is_not_so_for_the_next() -> None:
    """It has not heard the next one's document yet."""
    hall = hall_of("a")
    hall.does("agent", TakeFromQueue("q", "support"))
    hall.does("agent", LeaveQueue("q"))
    hall.does("next", TakeFromQueue("q", "support"))

    assert hall.does("a", SayReady("q", "agent")) == []
    assert hall.does("a", SayReady("q", "next")) == [("next", READY, "a")]


def test_words_that_come_too_late_change_nothing() -> None:
    """Messages cross on the way."""
    hall = hall_of("a")

    for command in (SayReady("q", "agent"), SayJoined("q", "caller"), AskPlace("other"), LeaveQueue("other")):
        assert hall.does("stranger", command) == []
    assert hall.does("agent", TakeFromQueue("q", "support"))[0] == ("agent", MATCHED, "a")
