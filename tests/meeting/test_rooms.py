"""The owner of rooms: who is in, when it starts, who tells."""

from __future__ import annotations

from pivot.meeting.rooms import RoomTable
from pivot.model.instructions import Callback
from pivot.model.rooms import EnterRoom, RoomChange, RoomNews


def entering(table: RoomTable, call_id: str, heard: list[tuple[str, RoomNews]], **more: object) -> None:
    command = EnterRoom("room", "R", **more)  # type: ignore[arg-type]
    table.perform(call_id, command, lambda news: heard.append((call_id, news)))


def changes(heard: list[tuple[str, RoomNews]]) -> list[tuple[str, RoomChange]]:
    return [(call_id, news.change) for call_id, news in heard]


def test_two_start_a_conference_when_one_of_them_may() -> None:
    """Members who may not start it wait, however many they are."""
    table, heard = RoomTable(), list[tuple[str, RoomNews]]()
    entering(table, "a", heard, starts=False)
    entering(table, "b", heard, starts=False)
    assert RoomChange.STARTED not in [change for _, change in changes(heard)]

    entering(table, "c", heard, starts=True)

    assert changes(heard)[-3:] == [(each, RoomChange.STARTED) for each in "abc"]


def test_nobody_more_than_a_member_wants_comes_in() -> None:
    """The one who is refused is told, and nobody else."""
    table, heard = RoomTable(), list[tuple[str, RoomNews]]()
    entering(table, "a", heard)
    entering(table, "b", heard)
    heard.clear()

    entering(table, "c", heard, max_members=2)

    assert changes(heard) == [("c", RoomChange.FULL)]


def test_who_ends_a_conference_by_leaving_ends_it_for_all() -> None:
    """And the next who comes finds an empty room that has not started."""
    table, heard = RoomTable(), list[tuple[str, RoomNews]]()
    entering(table, "a", heard)
    entering(table, "b", heard)
    heard.clear()

    table.leave("a", "room", ends=True)
    entering(table, "c", heard)

    assert changes(heard) == [("b", RoomChange.ENDED), ("c", RoomChange.ENTERED)]
    assert heard[-1][1].others == 0


def test_one_member_alone_tells_the_callback() -> None:
    """The URL is the first that was named; when its teller leaves, another one tells."""
    table, heard = RoomTable(), list[tuple[str, RoomNews]]()
    first = Callback("https://app.test/1", events=("join",))
    entering(table, "a", heard, callback=first)
    entering(table, "b", heard, callback=Callback("https://app.test/2", events=("join",)))
    table.leave("a", "room")

    entering(table, "c", heard)

    assert [(who, news.callback) for who, news in heard if news.member == "c"][:2] == [
        ("c", None),
        ("b", first),
    ]
