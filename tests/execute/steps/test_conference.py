"""Dial Conference: outside until it starts, inside until somebody ends it, and then the document goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pivot.execute.rules import Rules
from pivot.meeting.rooms import RoomTable
from pivot.model.commands import BindCall, CancelTimer, Fetch, Notify, StartTimer, UnbindCall
from pivot.model.dialling import HoldMusic, StartRecording
from pivot.model.events import ChannelDestroyed, DigitPressed, Event, Executed, Fetched, TimerFired
from pivot.model.notes import Noticed
from pivot.model.rooms import (
    BeepConference,
    ConferenceBegun,
    ConferenceJoined,
    EnterRoom,
    Guest,
    JoinConference,
    LeaveConference,
    LeaveRoom,
    RoomChange,
    RoomCommand,
    RoomNews,
    SayParticipant,
    SilenceBetween,
    room_id,
)
from pivot.model.switch import StopMedia
from tests.calls import ACCOUNT_ID, CALL_ID, twiml
from tests.execute.histories import History
from tests.rules import RULES

OF_THE_CALLBACK = frozenset(
    {
        "CallSid", "CallSidEndingConference", "Coaching", "ConferenceSid", "EndConferenceOnExit",
        "FriendlyName", "Hold", "Muted", "ParticipantCallStatus", "ParticipantLabel",
        "ReasonConferenceEnded", "ReasonParticipantLeft", "SequenceNumber", "StartConferenceOnEnter",
        "StatusCallbackEvent", "Timestamp",
    }
)  # fmt: skip
NOW = "Tue, 12 Mar 2024 10:00:00 +0000"
ROOM = room_id(ACCOUNT_ID, "R")
DOCUMENT = (
    "<Dial action='/d'><Conference statusCallback='/c' statusCallbackEvent='join leave start end'>R"
    "</Conference></Dial>"
)


class Meeting:
    """A caller's document and the room that it meets others in."""

    def __init__(self, document: str = DOCUMENT, rules: Rules = RULES) -> None:
        self.history = History(document, rules)
        self.table = RoomTable()
        self._seen = 0
        self._hear()

    def others(self, *call_ids: str, **guest: Any) -> None:
        """Come in."""
        for call_id in call_ids:
            command = EnterRoom(ROOM, "R", Guest(call_id, **guest))
            self._perform(call_id, command, lambda news: None)

    def happens(self, event: Event) -> list[Any]:
        items = self.history.happens(event)
        self._hear()
        return items

    def leaves(self, call_id: str, *, ends: bool = False, hung_up: bool = True) -> None:
        self._perform(call_id, LeaveRoom(ROOM, ends, hung_up), lambda news: None)

    def numbered(self, call_id: str, participant: int) -> None:
        self._perform(call_id, SayParticipant(ROOM, participant), lambda news: None)

    def told(self) -> list[dict[str, str]]:
        """What the callback heard."""
        notices = [item.request.parameters for item in self.history.done if isinstance(item, Notify)]
        return [{name: value for name, value in each if name in OF_THE_CALLBACK} for each in notices]

    def words(self) -> list[str]:
        return [each["StatusCallbackEvent"] for each in self.told()]

    def _perform(self, call_id: str, command: RoomCommand, tell: Callable[[RoomNews], None]) -> None:
        self.table.perform(call_id, command, tell)
        self._hear()

    def _news(self, news: RoomNews) -> None:
        self.history.happens(news)

    def _hear(self) -> None:
        """Room commands are carried out, and news of them seen."""
        while self._seen < len(self.history.done):
            item = self.history.done[self._seen]
            self._seen += 1
            if isinstance(item, RoomCommand):
                self.table.perform(CALL_ID, item, self._news)


def inside(document: str = DOCUMENT, rules: Rules = RULES) -> Meeting:
    """A caller in a conference that has started."""
    meeting = Meeting(document, rules)
    meeting.others("other")
    meeting.happens(ConferenceJoined(CALL_ID, 4))
    return meeting


def test_two_accounts_never_share_a_room() -> None:
    """The switch knows conferences by id alone."""
    assert room_id("a", "R") != room_id("b", "R")
    assert History(DOCUMENT).last(EnterRoom).room == ROOM


def test_who_waits_hears_music_outside_and_joins_when_it_starts() -> None:
    """The switch's own conference would let the first two talk whatever the document says."""
    history = History(DOCUMENT)
    waits = history.happens(RoomNews(ROOM, RoomChange.ENTERED, CALL_ID))

    starts = history.happens(RoomNews(ROOM, RoomChange.STARTED, "other", 1, True))

    assert [type(item) for item in waits] == [CancelTimer, HoldMusic]
    kinds = [type(item) for item in starts]
    assert kinds[:4] == [StopMedia, BindCall, JoinConference, BeepConference]


def test_the_end_of_the_conference_leads_to_the_action() -> None:
    """The caller is taken out of it and stays on the line."""
    meeting = inside()

    meeting.table.end(ROOM)
    meeting.happens(Executed(CALL_ID, "conference"))

    history = meeting.history
    assert [item.participant for item in history.done if isinstance(item, LeaveConference)] == [4]
    assert ("DialCallStatus", "answered") in history.last(Fetch).request.parameters
    assert not any(name == "DialCallSid" for name, _ in history.last(Fetch).request.parameters)
    assert UnbindCall(f"conference {CALL_ID}") in history.done


def test_a_full_room_fails_the_dial() -> None:
    """The caller hears the action's document or the next verb."""
    history = History(DOCUMENT)

    history.happens(RoomNews(ROOM, RoomChange.FULL, CALL_ID, 2))

    assert ("DialCallStatus", "failed") in history.last(Fetch).request.parameters
    assert not any(isinstance(item, LeaveRoom) for item in history.done)


def test_a_label_that_somebody_has_keeps_the_caller_out() -> None:
    """Twilio's 16025: the caller goes on with the next verb."""
    meeting = Meeting("<Dial><Conference participantLabel='boss'>R</Conference></Dial><Pause/>")
    history = meeting.history
    news = RoomNews(ROOM, RoomChange.LABEL_TAKEN, CALL_ID, 1)

    items = history.happens(news)

    assert [item.twilio_code for item in items if isinstance(item, Noticed)] == [16025]
    assert any(isinstance(item, StartTimer) and item.name.startswith("pause") for item in items)


def test_what_the_callback_is_told() -> None:
    """Everything Twilio documents for a participant and for the end, numbered and dated."""
    document = (
        "<Dial><Conference statusCallback='/c' statusCallbackEvent='start join leave end' muted='true'"
        " participantLabel='me' endConferenceOnExit='true'>R</Conference></Dial>"
    )
    meeting = inside(document)
    meeting.leaves("other")
    meeting.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    conference = {"ConferenceSid": ROOM, "FriendlyName": "R", "Timestamp": NOW}
    me = {
        "CallSid": CALL_ID,
        "Muted": "true",
        "Hold": "false",
        "Coaching": "false",
        "StartConferenceOnEnter": "true",
        "EndConferenceOnExit": "true",
        "ParticipantLabel": "me",
    }
    other = {
        "CallSid": "other",
        "Muted": "false",
        "Hold": "false",
        "Coaching": "false",
        "StartConferenceOnEnter": "true",
        "EndConferenceOnExit": "false",
    }
    left = {"ParticipantCallStatus": "completed", "ReasonParticipantLeft": "participant_hung_up"}
    ended = {
        "ReasonConferenceEnded": "participant-with-end-conference-on-exit-left",
        "CallSidEndingConference": CALL_ID,
    }
    assert meeting.told() == [
        conference | {"StatusCallbackEvent": "participant-join", "SequenceNumber": "0"} | me,
        conference | {"StatusCallbackEvent": "participant-join", "SequenceNumber": "1"} | other,
        conference | {"StatusCallbackEvent": "conference-start", "SequenceNumber": "2"},
        conference | {"StatusCallbackEvent": "participant-leave", "SequenceNumber": "3"} | other | left,
        conference | {"StatusCallbackEvent": "participant-leave", "SequenceNumber": "4"} | me | left,
        conference | {"StatusCallbackEvent": "conference-end", "SequenceNumber": "5"} | ended,
    ]


def test_the_callback_is_told_nothing_of_the_call_that_tells_it() -> None:
    """Else another participant's CallSid would stand beside our caller's number."""
    meeting = inside()
    meeting.leaves("other")

    notices = [dict(item.request.parameters) for item in meeting.history.done if isinstance(item, Notify)]
    of_another = next(each for each in notices if each["StatusCallbackEvent"] == "participant-leave")

    assert of_another["CallSid"] == "other"
    assert set(of_another) <= OF_THE_CALLBACK | {"AccountSid"}


def test_who_leaves_with_the_key_has_not_hung_up() -> None:
    """The callback can tell one from the other."""
    meeting = inside(DOCUMENT.replace("<Dial ", "<Dial hangupOnStar='true' "))

    meeting.happens(DigitPressed(CALL_ID, "*"))
    meeting.happens(Executed(CALL_ID, "conference"))

    leave = next(each for each in meeting.told() if each["StatusCallbackEvent"] == "participant-leave")
    assert (leave["ParticipantCallStatus"], leave["ReasonParticipantLeft"]) == (
        "in-progress",
        "participant_left",
    )


def test_a_caller_who_hangs_up_leaves_the_room_and_it_is_told() -> None:
    """Else the others would talk to a ghost, and the room would never be empty."""
    meeting = inside()

    items = meeting.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert LeaveRoom(ROOM, hung_up=True) in items
    assert meeting.words() == [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-leave",
    ]


def test_a_coach_is_heard_by_the_coached_member_alone() -> None:
    """Members that were there before, and those who come later."""
    document = "<Dial><Conference coach='agent'>R</Conference></Dial>"
    meeting = Meeting(document)
    meeting.others("agent", "customer")
    meeting.numbered("agent", 1)
    meeting.numbered("customer", 2)

    meeting.happens(ConferenceJoined(CALL_ID, 3))
    meeting.others("late")
    meeting.numbered("late", 9)

    silent = [item for item in meeting.history.done if isinstance(item, SilenceBetween)]
    assert [(item.participant, item.other) for item in silent] == [(3, 2), (3, 9)]


def test_the_members_learn_our_number() -> None:
    """A coach among them needs it."""
    meeting = inside()

    assert SayParticipant(ROOM, 4) in meeting.history.done


def test_a_switch_that_does_not_let_the_caller_in_costs_seconds() -> None:
    """Nobody may hear silence for the four hours that a Dial may last."""
    meeting = Meeting()
    meeting.others("other")
    timer = next(name for name in meeting.history.timers if name.startswith("conference"))

    meeting.happens(TimerFired(timer))

    assert ("DialCallStatus", "failed") in meeting.history.last(Fetch).request.parameters


def test_a_switch_that_only_says_that_it_begins_has_let_the_caller_in() -> None:
    """Its number may come late or never; then the conference goes on all the same."""
    meeting = Meeting()
    meeting.others("other")

    items = meeting.happens(ConferenceBegun(CALL_ID))

    assert [item.delay_s for item in items if isinstance(item, StartTimer)] == [14_400.0]
    assert meeting.happens(ConferenceBegun(CALL_ID)) == []


def test_without_its_wait_document_a_caller_is_not_let_in() -> None:
    """As Twilio documents it; the document goes on."""
    rules = replace(RULES, profile="twilio")
    meeting = Meeting("<Dial action='/d'><Conference waitUrl='/w'>R</Conference></Dial>", rules)
    asked = meeting.history.last(Fetch).request.fetch_id

    meeting.happens(Fetched(asked, twiml("<")))

    assert ("DialCallStatus", "failed") in meeting.history.last(Fetch).request.parameters
    assert not any(isinstance(item, JoinConference) for item in meeting.history.done)


def test_a_wait_document_that_ends_leaves_silence() -> None:
    """The caller still waits, and is brought in when the conference starts."""
    rules = replace(RULES, profile="twilio")
    meeting = Meeting("<Dial><Conference waitUrl='/w'>R</Conference></Dial>", rules)
    asked = meeting.history.last(Fetch).request.fetch_id

    meeting.happens(Fetched(asked, twiml("")))
    meeting.others("other")

    assert any(isinstance(item, JoinConference) for item in meeting.history.done)


def test_one_member_records_for_all() -> None:
    """Everybody's document asks for it; the file would else exist once for each."""
    document = "<Dial><Conference record='record-from-start'>R</Conference></Dial>"
    first, later = inside(document), Meeting(document)
    table = later.table
    table.leave(CALL_ID, ROOM)
    later.others("before", records=True)
    later.history.happens(RoomNews(ROOM, RoomChange.STARTED, "before", 1, True))

    assert len([item for item in first.history.done if isinstance(item, StartRecording)]) == 1
    assert not any(isinstance(item, StartRecording) for item in later.history.done)


def test_what_only_kazoos_documents_ask_for_reaches_the_conference() -> None:
    """Rates, levels and controls are for its profile."""
    meeting = inside("<Dial><Conference rate='8000' callerControls='keys'>R</Conference></Dial>")

    extras = {item.name: item.value for item in meeting.history.last(JoinConference).extras}
    assert extras == {"callerControls": "keys", "rate": "8000"}


def test_a_wait_document_that_redirects_for_ever_keeps_the_caller_waiting() -> None:
    """Twilio's way to loop; its server is asked once a second at most, however long the conference takes."""
    history = History(
        "<Dial><Conference waitUrl='/w'>R</Conference></Dial>", replace(RULES, profile="twilio")
    )
    history.happens(RoomNews(ROOM, RoomChange.ENTERED, CALL_ID))

    for _ in range(300):
        last = history.done[-1]
        if isinstance(last, StartTimer):
            history.happens(TimerFired(last.name), after_s=last.delay_s)
        history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml("<Redirect/>")))

    assert history.at_s > 290
    assert not any(isinstance(item, LeaveRoom) for item in history.done)


def test_an_owner_that_does_not_answer_costs_nobody_silence() -> None:
    """The caller waits as for any conference; if the owner never comes back, the Dial has failed."""
    history = History(DOCUMENT)
    entering = history.last(StartTimer)

    waits = history.happens(TimerFired(entering.name), after_s=entering.delay_s)
    assert [type(item) for item in waits] == [StartTimer, HoldMusic]
    gives_up = history.happens(TimerFired(entering.name), after_s=60.0)

    assert LeaveRoom(ROOM, untold=True) in gives_up
    assert ("DialCallStatus", "failed") in history.last(Fetch).request.parameters


def test_a_late_answer_of_the_owner_finds_the_caller_waiting() -> None:
    """The music goes on; it does not begin anew."""
    history = History(DOCUMENT)
    history.happens(TimerFired(history.last(StartTimer).name))

    assert [type(item) for item in history.happens(RoomNews(ROOM, RoomChange.ENTERED, CALL_ID))] == [
        CancelTimer
    ]


def test_who_gives_up_before_the_owner_answers_is_in_no_room() -> None:
    """An answer may still come; then others would be in a conference with nobody."""
    history = History("<Dial hangupOnStar='true'><Conference>R</Conference></Dial><Pause length='60'/>")

    items = history.happens(DigitPressed(CALL_ID, "*"))

    assert LeaveRoom(ROOM, untold=True) in items
    assert history.happens(RoomNews(ROOM, RoomChange.ENTERED, CALL_ID)) == []
