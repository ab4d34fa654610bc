"""Dial Conference: outside until it starts, inside until somebody ends it, and then the document goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pivot.execute.rules import Rules
from pivot.meeting.rooms import RoomTable
from pivot.model.codes import Code
from pivot.model.commands import BindCall, CancelTimer, Fetch, Notify, StartTimer, UnbindCall
from pivot.model.dialling import HoldMusic, PartLegs, StartRecording
from pivot.model.events import ChannelDestroyed, DigitPressed, Event, Executed, Fetched, TimerFired
from pivot.model.fetch import FetchRequest
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
from pivot.model.switch import AskIdle, StopMedia
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

    def __init__(
        self, document: str = DOCUMENT, rules: Rules = RULES, table: RoomTable | None = None
    ) -> None:
        self.history = History(document, rules)
        self.table = table or RoomTable()
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
    assert kinds[:4] == [StopMedia, BindCall, JoinConference, StartTimer]


def beeps(meeting: Meeting) -> int:
    return sum(isinstance(item, BeepConference) for item in meeting.history.done)


def test_the_tone_for_a_second_member_is_played_when_both_are_in() -> None:
    """It was played 50 ms after the command to bring it in, a second before it was: into an empty room."""
    meeting = Meeting()
    meeting.others("first")
    meeting.numbered("first", 5)
    assert beeps(meeting) == 0

    meeting.happens(ConferenceJoined(CALL_ID, 8))

    assert beeps(meeting) == 1


def test_who_comes_into_an_empty_room_beeps_for_nobody() -> None:
    """Whoever comes later beeps for itself."""
    meeting = inside()

    meeting.numbered("other", 9)

    assert beeps(meeting) == 0


def test_of_two_who_are_brought_in_at_once_the_second_beeps() -> None:
    """Each learns of the other when it is in itself; the switch numbers its members in their order."""
    meeting = inside()
    meeting.others("third")

    meeting.numbered("other", 3)
    meeting.numbered("third", 2)

    assert beeps(meeting) == 1


def test_no_tone_is_played_for_who_has_left() -> None:
    """Its number is nobody's any more."""
    meeting = Meeting()
    meeting.others("first", "second")
    meeting.numbered("first", 5)
    meeting.leaves("first")

    meeting.happens(ConferenceJoined(CALL_ID, 8))

    assert beeps(meeting) == 0


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


def unreported(document: str = DOCUMENT) -> Meeting:
    """The switch has been told to bring the caller in, and says nothing for ten seconds; it is asked."""
    meeting = Meeting(document)
    meeting.others("other")
    asked = meeting.happens(TimerFired(timer_of(meeting)))
    assert [type(item) for item in asked] == [AskIdle, StartTimer]
    return meeting


def timer_of(meeting: Meeting) -> str:
    return next(name for name in meeting.history.timers if name.startswith("conference"))


def test_a_switch_that_does_not_let_the_caller_in_costs_seconds() -> None:
    """Nobody may hear silence for the four hours that a Dial may last: nothing runs on the leg."""
    meeting = unreported()

    meeting.happens(Executed(CALL_ID, "noop", meeting.history.last(AskIdle).msg_id))

    assert ("DialCallStatus", "failed") in meeting.history.last(Fetch).request.parameters


def test_a_conference_whose_members_are_not_published_is_joined_all_the_same() -> None:
    """Both talked, and the action was told `failed`: what does not end shows that the caller is inside."""
    meeting = unreported()

    items = meeting.happens(TimerFired(timer_of(meeting)))

    warning, limit, beep = items
    assert warning.code is Code.SWITCH_SILENT
    assert "publish_conference_event" in warning.message
    assert limit.delay_s == 14_400.0
    assert isinstance(beep, BeepConference)
    meeting.happens(Executed(CALL_ID, "noop", meeting.history.last(AskIdle).msg_id))
    assert not any("DialCallStatus" in dict(each.parameters) for each in requests(meeting))
    meeting.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
    assert ("DialCallStatus", "answered") in meeting.history.last(Fetch).request.parameters


def test_a_member_without_a_number_can_leave_with_the_key() -> None:
    """It cannot be taken out by number; its leg is parked."""
    meeting = unreported(DOCUMENT.replace("<Dial ", "<Dial hangupOnStar='true' "))
    meeting.happens(TimerFired(timer_of(meeting)))

    items = meeting.happens(DigitPressed(CALL_ID, "*"))
    assert any(isinstance(item, PartLegs) for item in items)
    meeting.happens(Executed(CALL_ID, "conference"))

    assert ("DialCallStatus", "answered") in meeting.history.last(Fetch).request.parameters


def requests(meeting: Meeting) -> list[FetchRequest]:
    return [item.request for item in meeting.history.done if isinstance(item, Fetch)]


@pytest.mark.parametrize("complaint", ["FILE NOT FOUND", "PLAYBACK ERROR"])
def test_what_cannot_be_played_while_waiting_is_told_once_and_music_is_heard(complaint: str) -> None:
    """Such as a document where this profile wants a file: callers waited in dead air, and nobody was told."""
    meeting = Meeting("<Dial><Conference waitUrl='/wait'>R</Conference></Dial>")
    assert meeting.history.last(HoldMusic).media.endswith("/wait")

    items = meeting.happens(Executed(CALL_ID, "hold", complaint))

    fault, music = items
    assert (fault.twilio_code, fault.is_error) == (13233, True)
    assert music.media is None
    assert meeting.happens(Executed(CALL_ID, "hold", complaint)) == []


def test_music_that_is_broken_off_is_no_complaint() -> None:
    """The conference starts."""
    meeting = Meeting("<Dial><Conference waitUrl='/wait'>R</Conference></Dial>")
    meeting.others("other")

    assert meeting.happens(Executed(CALL_ID, "hold", "PLAYBACK_INTERRUPTED")) == []


def test_each_conference_of_a_room_has_its_own_sid() -> None:
    """Applications keep what they are told of one apart from the next."""
    table = RoomTable()
    sids: list[str] = []
    for rules in (replace(RULES, profile="twilio"), replace(RULES, profile="twilio"), RULES):
        meeting = Meeting(rules=rules, table=table)
        meeting.others("other")
        meeting.happens(ConferenceJoined(CALL_ID, 4))
        meeting.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
        meeting.leaves("other")
        of_this = {each["ConferenceSid"] for each in meeting.told()}
        assert len(of_this) == 1
        sids += of_this

    assert len(set(sids)) == 3
    assert [each[:2] for each in sids] == ["CF", "CF", ROOM[:2]]
    assert sids[2] == ROOM


def test_the_end_of_a_conference_is_told_behind_everybodys_leaving() -> None:
    """It was told before that of the others: 3 of 3."""
    meeting = inside(DOCUMENT.replace("<Conference ", "<Conference endConferenceOnExit='true' "))
    meeting.others("third")

    items = meeting.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert LeaveRoom(ROOM, ends=True, hung_up=True) in items
    last = [
        (each["StatusCallbackEvent"], each.get("CallSid"), each["SequenceNumber"]) for each in meeting.told()
    ]
    assert last[-4:] == [
        ("participant-leave", CALL_ID, "4"),
        ("participant-leave", "other", "5"),
        ("participant-leave", "third", "6"),
        ("conference-end", None, "7"),
    ]
    reasons = [each["ReasonParticipantLeft"] for each in meeting.told() if "ReasonParticipantLeft" in each]
    assert reasons == ["participant_hung_up", "participant_left", "participant_left"]


def test_callbacks_of_one_conference_wait_for_each_other() -> None:
    """They overtook each other: 3, 5, 4."""
    meeting = inside()

    series = {item.series for item in meeting.history.done if isinstance(item, Notify)}
    assert len(series) == 1
    assert "" not in series


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


def test_the_limit_of_time_begins_when_the_caller_is_in() -> None:
    """Who waits half an hour for the start may still talk for as long as the document says."""
    meeting = Meeting("<Dial timeLimit='60'><Conference>R</Conference></Dial>")
    waiting = [item for item in meeting.history.done if isinstance(item, StartTimer)]

    meeting.others("other")
    joining = meeting.history.last(StartTimer)
    meeting.happens(ConferenceJoined(CALL_ID, 4))

    assert 60.0 not in [timer.delay_s for timer in (*waiting, joining)]
    assert meeting.history.last(StartTimer).delay_s == 60.0
