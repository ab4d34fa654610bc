"""Refer: the caller is connected with somebody else, where the operator wants it emulated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.execute.ids import is_sip_caller
from pivot.model.call import Party
from pivot.model.codes import Code
from pivot.model.commands import End, Fetch
from pivot.model.dialling import BridgeTo, LegsBridged
from pivot.model.events import ChannelDestroyed, CommandFailed, Event, Executed, Fetched, TimerFired
from pivot.model.instructions import NameValue
from pivot.model.notes import Emulated, Noticed, Unsupported
from pivot.model.switch import AnswerCall, Hangup, SpeakText
from tests.calls import CALL_ID, call, pivot_request, twiml
from tests.execute.histories import History
from tests.rules import RULES

DIALS = replace(RULES, refer_dials=True, profile="twilio")
TARGET = "<Sip>sip:alice@example.com;transport=tcp?X-A=b</Sip>"
REFER = f"<Refer action='/rf'>{TARGET}</Refer>"
WITHOUT_ACTION = f"<Refer>{TARGET}</Refer><Say>next</Say>"


def told(history: History) -> dict[str, str]:
    """What the newest request tells of the Refer."""
    found = dict(history.last(Fetch).request.parameters)
    return {name: found[name] for name in found if name.startswith(("Refer", "Notify"))}


def rings(document: str = REFER) -> tuple[History, str]:
    """A call whose target is being rung, and the target's leg."""
    history = History(document, DIALS)
    return history, history.last(BridgeTo).endpoints[0].call_id


def test_the_target_is_rung_like_a_party_of_a_dial() -> None:
    """The caller is answered; the report says that this is no REFER."""
    history, _ = rings()

    (target,) = history.last(BridgeTo).endpoints
    assert [type(item) for item in history.done if isinstance(item, AnswerCall | Emulated)] == [
        AnswerCall,
        Emulated,
    ]
    assert (target.address, target.transport) == ("sip:alice@example.com;transport=tcp", "tcp")
    assert target.headers == (NameValue("X-A", "b"),)
    assert history.last(BridgeTo).timeout_s == 30.0


def test_when_the_target_answers_the_action_is_told_and_not_run() -> None:
    """The caller is with the target: a Say would be heard by both, a Hangup would part them."""
    history, leg = rings()

    history.happens(LegsBridged(CALL_ID, leg))
    asked = history.last(Fetch)
    answered = history.happens(Fetched(asked.request.fetch_id, twiml("<Hangup/>")))
    over = history.happens(Executed(CALL_ID, "bridge", "NORMAL_CLEARING"), after_s=60.0)

    assert told(history) == {
        "ReferCallStatus": "in-progress",
        "ReferSipResponseCode": "202",
        "NotifySipResponseCode": "200",
    }
    assert asked.request.url == "http://127.0.0.1:8000/rf"
    assert answered == []
    assert history.last(Fetch) is asked
    assert any(isinstance(item, Hangup) for item in over)


@pytest.mark.parametrize(
    ("cause", "code", "status", "notified"),
    [
        ("USER_BUSY", "sip:486", "busy", "486"),
        ("CALL_REJECTED", "sip:603", "busy", "603"),
        ("NO_ANSWER", None, "no-answer", "408"),
        ("UNALLOCATED_NUMBER", None, "failed", "480"),
    ],
)
def test_a_target_that_does_not_answer_is_told_with_its_code(
    cause: str, code: str | None, status: str, notified: str
) -> None:
    """The switch's own code if it names one, else one that says the same."""
    history, leg = rings()

    history.happens(ChannelDestroyed(leg, cause, code))
    history.happens(Executed(CALL_ID, "bridge", cause))

    assert told(history) == {
        "ReferCallStatus": status,
        "ReferSipResponseCode": "202",
        "NotifySipResponseCode": notified,
    }


def test_without_an_action_success_ends_the_call_and_failure_goes_on() -> None:
    """After a transfer nobody is left who could hear the next verb."""
    answered, leg = rings(WITHOUT_ACTION)
    answered.happens(LegsBridged(CALL_ID, leg))
    ended = answered.happens(Executed(CALL_ID, "bridge", "NORMAL_CLEARING"))
    busy, _ = rings(WITHOUT_ACTION)

    went_on = busy.happens(Executed(CALL_ID, "bridge", "USER_BUSY"))

    assert any(isinstance(item, Hangup) for item in ended)
    assert not any(isinstance(item, SpeakText) for item in answered.done)
    assert isinstance(went_on[-1], SpeakText)


@pytest.mark.parametrize("way", ["refused", "silent"])
def test_a_switch_that_does_not_ring_the_target_is_a_failure(way: str) -> None:
    """Neither may leave the caller in silence."""
    history, _ = rings(WITHOUT_ACTION)
    msg_id = history.last(BridgeTo).msg_id
    events: dict[str, Event] = {
        "refused": CommandFailed("BridgeTo", Code.CALL_COMMAND, "no", msg_id),
        "silent": TimerFired(f"dial {msg_id}"),
    }

    assert isinstance(history.happens(events[way])[-1], SpeakText)


def test_a_caller_who_hangs_up_while_it_rings_cancels() -> None:
    """The action is told, and its answer thrown away."""
    history, _ = rings()

    items = history.happens(ChannelDestroyed(CALL_ID, "ORIGINATOR_CANCEL"))

    assert told(history)["ReferCallStatus"] == "canceled"
    assert isinstance(items[-1], Fetch)


def test_a_caller_who_hangs_up_in_the_talk_is_told_of_no_more() -> None:
    """The action knows already that the transfer succeeded."""
    history, leg = rings()
    history.happens(LegsBridged(CALL_ID, leg))

    items = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert not any(isinstance(item, Fetch) for item in items)
    assert isinstance(items[-1], End)


def test_where_it_is_off_nobody_is_rung() -> None:
    """The default: it fails, and whoever looks sees why."""
    off = replace(DIALS, refer_dials=False)
    history, without = History(REFER, off), History(WITHOUT_ACTION, off)

    assert history.last(Unsupported).verb == "Refer"
    assert told(history) == {"ReferCallStatus": "failed"}
    assert not any(isinstance(item, BridgeTo) for item in history.done)
    assert isinstance(without.done[-1], SpeakText)


def test_an_address_that_is_none_fails_at_once() -> None:
    """The translator has warned of it."""
    history = History("<Refer action='/rf'><Sip>nobody</Sip></Refer>", DIALS)

    assert told(history) == {"ReferCallStatus": "failed"}


def test_a_caller_in_the_telephone_network_cannot_be_referred() -> None:
    """Twilio's number, and the next verb whatever the action is."""
    caller = call(from_=Party("+15550001111", "carrier.test"))
    history = History(WITHOUT_ACTION, DIALS, pivot_request(call=caller))

    assert [item.twilio_code for item in history.done if isinstance(item, Noticed)] == [13801]
    assert isinstance(history.done[-1], SpeakText)


@pytest.mark.parametrize(
    ("members", "is_sip"),
    [
        ({"from_": Party("user_abc", "pbx.test")}, True),
        ({"from_": Party("+15550001111", "pbx.test")}, False),
        ({"from_": Party("+15550001111", "pbx.test"), "authorizing_type": "device"}, True),
        ({"from_": Party("anonymous", "anonymous.invalid"), "inception": "+15552223333@pbx.test"}, False),
    ],
)
def test_a_sip_caller_is_told_from_one_of_the_telephone_network(
    members: dict[str, object], is_sip: bool
) -> None:
    """By what the call says of its beginning, not by the number alone."""
    assert is_sip_caller(call(**members)) is is_sip
