"""Connect: the caller talks with a gateway until somebody ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.codes import Code
from pivot.model.commands import BindCall, Fetch, StartTimer
from pivot.model.dialling import BridgeTo, CallerId, EndpointKind, LegsBridged
from pivot.model.events import ChannelDestroyed, CommandFailed, Event, Executed, TimerFired
from pivot.model.notes import Noticed, Unsupported
from pivot.model.switch import AnswerCall, SpeakText, StopMedia
from tests.calls import CALL_ID
from tests.execute.histories import History, notices
from tests.rules import RULES

WITH_GATEWAY = replace(RULES, stream_gateway="sip:streams@gateway.test", profile="twilio")
STREAM = "<Stream url='wss://ai.test/s' statusCallback='/st'><Parameter name='k' value='v'/></Stream>"
CONNECT = f"<Connect>{STREAM}</Connect><Say>bye</Say>"
WITH_ACTION = f"<Connect action='/c'>{STREAM}</Connect>"
RELAY = (
    "<Connect action='/c'><ConversationRelay url='wss://ai.test/r' welcomeGreeting='Hi, {you}!'>"
    "<Parameter name='k' value='v'/></ConversationRelay></Connect>"
)


def connected(document: str) -> History:
    """A caller who hears the gateway."""
    history = History(document, WITH_GATEWAY)
    history.happens(LegsBridged(CALL_ID, history.last(BridgeTo).endpoints[0].call_id), after_s=0.5)
    return history


def streams(history: History) -> list[str]:
    return [dict(item.request.parameters)["StreamEvent"] for item in notices(history)]


def headers(history: History) -> dict[str, str]:
    return {item.name: item.value for item in history.last(BridgeTo).endpoints[0].headers}


def test_the_gateway_is_bridged_and_the_document_waits() -> None:
    """The caller is answered, the gateway is a SIP party whose leg is known before it rings."""
    history = History(CONNECT, WITH_GATEWAY)

    answered, bound, bridge, timer = history.done[-4:]

    assert isinstance(answered, AnswerCall)
    assert isinstance(bridge, BridgeTo)
    (gateway,) = bridge.endpoints
    assert bound == BindCall(gateway.call_id)
    assert (gateway.kind, gateway.address) == (EndpointKind.ROUTE, "sip:streams@gateway.test")
    assert (bridge.timeout_s, bridge.caller_id, bridge.process_media) == (10.0, CallerId("1001", "Bob"), True)
    assert timer == StartTimer(f"dial {bridge.msg_id}", 20.0)
    assert headers(history)["X-Stream-Bidirectional"] == "true"
    assert headers(history)["X-Stream-Parameters"] == "k=v"


def test_when_the_other_side_closes_the_next_verb_runs() -> None:
    """The gateway hangs up, and the caller is still there."""
    history = connected(CONNECT)

    items = history.happens(Executed(CALL_ID, "bridge", "NORMAL_CLEARING"), after_s=5.0)

    assert isinstance(items[-1], SpeakText)
    assert streams(history) == ["stream-started", "stream-stopped"]


def test_when_the_other_side_closes_the_action_is_asked() -> None:
    """A plain stream adds nothing to the standard parameters."""
    history = connected(WITH_ACTION)

    history.happens(Executed(CALL_ID, "bridge", "NORMAL_CLEARING"), after_s=5.0)

    asked = history.last(Fetch).request
    assert asked.url == "http://127.0.0.1:8000/c"
    assert not any(name.startswith(("Session", "Stream")) for name, _ in asked.parameters)


def test_a_caller_who_hangs_up_ends_the_stream() -> None:
    """The gateway's leg hangs on the bridge; the action is told and its answer thrown away."""
    history = connected(WITH_ACTION)

    items = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"), after_s=5.0)

    assert streams(history) == ["stream-started", "stream-stopped"]
    assert isinstance(items[-1], Fetch)
    assert history.sent_to_the_dead() == []


def test_a_relay_tells_its_options_and_its_action_hears_of_the_session() -> None:
    """How it ended, and how long it was."""
    history = connected(RELAY)
    told = headers(history)

    history.happens(Executed(CALL_ID, "bridge", "NORMAL_CLEARING"), after_s=7.5)

    asked = dict(history.last(Fetch).request.parameters)
    assert told["X-Stream-Kind"] == "relay"
    assert told["X-Stream-Options"] == "welcomeGreeting=Hi%2C%20%7Byou%7D%21"
    assert "X-Stream-Track" not in told
    assert asked["SessionId"] == told["X-Stream-Sid"]
    assert (asked["SessionStatus"], asked["SessionDuration"]) == ("ended", "7")
    assert notices(history) == []


def test_a_caller_who_leaves_a_relay_completes_its_session() -> None:
    """Not the application, but the caller ended it."""
    history = connected(RELAY)

    history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"), after_s=3.0)

    asked = dict(history.last(Fetch).request.parameters)
    assert (asked["SessionStatus"], asked["SessionDuration"]) == ("completed", "3")


@pytest.mark.parametrize("way", ["refused", "switch", "silent"])
def test_a_gateway_that_is_not_reached_leads_on(way: str) -> None:
    """Busy, refused by the switch, or silent: an error with its number, and the document goes on."""
    history = History(CONNECT, WITH_GATEWAY)
    bridge = history.last(BridgeTo)
    events: dict[str, Event] = {
        "refused": Executed(CALL_ID, "bridge", "USER_BUSY"),
        "switch": CommandFailed("BridgeTo", Code.CALL_COMMAND, "no", bridge.msg_id),
        "silent": TimerFired(f"dial {bridge.msg_id}"),
    }

    items = history.happens(events[way], after_s=10.0)

    assert streams(history) == ["stream-error"]
    assert [item.twilio_code for item in items if isinstance(item, Noticed)] == [31920]
    assert isinstance(items[-1], SpeakText)
    assert any(isinstance(item, StopMedia) for item in items) is (way == "silent")


@pytest.mark.parametrize("noun", [STREAM, "<ConversationRelay url='wss://ai.test/r'/>"])
def test_without_a_gateway_connect_is_passed_over(noun: str) -> None:
    """The next verb at once, or the action; and whoever looks sees why."""
    off = replace(WITH_GATEWAY, stream_gateway="")

    next_verb = History(f"<Connect>{noun}</Connect><Say>bye</Say>", off)
    action = History(f"<Connect action='/c'>{noun}</Connect>", off)

    for history in (next_verb, action):
        assert history.last(Unsupported).message.endswith("[twiml] stream_gateway")
        assert not any(isinstance(item, BridgeTo) for item in history.done)
    assert isinstance(next_verb.done[-1], SpeakText)
    assert action.last(Fetch).request.url == "http://127.0.0.1:8000/c"


def test_nothing_to_connect_leads_on() -> None:
    """The translator has warned; the action is still asked."""
    history = History("<Connect action='/c'><Room>r</Room></Connect>", WITH_GATEWAY)

    assert history.last(Fetch).request.url == "http://127.0.0.1:8000/c"
