"""Dial: who is rung how, and what the caller's document is told."""

from __future__ import annotations

from pivot.model.commands import BindCall, CancelTimer, Fetch, Notify, StartTimer, UnbindCall
from pivot.model.dialling import (
    BridgeTo,
    CallApart,
    CallerId,
    CarrierDone,
    DialCarrier,
    JoinLeg,
    LegControlled,
    LegReady,
    LegsBridged,
    RingBack,
)
from pivot.model.events import ChannelDestroyed, Executed, Fetched, TimerFired
from pivot.model.switch import AnswerCall, Hangup, StopMedia
from tests.calls import CALL_ID, twiml
from tests.execute.histories import History

NUMBER = "<Dial action='/d' timeout='20'>+15550009999</Dial>"
WHISPER = "<Dial action='/d'><Number url='/w'>+15550009999</Number></Dial>"


def kinds(items: list[object]) -> list[type]:
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

    answered, dial, timer = history.done[-3:]

    assert isinstance(answered, AnswerCall)
    assert isinstance(dial, DialCarrier)
    assert dial == DialCarrier(dial.msg_id, "+15550009999", 20.0, CallerId("1001", "Bob"))
    assert timer == StartTimer(f"dial {dial.msg_id}", 30.0)


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


def test_legs_are_unbound_when_nobody_rings_any_more() -> None:
    """Else every Dial would leave bindings at the broker."""
    history = History("<Dial><Number>2005</Number><Sip>sip:kate@example.com</Sip></Dial>")
    legs = [each.call_id for each in history.last(BridgeTo).endpoints]

    items = history.happens(Executed(CALL_ID, "bridge", "NO_ANSWER"))

    assert [item for item in items if isinstance(item, UnbindCall)] == [UnbindCall(leg) for leg in legs]


def test_a_party_that_hears_a_document_is_joined_after_it() -> None:
    """The caller hears ringing until then."""
    history = History(WHISPER)
    apart = history.last(CallApart)
    leg = apart.endpoint.call_id
    assert history.last(RingBack).answered

    history.happens(LegControlled(apart.msg_id, leg, "b-queue"))
    asked = history.happens(LegReady(apart.msg_id, leg))
    joined = history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml("")))

    assert kinds([*asked]) == [CancelTimer, Fetch]
    assert kinds([item for item in joined if not isinstance(item, StartTimer)])[1:] == [StopMedia, JoinLeg]
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


def test_each_state_of_a_leg_is_told_in_order() -> None:
    """Callbacks may overtake each other on the way; the number tells."""
    history = History(
        "<Dial><Number statusCallback='/s' statusCallbackEvent='initiated answered completed'>2005</Number>"
        "</Dial>"
    )
    leg = history.last(BridgeTo).endpoints[0].call_id

    history.happens(LegsBridged(CALL_ID, leg), after_s=3.0)
    history.happens(ChannelDestroyed(leg, "NORMAL_CLEARING"), after_s=7.0)

    about = [dict(item.request.parameters) for item in history.done if isinstance(item, Notify)]
    assert [(each["CallStatus"], each["SequenceNumber"]) for each in about] == [
        ("initiated", "0"),
        ("in-progress", "1"),
        ("completed", "2"),
    ]
    assert about[-1]["CallDuration"] == "7"
