"""Events of calls."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.errors import WireError
from pivot.model.codes import Code
from pivot.model.dialling import LegsBridged, LegsParted
from pivot.model.events import (
    ChannelAnswered,
    ChannelDestroyed,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    RecordingStarted,
    RecordingStopped,
    Usurped,
)
from pivot.model.json import Json
from pivot.wire.events import decode_event, encode_channel_event, encode_command_error, encode_usurp
from pivot.wire.names import Exchange

CALL_ID = "4fd2-11aa@10.20.0.7"
KEY = "4fd2-11aa%4010%2E20%2E0%2E7"


def event(name: str, **members: Json) -> Event | None:
    """What an event of this name, published by a switch, is to us."""
    fields = {key.replace("_", "-"): value for key, value in members.items()}
    message = encode_channel_event(name, CALL_ID, fields, node="fs@m1", msg_id="1795")
    assert (message.exchange, message.routing_key) == (Exchange.CALLEVT, f"call.{name}.{KEY}")
    assert message.headers == {"call-id": CALL_ID.encode()}
    return decode_event(message.routing_key, message.payload)


def test_what_a_switch_reports_is_understood() -> None:
    """The events that calls live by."""
    assert event("CHANNEL_EXECUTE_COMPLETE", Application_Name="noop", Application_Response="n1") == Executed(
        CALL_ID, "noop", "n1", hung_up=None
    )
    assert event("DTMF", DTMF_Digit="5", DTMF_Duration=2000) == DigitPressed(CALL_ID, "5")
    assert event("CHANNEL_HOLD") is None
    assert event("CHANNEL_ANSWER") == ChannelAnswered(CALL_ID)
    assert event("RECORD_START", Recording={"File-Path": "/tmp/r.mp3"}) == RecordingStarted(
        CALL_ID, "/tmp/r.mp3"
    )


@pytest.mark.parametrize(("state", "hung_up"), [("hangup", True), ("answered", False), ("early", False)])
def test_the_end_of_an_application_says_whether_the_caller_hung_up(state: str, hung_up: bool) -> None:
    """As the switch says it in each of its events."""
    assert event(
        "CHANNEL_EXECUTE_COMPLETE", Application_Name="conference", Channel_Answer_State=state
    ) == Executed(CALL_ID, "conference", None, hung_up)
    assert event("CHANNEL_UNBRIDGE", Channel_Answer_State=state) == LegsParted(CALL_ID, hung_up)


@pytest.mark.parametrize(("length", "seconds"), [("8123", 8.123), (8123, 8.123), ("soon", 0.0)])
def test_a_recording_that_ended_says_how(length: Json, seconds: float) -> None:
    """`Length` is text in new switches and a number in old ones."""
    ended = event(
        "RECORD_STOP",
        Length=length,
        Terminator="#",
        Silence_Terminated=True,
        Recording={"File-Path": "/tmp/r.mp3", "File-Size": 9},
    )

    assert ended == RecordingStopped(CALL_ID, "/tmp/r.mp3", seconds, "#", True, node="fs@m1")


@pytest.mark.parametrize("name", ["CHANNEL_DESTROY", "CHANNEL_DISCONNECTED"])
def test_a_channel_that_is_gone_comes_with_its_whole_record(name: str) -> None:
    """callflow takes a lost media server for a hang-up too; `cdr_url` gets everything."""
    found = event(name, Hangup_Cause="USER_BUSY", Hangup_Code="sip:486", Billing_Seconds=3, Other="")

    assert found == ChannelDestroyed(
        CALL_ID,
        "USER_BUSY",
        "sip:486",
        cdr={
            "Hangup-Cause": "USER_BUSY",
            "Hangup-Code": "sip:486",
            "Billing-Seconds": 3,
            "Call-ID": CALL_ID,
            "Node": "fs@m1",
            "Msg-ID": "1795",
            "Event-Name": name,
            "Event-Category": "call_event",
            "App-Version": "1.0",
            "App-Name": "freeswitch",
        },
    )


def test_the_leg_is_the_one_in_the_routing_key() -> None:
    """An originated channel's events are routed by the id it was originated with."""
    body = orjson.dumps({"Event-Name": "CHANNEL_DESTROY", "Call-ID": "another"})

    found = decode_event(f"call.CHANNEL_DESTROY.{KEY}", body)

    assert isinstance(found, ChannelDestroyed)
    assert found.call_id == CALL_ID


def test_taking_control_of_a_call_is_reported_with_its_fetch_id() -> None:
    """The session compares: with the call's own Fetch-ID it is no usurpation."""
    message = encode_usurp(CALL_ID, "f1", node="n@h", msg_id="m1")

    assert (message.routing_key, message.headers) == (f"call.usurp_control.{KEY}", {})
    assert decode_event(message.routing_key, message.payload) == Usurped("f1", CALL_ID)


def test_a_refused_command_is_named_by_the_outer_msg_id() -> None:
    """The copy of the command inside has lost its ids."""
    error = CommandFailed("store", Code.CALL_COMMAND, "application unknown", "m7")
    message = encode_command_error(CALL_ID, error, node="ecallmgr@h")

    assert "Msg-ID" not in orjson.loads(message.payload)["Request"]
    assert decode_event(message.routing_key, message.payload) == error


@pytest.mark.parametrize("key", ["call.CHANNEL_HOLD.x", "call.DTMF", "amq.gen-1", "conference.event.a.b.c.d"])
def test_what_we_do_not_act_on_is_not_even_read(key: str) -> None:
    """A call emits dozens of events; decoding them all would cost more than the call."""
    assert decode_event(key, b"\xff") is None


def test_an_unreadable_hang_up_is_an_error() -> None:
    """It must be seen, not skipped."""
    with pytest.raises(WireError, match="payload is no JSON"):
        decode_event("call.CHANNEL_DESTROY.x", b"{")


FIELDS = st.sampled_from(
    ["Event-Category", "Application-Name", "DTMF-Digit", "Fetch-ID", "Request", "Length", "Recording"]
)
VALUES = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.sampled_from([{}, [1], "error"])
)


@given(st.dictionaries(FIELDS, VALUES))
def test_values_of_the_wrong_kind_never_raise(members: dict[str, object]) -> None:
    """Whatever a switch sends, the other calls on the queue go on."""
    for name in (
        "CHANNEL_DESTROY",
        "CHANNEL_EXECUTE_COMPLETE",
        "DTMF",
        "usurp_control",
        "dialplan",
        "RECORD_STOP",
    ):
        decode_event(f"call.{name}.x", orjson.dumps(members))


@pytest.mark.parametrize(
    ("members", "bridged", "code"),
    [
        ({"Application-Response": "USER_BUSY", "Hangup-Cause": "USER_BUSY"}, False, "sip:486"),
        ({"Application-Response": "NORMAL_CLEARING", "Disposition": "SUCCESS"}, True, None),
        ({"Application-Response": "NO_ANSWER", "Hangup-Cause": "USER_BUSY"}, False, None),
        ({"Application-Name": "answer", "Hangup-Cause": "USER_BUSY"}, None, None),
    ],
    ids=["own", "talked", "of an earlier bridge", "of another application"],
)
def test_what_a_bridge_left_on_the_channel_is_not_told_again(
    members: dict[str, str], bridged: bool | None, code: str | None
) -> None:
    """Every later event has `Hangup-Cause` and `Hangup-Code` of it, also those of a living channel."""
    told: dict[str, Json] = {
        "Application-Name": "bridge",
        "Hangup-Code": "sip:486",
        "Disposition": "USER_BUSY",
        **members,
    }
    ended = event("CHANNEL_EXECUTE_COMPLETE", **told)

    assert isinstance(ended, Executed)
    assert (ended.bridged, ended.hangup_code) == (bridged, code)


@pytest.mark.parametrize(("state", "answered"), [("early", False), ("answered", True), (None, None)])
def test_a_bridge_tells_whether_its_leg_is_answered(state: str | None, answered: bool | None) -> None:
    """The switch joins both at the first sound, too."""
    more: dict[str, Json] = {} if state is None else {"Channel-Answer-State": state}

    assert event("CHANNEL_BRIDGE", **{"Other-Leg-Call-ID": "b", **more}) == LegsBridged(
        CALL_ID, "b", answered
    )
