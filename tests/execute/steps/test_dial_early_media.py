"""Who has answered a Dial: not everybody whom the caller hears.

A caller who is not answered hears what the network plays, and the switch tells a bridge then. Measured
on FreeSWITCH 1.10.11 behind Kazoo 4.3: calls `number-callbacks-1`, `-11` and `-41`, `dial-two-one-busy-1`,
`dial-answeronbridge-busy-1` and `dialnum-2` of the recorded ones.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from pivot.model.commands import Fetch, Notify, StartTimer
from pivot.model.dialling import (
    BridgeTo,
    CarrierDone,
    DialCarrier,
    LegRinging,
    LegsBridged,
    LegsParted,
)
from pivot.model.events import ChannelAnswered, ChannelDestroyed, Event, Executed, TimerFired
from pivot.model.switch import AnswerCall, Hangup
from tests.calls import CALL_ID
from tests.execute.histories import History

WORDS = "statusCallback='/s' statusCallbackEvent='initiated ringing answered completed'"
TOLD_OF = f"<Dial action='/d' timeout='10'><Number {WORDS}>+15550009999</Number></Dial>"
TO_SIP = f"<Dial action='/d' timeout='10'><Sip {WORDS}>sip:kate@example.com</Sip></Dial>"
TWO = (
    f"<Dial action='/d'><Sip {WORDS}>sip:kate@example.com</Sip><Sip {WORDS}>sip:joe@example.com</Sip></Dial>"
)
CARRIER = "<Dial action='/d' timeout='10'><Number>+15550009999</Number></Dial>"


def legs(history: History) -> list[str]:
    return [each.call_id for each in history.last(BridgeTo).endpoints]


def told(history: History) -> dict[str, str]:
    """What the action is told of the Dial."""
    parameters = history.last(Fetch).request.parameters
    return {name: value for name, value in parameters if name.startswith("Dial")}


def statuses(history: History, leg: str) -> list[str]:
    """What was told of a leg by callbacks, in order."""
    about = [dict(item.request.parameters) for item in history.done if isinstance(item, Notify)]
    return [each["CallStatus"] for each in about if each["Call-ID"] == leg]


def early(document: str) -> tuple[History, str]:
    """The caller hears a party who has not answered."""
    history = History(document)
    (leg,) = legs(history)
    history.happens(LegRinging(leg))
    history.happens(LegsBridged(CALL_ID, leg, answered=False), after_s=0.008)
    return history, leg


def ends(leg: str, cause: str, code: str | None = None) -> tuple[Event, ...]:
    """What is told of the end of a party who was heard and did not answer, in some order."""
    return (
        LegsParted(CALL_ID),
        Executed(CALL_ID, "bridge", cause, bridged=True, hangup_code=code),
        ChannelDestroyed(leg, cause, code, cdr={"Disposition": "EARLY MEDIA"}),
    )


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_an_announcement_is_no_answer(order: tuple[int, ...]) -> None:
    """No carrier takes the number: `in-progress` and `completed` were told of a party who never was."""
    history, leg = early(TOLD_OF)

    told_of = ends(leg, "ORIGINATOR_CANCEL")
    for index in order:
        history.happens(told_of[index], after_s=0.001)

    assert told(history) == {
        "DialCallStatus": "failed",
        "DialCallSid": leg,
        "DialBridged": "false",
    }
    assert statuses(history, leg) == ["initiated", "ringing", "failed"]
    assert dict(history.last(Fetch).request.parameters)["CallStatus"] == "failed"


def test_after_an_announcement_the_caller_is_answered_for_what_follows() -> None:
    """The bridge was taken for the answer; the action's Say was early media, and the caller got 480."""
    history, leg = early(TOLD_OF.replace(" action='/d'", "") + "<Say>back again</Say>")

    items = [item for event in ends(leg, "ORIGINATOR_CANCEL") for item in history.happens(event)]

    assert any(isinstance(item, AnswerCall) for item in items)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_a_phone_that_plays_something_and_is_busy_is_busy(order: tuple[int, ...]) -> None:
    """183 with media, then 486."""
    history, leg = early(TO_SIP)

    for index in order:
        history.happens(ends(leg, "USER_BUSY", "sip:486")[index], after_s=0.001)

    assert told(history)["DialCallStatus"] == "busy"
    assert told(history)["DialSipResponseCode"] == "486"
    assert statuses(history, leg) == ["initiated", "ringing", "busy"]


@pytest.mark.parametrize("first", ["answer", "bridge"])
def test_the_legs_own_word_is_the_answer_before_or_after_the_bridge(first: str) -> None:
    """Each leg's events are published by a process of its own: CHANNEL_BRIDGE came first in one of two."""
    history = History(TOLD_OF)
    (leg,) = legs(history)
    events: list[Event] = [ChannelAnswered(leg), LegsBridged(CALL_ID, leg, answered=True)]
    for event in events if first == "answer" else reversed(events):
        history.happens(event, after_s=0.01)

    history.happens(ChannelDestroyed(leg, "NORMAL_CLEARING"), after_s=4.0)
    history.happens(Executed(CALL_ID, "bridge", "NORMAL_CLEARING", bridged=True), after_s=0.001)

    assert told(history)["DialBridged"] == "true"
    assert told(history)["DialCallDuration"] == "4"
    assert statuses(history, leg) == ["initiated", "in-progress", "completed"]


def test_who_is_heard_first_and_answers_later_has_answered_then() -> None:
    """The talk begins at the answer, and so does its recording and its limit."""
    history, leg = early(TOLD_OF.replace("<Dial", "<Dial timeLimit='60'"))

    items = history.happens(ChannelAnswered(leg), after_s=3.0)

    assert any(isinstance(item, StartTimer) and item.delay_s == 60.0 for item in items)
    assert statuses(history, leg)[-1] == "in-progress"


@pytest.mark.parametrize(
    "word",
    [
        ChannelAnswered(CALL_ID),
        ChannelDestroyed("leg", "NORMAL_CLEARING", cdr={"Disposition": "ANSWER"}),
        Executed(CALL_ID, "bridge", "NORMAL_CLEARING", bridged=True),
    ],
    ids=["the caller's answer", "its end", "the bridge's end"],
)
def test_an_answer_that_was_lost_is_known_from_what_it_led_to(word: Event) -> None:
    """A slow binding loses the first events of a leg; a talk that was is never told as none."""
    history = History(TOLD_OF)
    (leg,) = legs(history)
    history.happens(LegsBridged(CALL_ID, leg, answered=True))

    history.happens(replace(word, call_id=leg) if isinstance(word, ChannelDestroyed) else word, after_s=5.0)
    history.happens(Executed(CALL_ID, "bridge", "NORMAL_CLEARING", bridged=True), after_s=0.01)

    assert told(history)["DialCallStatus"] == "completed"
    assert statuses(history, leg) == ["initiated", "in-progress", "completed"]


def test_who_only_plays_something_is_given_the_dials_time() -> None:
    """Once the switch has joined both it counts no time of its own."""
    history, leg = early(TOLD_OF)
    timer = history.last(StartTimer)
    assert timer.delay_s == pytest.approx(9.9, abs=0.1)

    items = history.happens(TimerFired(timer.name), after_s=timer.delay_s)
    for event in ends(leg, "NORMAL_CLEARING"):
        history.happens(event)

    assert [item.leg for item in items if isinstance(item, Hangup)] == [leg]
    assert told(history)["DialCallStatus"] == "no-answer"


def test_a_bridge_that_ends_normally_and_joined_nobody_has_failed() -> None:
    """The account has no callflow for outside numbers; `no-answer` was told."""
    history = History(TOLD_OF)

    history.happens(Executed(CALL_ID, "bridge", "NORMAL_CLEARING", bridged=False), after_s=2.8)

    assert told(history)["DialCallStatus"] == "failed"


@pytest.mark.parametrize("bridge_first", [True, False])
def test_of_several_each_has_its_own_end(bridge_first: bool) -> None:
    """The bridge's end may be told before theirs: one is busy and one does not answer."""
    history = History(TWO)
    busy, silent = legs(history)
    bridge = Executed(CALL_ID, "bridge", "NO_ANSWER", bridged=False)
    gone: list[Event] = [
        ChannelDestroyed(busy, "USER_BUSY", "sip:486"),
        ChannelDestroyed(silent, "NO_ANSWER"),
    ]

    for event in (bridge, *gone) if bridge_first else (*gone, bridge):
        history.happens(event, after_s=0.002)

    assert statuses(history, busy)[-1] == "busy"
    assert statuses(history, silent)[-1] == "no-answer"
    assert told(history)["DialSipResponseCode"] == "486"


def test_the_code_of_a_refusal_is_told_whichever_report_comes_first() -> None:
    """`DialSipResponseCode` was missing when the bridge's end came before the leg's."""
    history = History(TO_SIP)

    history.happens(Executed(CALL_ID, "bridge", "USER_BUSY", bridged=False, hangup_code="sip:486"))

    assert told(history)["DialSipResponseCode"] == "486"


@pytest.mark.parametrize("early", [True, False])
def test_a_carriers_announcement_is_no_answer(early: bool) -> None:
    """Of a leg that the carriers' service chose nothing is heard but by the caller's own."""
    history = History(CARRIER)
    dial = history.last(DialCarrier)
    history.happens(LegsBridged(CALL_ID, "b-leg", answered=not early))
    response = "NORMAL_TEMPORARY_FAILURE" if early else "SUCCESS"

    history.happens(CarrierDone(dial.msg_id, response, None), after_s=3.0)
    history.happens(Executed(CALL_ID, "bridge", response, bridged=True), after_s=0.002)

    assert told(history)["DialBridged"] == str(not early).lower()
    assert told(history)["DialCallStatus"] == ("failed" if early else "completed")


@pytest.mark.parametrize("first", ["answer", "bridge"])
def test_a_carriers_leg_has_answered_when_the_caller_is_answered(first: str) -> None:
    """In either order."""
    history = History(CARRIER)
    events: list[Event] = [ChannelAnswered(CALL_ID), LegsBridged(CALL_ID, "b-leg", answered=False)]
    for event in events if first == "answer" else reversed(events):
        history.happens(event, after_s=0.01)

    history.happens(Executed(CALL_ID, "bridge", "SUCCESS", bridged=True), after_s=3.0)

    assert told(history)["DialCallDuration"] == "3"
