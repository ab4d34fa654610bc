"""Dial: who is rung how, and what the caller's document is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pivot.model.codes import Code
from pivot.model.commands import BindCall, CancelTimer, Fetch, Notify, StartTimer, UnbindCall
from pivot.model.dialling import (
    BridgeTo,
    CallApart,
    CallerId,
    CarrierDone,
    DialCarrier,
    Endpoint,
    EndpointKind,
    EndpointsFound,
    JoinLeg,
    LegControlled,
    LegCreated,
    LegReady,
    LegsBridged,
    LookUpEndpoints,
    RingBack,
    StartRecording,
)
from pivot.model.events import (
    ChannelAnswered,
    ChannelDestroyed,
    CommandFailed,
    DigitPressed,
    Executed,
    Fetched,
    RecordingStopped,
    TimerFired,
)
from pivot.model.notes import Noticed
from pivot.model.switch import AnswerCall, Hangup, RecordLeg, SendDigits, SetNumber, StopMedia
from tests.calls import ACCOUNT_ID, CALL_ID, twiml
from tests.execute.histories import History, notices
from tests.rules import RULES

TWILIO = replace(RULES, profile="twilio")
NUMBER = "<Dial action='/d' timeout='20'>+15550009999</Dial>"
NUMBER_NOUN = "<Number>+15550009999</Number>"
WHISPER = "<Dial action='/d'><Number url='/w'>+15550009999</Number></Dial>"


def kinds(items: Sequence[object]) -> list[type]:
    return [type(item) for item in items]


def told(history: History) -> dict[str, str]:
    """What the newest request tells of the Dial."""
    return {
        name: value
        for name, value in history.last(Fetch).request.parameters
        if name.startswith(("Dial", "RecordingUrl"))
    }


def test_a_number_alone_goes_to_the_carriers() -> None:
    """As from Kazoo; our own limit is only for a service that never answers."""
    history = History(NUMBER)

    answered, shown, dial, timer = history.done[-4:]

    assert isinstance(answered, AnswerCall)
    assert isinstance(shown, SetNumber)
    assert isinstance(dial, DialCarrier)
    assert dial == DialCarrier(dial.msg_id, "+15550009999", 20.0, CallerId("1001", "Bob"))
    assert timer == StartTimer(f"dial {dial.msg_id}", 30.0)


@pytest.mark.parametrize(
    ("document", "as_kazoo", "as_twilio"),
    [
        ("<Dial>+15550009999</Dial>", True, True),
        ("<Dial><Number>+15550009999</Number></Dial>", False, True),
        ("<Dial>\n  <Number>+15550009999</Number>\n</Dial>", True, True),
        ("<Dial><Sip>sip:kate@example.com</Sip></Dial>", False, True),
        ("<Dial answerOnBridge='true'>+15550009999</Dial>", False, False),
    ],
)
def test_who_picks_up_before_a_dial(document: str, as_kazoo: bool, as_twilio: bool) -> None:
    """`dial_of_nouns_answers`: Kazoo answers for text alone, and takes blanks before a noun for text."""
    for rules, answers in ((RULES, as_kazoo), (TWILIO, as_twilio)):
        done = History(document, rules).done

        assert any(isinstance(item, AnswerCall) for item in done) is answers


def test_the_shown_number_stays_the_callers() -> None:
    """`dial_sets_number`: later requests and Dials of a Kazoo application have it."""
    document = f"<Dial callerId='+15551112222'>{NUMBER_NOUN}</Dial><Dial action='/d'>{NUMBER_NOUN}</Dial>"
    kazoo, twilio = History(document), History(document, TWILIO)
    for history in (kazoo, twilio):
        history.happens(Executed(CALL_ID, "bridge", "NO_ANSWER"))
        history.happens(Executed(CALL_ID, "bridge", "NO_ANSWER"))

    assert [item.number for item in kazoo.done if isinstance(item, SetNumber)] == ["+15551112222"] * 2
    assert kazoo.last(DialCarrier).caller_id.number == "+15551112222"
    assert ("Caller-ID-Number", "+15551112222") in kazoo.last(Fetch).request.parameters
    assert not any(isinstance(item, SetNumber) for item in twilio.done)
    assert ("Caller-ID-Number", "1001") in twilio.last(Fetch).request.parameters


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        ("NORMAL_CLEARING", "completed"),
        ("USER_BUSY", "busy"),
        ("CALL_REJECTED", "busy"),
        ("NO_ANSWER", "no-answer"),
        ("NO_USER_RESPONSE", "failed"),
        ("UNALLOCATED_NUMBER", "failed"),
    ],
)
def test_how_a_dial_ended_is_the_callers_status_in_kazoo(cause: str, status: str) -> None:
    """`dial_sets_status`: its applications learn there what became of the other party, and go on doing so."""
    document = f"<Dial>{NUMBER_NOUN}</Dial><Gather numDigits='1'><Say>x</Say></Gather>"
    kazoo, twilio = History(document), History(document, TWILIO)
    for history in (kazoo, twilio):
        history.happens(Executed(CALL_ID, "bridge", cause))
        history.happens(DigitPressed(CALL_ID, "5"))

    assert ("CallStatus", status) in kazoo.last(Fetch).request.parameters
    assert ("CallStatus", "in-progress") in twilio.last(Fetch).request.parameters


def test_a_leg_that_older_media_servers_announce_is_told_though_it_never_answers() -> None:
    """The carriers' service chooses the leg's id, so it is known only from what the switch tells."""
    history = History(NUMBER)

    history.happens(LegCreated(CALL_ID, "b-leg"))
    history.happens(Executed(CALL_ID, "bridge", "USER_BUSY"))

    assert told(history) == {"DialCallStatus": "busy", "DialCallSid": "b-leg", "DialBridged": "false"}


def test_two_reports_of_one_end_are_one_end() -> None:
    """The service's report alone waits for the bridge's, which would else end the next attempt."""
    history = History(NUMBER)
    dial = history.last(DialCarrier)

    first = history.happens(CarrierDone(dial.msg_id, "USER_BUSY", "sip:486"))
    second = history.happens(Executed(CALL_ID, "bridge", "USER_BUSY"))

    assert first == [StartTimer(f"dial {dial.msg_id}", 0.5)]
    assert kinds([*second]) == [CancelTimer, CancelTimer, Fetch]
    assert told(history) == {"DialCallStatus": "busy", "DialBridged": "false"}


def test_without_a_bridge_the_services_report_is_enough() -> None:
    """No carrier takes the number: nothing was bridged, so no bridge ends."""
    history = History(NUMBER)
    dial = history.last(DialCarrier)

    history.happens(CarrierDone(dial.msg_id, "NO_ROUTE_DESTINATION", "sip:404"))
    history.happens(TimerFired(f"dial {dial.msg_id}"), after_s=0.5)

    assert told(history) == {"DialCallStatus": "failed", "DialBridged": "false"}


def test_an_extension_is_rung_inside_the_account() -> None:
    """Carriers know no extensions; the switch routes it as if the caller had dialled it."""
    history = History("<Dial>2005</Dial>")

    bridge = history.last(BridgeTo)

    assert [each.address for each in bridge.endpoints] == ["2005"]
    assert BindCall(bridge.endpoints[0].call_id) in history.done


def test_a_number_in_a_bridge_keeps_the_leg_that_is_followed() -> None:
    """Else the switch replaces it when it is answered, and the Dial seems to be over."""
    (extension,) = History("<Dial>2005</Dial>").last(BridgeTo).endpoints

    assert extension.variables == {
        "Account-ID": ACCOUNT_ID,
        "Retain-CID": "true",
        "Simplify-Loopback": "false",
        "Loopback-Bowout": "false",
    }


def test_legs_are_unbound_when_nobody_rings_any_more() -> None:
    """Else every Dial would leave bindings at the broker."""
    history = History("<Dial><Number>2005</Number><Sip>sip:kate@example.com</Sip></Dial>")
    legs = [each.call_id for each in history.last(BridgeTo).endpoints]

    history.happens(Executed(CALL_ID, "bridge", "NO_ANSWER"))
    items = history.happens(TimerFired(history.last(StartTimer).name), after_s=0.5)

    assert [item for item in items if isinstance(item, UnbindCall)] == [UnbindCall(leg) for leg in legs]


def test_a_party_that_hears_a_document_is_joined_after_it() -> None:
    """The caller hears ringing until then."""
    history = History(WHISPER)
    apart = history.last(CallApart)
    leg = apart.endpoint.call_id
    assert not history.last(RingBack).answered

    history.happens(LegControlled(apart.msg_id, leg, "b-queue"))
    asked = history.happens(LegReady(apart.msg_id, leg))
    joined = history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml("")))

    assert kinds([*asked]) == [CancelTimer, Fetch]
    kept = [item for item in joined if not isinstance(item, StartTimer)]
    assert kinds(kept)[1:] == [AnswerCall, StopMedia, JoinLeg]
    assert history.last(JoinLeg).target == leg


def test_screening_does_not_fail_open() -> None:
    """A party whose document cannot be had is not joined: the caller may be unwanted."""
    history = History(WHISPER)
    apart = history.last(CallApart)
    leg = apart.endpoint.call_id
    history.happens(LegControlled(apart.msg_id, leg, "b-queue"))
    history.happens(LegReady(apart.msg_id, leg))

    items = history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml("<")))

    assert [item.leg for item in items if isinstance(item, Hangup)] == [leg]
    assert not any(isinstance(item, JoinLeg) for item in history.done)
    assert told(history)["DialBridged"] == "false"


def test_a_party_that_hangs_up_in_its_document_is_told_nothing_more() -> None:
    """What goes to a leg that is gone would be done to the caller."""
    history = History(WHISPER)
    apart = history.last(CallApart)
    leg = apart.endpoint.call_id
    history.happens(LegControlled(apart.msg_id, leg, "b-queue"))
    history.happens(LegReady(apart.msg_id, leg))
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml("<Say>one moment</Say>")))

    history.happens(ChannelDestroyed(leg, "NORMAL_CLEARING"))

    assert history.sent_to_the_dead() == []
    assert told(history)["DialBridged"] == "false"


def keys_to_a_party() -> History:
    """Somebody has answered, and keys are being sent."""
    history = History("<Dial action='/d'><Number sendDigits='1w2'>+15550009999</Number></Dial>")
    apart = history.last(CallApart)
    history.happens(LegControlled(apart.msg_id, apart.endpoint.call_id, "b-queue"))
    history.happens(LegReady(apart.msg_id, apart.endpoint.call_id))
    return history


@pytest.mark.parametrize("refused", [True, False])
def test_keys_that_cannot_be_sent_keep_nobody_waiting(refused: bool) -> None:
    """The caller would hear ringing, and the party nothing, until one of them hangs up."""
    history = keys_to_a_party()
    why = CommandFailed("SendDigits", Code.CALL_COMMAND, "no", history.last(SendDigits).msg_id)
    silence = TimerFired(history.last(StartTimer).name)

    history.happens(why if refused else silence)
    if refused:
        assert not any(isinstance(item, JoinLeg) for item in history.done)
        history.happens(TimerFired(history.last(StartTimer).name), after_s=0.5)

    assert history.last(JoinLeg).target == history.last(CallApart).endpoint.call_id
    assert "keys" in history.last(Noticed).message


def test_a_recording_that_the_switch_refuses_is_not_told_as_one() -> None:
    """The action would name a file that never comes to be."""
    history = History(
        "<Dial action='/d' record='record-from-answer' recordingStatusCallback='/r'"
        f" recordingStatusCallbackEvent='completed absent'>{NUMBER_NOUN}</Dial>"
    )
    history.happens(LegsBridged(CALL_ID, "b-leg"))

    history.happens(
        CommandFailed("StartRecording", Code.CALL_COMMAND, "no", history.last(StartRecording).msg_id)
    )
    history.happens(Executed(CALL_ID, "bridge", "NORMAL_CLEARING"))

    assert dict(notices(history)[-1].request.parameters)["RecordingStatus"] == "absent"
    assert told(history)["DialCallStatus"] == "completed"
    assert "RecordingUrl" not in told(history)


def test_a_caller_who_leaves_takes_those_along_who_were_rung_apart() -> None:
    """Nobody else would hang them up; their action hears of it, and its answer is thrown away."""
    history = History(WHISPER)
    apart = history.last(CallApart)
    history.happens(LegControlled(apart.msg_id, apart.endpoint.call_id, "b-queue"))

    items = history.happens(ChannelDestroyed(CALL_ID, "ORIGINATOR_CANCEL"))

    hangup = next(item for item in items if isinstance(item, Hangup))
    assert hangup.leg == apart.endpoint.call_id
    assert history.machine.call_for(hangup).control_queue == "b-queue"
    assert told(history)["DialCallStatus"] == "no-answer"


def test_a_leg_without_control_queue_is_hung_up_as_soon_as_it_has_one() -> None:
    """The caller may leave between the request and its first answer."""
    history = History(WHISPER)
    apart = history.last(CallApart)
    history.happens(ChannelDestroyed(CALL_ID, "ORIGINATOR_CANCEL"))
    assert not history.over

    items = history.happens(LegControlled(apart.msg_id, apart.endpoint.call_id, "b-queue"))

    assert [item.leg for item in items if isinstance(item, Hangup)] == [apart.endpoint.call_id]
    assert isinstance(items[-1], Fetch)


def test_a_leg_that_never_has_a_control_queue_keeps_the_action_from_nobody() -> None:
    """The switch may have forgotten about it; the caller's server must still hear how the Dial ended."""
    history = History(WHISPER)
    history.happens(ChannelDestroyed(CALL_ID, "ORIGINATOR_CANCEL"))
    asked = [item for item in history.done if isinstance(item, Fetch)]

    history.happens(TimerFired("goodbye"), after_s=10.0)

    assert isinstance(history.done[-1], Fetch)
    assert history.done[-1] not in asked
    assert told(history)["DialCallStatus"] == "no-answer"
    assert not history.over


def test_a_partys_document_and_the_callers_know_nothing_of_each_others_results() -> None:
    """`sticky_params` is about one leg: the party is somebody else, perhaps with another server."""
    history = History("<Record action='/r'/>")
    record = history.last(RecordLeg)
    history.happens(RecordingStopped(CALL_ID, f"/tmp/{record.name}", 9.0, "#"))
    history.files()
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml(WHISPER)))
    apart = history.last(CallApart)
    history.happens(LegControlled(apart.msg_id, apart.endpoint.call_id, "b-queue"))

    history.happens(LegReady(apart.msg_id, apart.endpoint.call_id))

    names = {name for name, _ in history.last(Fetch).request.parameters}
    assert not names & {"Recording-Url", "RecordingUrl", "RecordingDuration", "Recording-Duration"}


def test_each_state_of_a_leg_is_told_in_order() -> None:
    """Callbacks may overtake each other on the way; the number tells."""
    history = History(
        "<Dial><Number statusCallback='/s' statusCallbackEvent='initiated answered completed'>2005</Number>"
        "</Dial>"
    )
    leg = history.last(BridgeTo).endpoints[0].call_id

    history.happens(ChannelAnswered(leg), after_s=3.0)
    history.happens(LegsBridged(CALL_ID, leg), after_s=0.0)
    history.happens(ChannelDestroyed(leg, "NORMAL_CLEARING"), after_s=7.0)

    about = [dict(item.request.parameters) for item in history.done if isinstance(item, Notify)]
    assert [(each["CallStatus"], each["SequenceNumber"]) for each in about] == [
        ("initiated", "0"),
        ("in-progress", "1"),
        ("completed", "2"),
    ]
    assert about[-1]["CallDuration"] == "7"
    assert [each["Timestamp"][-14:] for each in about] == [
        "10:00:00 +0000",
        "10:00:03 +0000",
        "10:00:10 +0000",
    ]


def test_a_whispers_request_tells_the_status_of_its_own_leg() -> None:
    """Who hears it has answered; the caller may not be, and how an earlier Dial ended is the caller's."""
    history = History(f"<Dial>{NUMBER_NOUN}</Dial><Dial><Number url='/w'>+15550009999</Number></Dial>")
    history.happens(Executed(CALL_ID, "bridge", "USER_BUSY"))
    apart = history.last(CallApart)
    history.happens(LegControlled(apart.msg_id, apart.endpoint.call_id, "b-queue"))
    history.happens(LegReady(apart.msg_id, apart.endpoint.call_id))

    asked = dict(history.last(Fetch).request.parameters)
    assert asked["Call-ID"] == apart.endpoint.call_id
    assert asked["CallStatus"] == "in-progress"


def test_no_dial_rings_the_phones_of_a_whole_town() -> None:
    """Ten users of a hundred devices each would be a thousand bindings and one bridge of them all."""
    history = History("<Dial><User>u1</User><User>u2</User></Dial>")
    phones = tuple(Endpoint(f"d{n}", "", EndpointKind.DEVICE, f"d{n}", "pbx.test") for n in range(60))

    history.happens(EndpointsFound(history.last(LookUpEndpoints).lookup_id, (phones, phones)))

    assert len(history.last(BridgeTo).endpoints) == 100
    assert history.last(Noticed).twilio_code == 13250
