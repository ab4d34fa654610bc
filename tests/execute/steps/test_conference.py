"""Dial Conference: outside until it starts, inside until somebody ends it, and then the document goes on."""

from __future__ import annotations

from pivot.model.commands import BindCall, Fetch, Notify, UnbindCall
from pivot.model.dialling import HoldMusic
from pivot.model.events import ChannelDestroyed, Executed
from pivot.model.rooms import (
    BeepConference,
    ConferenceJoined,
    EnterRoom,
    JoinConference,
    LeaveConference,
    LeaveRoom,
    RoomChange,
    RoomNews,
    room_id,
)
from pivot.model.switch import StopMedia
from tests.calls import ACCOUNT_ID, CALL_ID
from tests.execute.histories import History

ROOM = room_id(ACCOUNT_ID, "R")
DOCUMENT = (
    "<Dial action='/d'><Conference statusCallback='/c' statusCallbackEvent='join leave start end'>R"
    "</Conference></Dial>"
)


def inside(document: str = DOCUMENT) -> History:
    """A caller in a conference that has started."""
    history = History(document)
    callback = history.last(EnterRoom).callback
    history.happens(RoomNews(ROOM, RoomChange.ENTERED, CALL_ID, 0, False, callback))
    history.happens(RoomNews(ROOM, RoomChange.STARTED, "other", 1, True, callback))
    history.happens(ConferenceJoined(CALL_ID, 4))
    return history


def told(history: History) -> list[str]:
    notices = [dict(item.request.parameters) for item in history.done if isinstance(item, Notify)]
    return [each["StatusCallbackEvent"] for each in notices]


def test_two_accounts_never_share_a_room() -> None:
    """The switch knows conferences by id alone."""
    assert room_id("a", "R") != room_id("b", "R")
    assert History(DOCUMENT).last(EnterRoom).room == ROOM


def test_who_waits_hears_music_outside_and_joins_when_it_starts() -> None:
    """The switch's own conference would let the first two talk whatever the document says."""
    history = History(DOCUMENT)
    waits = history.happens(RoomNews(ROOM, RoomChange.ENTERED, CALL_ID))

    starts = history.happens(RoomNews(ROOM, RoomChange.STARTED, "other", 1, True))

    assert [type(item) for item in waits] == [HoldMusic]
    kinds = [type(item) for item in starts]
    assert kinds[:4] == [StopMedia, BindCall, JoinConference, BeepConference]


def test_the_end_of_the_conference_leads_to_the_action() -> None:
    """The caller is taken out of it and stays on the line."""
    history = inside()

    leaves = history.happens(RoomNews(ROOM, RoomChange.ENDED))
    history.happens(Executed(CALL_ID, "conference"))

    assert [item.participant for item in leaves if isinstance(item, LeaveConference)] == [4]
    assert ("DialCallStatus", "answered") in history.last(Fetch).request.parameters
    assert not any(name == "DialCallSid" for name, _ in history.last(Fetch).request.parameters)
    assert UnbindCall(f"conference {CALL_ID}") in history.done


def test_a_full_room_fails_the_dial() -> None:
    """The caller hears the action's document or the next verb."""
    history = History(DOCUMENT)

    history.happens(RoomNews(ROOM, RoomChange.FULL, CALL_ID, 2))

    assert ("DialCallStatus", "failed") in history.last(Fetch).request.parameters
    assert not any(isinstance(item, LeaveRoom) for item in history.done)


def test_a_caller_who_hangs_up_leaves_the_room_and_it_is_told() -> None:
    """Else the others would talk to a ghost, and the room would never be empty."""
    history = inside()

    items = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert LeaveRoom(ROOM) in items
    assert told(history) == ["participant-join", "conference-start", "participant-leave"]
