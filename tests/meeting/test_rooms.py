"""The owner of rooms: who is in, when it starts, who tells what."""

from __future__ import annotations

from typing import Any

from pivot.meeting.local import LocalMeetings
from pivot.meeting.rooms import RoomTable
from pivot.model.instructions import Callback
from pivot.model.rooms import (
    EndReason,
    EnterRoom,
    Guest,
    LeaveRoom,
    RoomChange,
    RoomNews,
    SayParticipant,
)

EVERYTHING = Callback("https://app.test/1", events=("start", "end", "join", "leave"))


class Watched:
    """A table, and what its members hear of one room."""

    def __init__(self) -> None:
        self.table = RoomTable()
        self.heard: list[tuple[str, RoomNews]] = []

    def enter(
        self, call_id: str, callback: Callback | None = None, max_members: int = 250, **guest: Any
    ) -> None:
        command = EnterRoom("room", "R", Guest(call_id, **guest), max_members, callback)
        self.table.perform(call_id, command, lambda news: self.heard.append((call_id, news)))

    def changes(self) -> list[tuple[str, RoomChange]]:
        return [(call_id, news.change) for call_id, news in self.heard]

    def told(self) -> list[tuple[str, str, int, str | None]]:
        """Who tells which event with which number about whom."""
        return [
            (who, notice.event, notice.number, notice.guest.call_id if notice.guest else None)
            for who, news in self.heard
            for notice in news.notices
        ]


def test_two_start_a_conference_when_one_of_them_may() -> None:
    """Members who may not start it wait, however many they are."""
    room = Watched()
    room.enter("a", starts=False)
    room.enter("b", starts=False)
    assert RoomChange.STARTED not in [change for _, change in room.changes()]

    room.enter("c", starts=True)

    assert room.changes()[-3:] == [(each, RoomChange.STARTED) for each in "abc"]


def test_nobody_more_than_a_member_wants_comes_in() -> None:
    """The one who is refused is told, and nobody else."""
    room = Watched()
    room.enter("a")
    room.enter("b")
    room.heard.clear()

    room.enter("c", max_members=2)

    assert room.changes() == [("c", RoomChange.FULL)]


def test_a_label_names_one_member() -> None:
    """Members without a label do not get into each other's way, and a label is free again afterwards."""
    room = Watched()
    room.enter("a", label="boss")
    room.enter("b")
    room.enter("c")
    room.heard.clear()

    room.enter("d", label="boss")
    room.table.leave("a", "room")
    room.enter("e", label="boss")

    assert room.changes()[0] == ("d", RoomChange.LABEL_TAKEN)
    assert ("e", RoomChange.ENTERED) in room.changes()


def test_who_ends_a_conference_by_leaving_ends_it_for_all() -> None:
    """And the next who comes finds an empty room that has not started."""
    room = Watched()
    room.enter("a")
    room.enter("b")
    room.heard.clear()

    room.table.leave("a", "room", ends=True)
    room.enter("c")

    assert room.changes() == [("b", RoomChange.ENDED), ("c", RoomChange.ENTERED)]
    assert room.heard[-1][1].others == 0


def test_one_member_tells_of_all_and_numbers_go_on_with_the_next_one() -> None:
    """The URL is the first that was named; the teller's own leaving is its own to tell."""
    room = Watched()
    room.enter("a", EVERYTHING)
    room.enter("b", Callback("https://app.test/2", events=("join",)), label="bob")
    room.enter("c")
    room.table.perform("b", LeaveRoom("room", hung_up=True), lambda news: None)
    room.table.leave("a", "room")
    room.enter("d")

    assert room.told() == [
        ("a", "join", 0, "a"),
        ("a", "join", 1, "b"),
        ("a", "start", 2, None),
        ("a", "join", 3, "c"),
        ("a", "leave", 4, "b"),
        ("c", "join", 6, "d"),
    ]
    assert {news.callback for who, news in room.heard if who == "c" and news.member == "d"} == {EVERYTHING}


def test_a_conference_that_ends_lets_everybody_leave_first() -> None:
    """Why, and by whom, is told with the end."""
    room = Watched()
    room.enter("a", EVERYTHING)
    room.enter("b")
    room.heard.clear()

    room.table.leave("b", "room", ends=True)

    assert room.told() == [("a", "leave", 3, "b"), ("a", "leave", 4, "a"), ("a", "end", 5, None)]
    end = room.heard[-1][1].notices[-1]
    assert (end.reason, end.ended_by) == (EndReason.ENDING_MEMBER_LEFT, "b")


def test_who_tells_and_will_end_the_conference_knows_the_others() -> None:
    """Their leaving and the end are its own to tell, in one order; nobody else needs to know."""
    room = Watched()
    room.enter("a", EVERYTHING, ends=True)
    room.enter("b", ends=True)
    room.enter("c")
    rosters = {who: [each.call_id for each in news.roster] for who, news in room.heard}
    assert rosters == {"a": ["b", "c"], "b": [], "c": []}
    room.heard.clear()

    room.table.leave("a", "room", ends=True, hung_up=True)

    assert room.told() == []
    assert [(who, news.change) for who, news in room.heard] == [
        ("b", RoomChange.ENDED),
        ("c", RoomChange.ENDED),
    ]


def test_only_wanted_events_are_told_and_counted() -> None:
    """Numbers without gaps: who follows them must not wait for what never comes."""
    room = Watched()
    room.enter("a", Callback("https://app.test/1", events=("start",)))

    room.enter("b")

    assert room.told() == [("a", "start", 0, None)]


def test_numbers_of_the_switchs_conference_reach_everybody() -> None:
    """Also those who come later; a coach needs them."""
    room = Watched()
    room.enter("a")
    room.enter("b")
    room.heard.clear()

    room.table.perform("a", SayParticipant("room", 7), lambda news: None)
    room.enter("c")

    numbered = [
        (who, news.member, news.participant) for who, news in room.heard if news.change is RoomChange.NUMBERED
    ]
    assert numbered == [("b", "a", 7), ("c", "a", 7)]


def test_one_recording_is_enough() -> None:
    """The first who wants one makes it, then the next."""
    room = Watched()
    room.enter("a")
    room.enter("b", records=True)
    room.enter("c", records=True)
    assert [who for who, news in room.heard if news.records] == ["b", "b", "b"]
    room.heard.clear()

    room.table.leave("b", "room")

    assert [who for who, news in room.heard if news.records] == ["c"]


def test_who_is_gone_without_a_word_is_told_of_by_the_next_one() -> None:
    """Its worker died, or its call was over before it could say anything: nobody else would tell of it."""
    room = Watched()
    room.enter("a", EVERYTHING)
    room.enter("b")

    room.table.perform("a", LeaveRoom("room", untold=True), lambda news: None)

    assert room.told()[-1] == ("b", "leave", 3, "a")


def test_a_call_that_is_over_ends_the_conference_that_ends_with_it() -> None:
    """Whatever became of its document: the others would stay in a conference without end."""
    meetings, heard = LocalMeetings(), list[RoomChange]()
    meetings.perform("a", EnterRoom("room", "R", Guest("a", ends=True)), lambda news: None)
    meetings.perform("b", EnterRoom("room", "R", Guest("b")), lambda news: heard.append(news.change))  # type: ignore[arg-type]

    meetings.leave("a")

    assert heard[-1] is RoomChange.ENDED
