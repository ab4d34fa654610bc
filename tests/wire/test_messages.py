"""Commands on the wire, against what Kazoo's own worker published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from pivot.errors import WireError
from pivot.model.call import Call, Party
from pivot.model.commands import BusCommand, HandOverFlow, SayFailed, SayProcessing
from pivot.model.switch import (
    AnswerCall,
    AskIdle,
    Beep,
    EchoLeg,
    Hangup,
    PlayMedia,
    RecordLeg,
    Respond,
    SendDigits,
    SetNumber,
    SpeakText,
    StopMedia,
)
from pivot.wire.envelope import Message, Sender
from pivot.wire.messages import Sent, decode_command, encode_command
from pivot.wire.names import Exchange
from tests.vectors import vectors

RECORDED = {case["case"]: case["messages"] for case in vectors("kazoo/amqp_publish.json")["publishes"]}
SENDER = Sender(node="<NODE>", server_id="<WORKER-QUEUE>")
NOBODY = Party("nouser", "norealm")
EVERY_KEY = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")


def call(
    call_id: str, controller: str | None = "requester-queue", control: str | None = "control-queue"
) -> Call:
    return Call(
        call_id=call_id,
        account_id=None,
        control_queue=control,
        controller_queue=controller,
        from_=NOBODY,
        to=NOBODY,
        request=NOBODY,
    )


def recorded(case: str, event: str, application: str | None = None) -> dict[str, Any]:
    """The recorded message of this kind."""
    message: dict[str, Any] = next(
        each
        for each in RECORDED[case]
        if each["payload"]["Event-Name"] == event and each["payload"].get("Application-Name") == application
    )
    return message


KAZOO_JSON = "pivot_processing + CHANNEL_PIVOT (kazoo JSON)"
HANGUP = "TwiML Hangup: dialplan commands"
SAY = "TwiML Say whose noop never completes: channel status request after 10 s"
FLOW = recorded(KAZOO_JSON, "CHANNEL_PIVOT")["payload"]["Application-Data"]
LIKE_KAZOO: list[tuple[BusCommand, dict[str, Any]]] = [
    (SayProcessing(), recorded(KAZOO_JSON, "processing")),
    (HandOverFlow(FLOW), recorded(KAZOO_JSON, "CHANNEL_PIVOT")),
    (SayFailed(), recorded("pivot_failed (HTTP 404)", "failed")),
    (AnswerCall("<ID-2>"), recorded(HANGUP, "command", "answer")),
    (Hangup("<ID-3>"), recorded(HANGUP, "command", "hangup")),
    (SpeakText("<ID-4>", "<ID-3>", "x", terminators=EVERY_KEY), recorded(SAY, "command", "queue")),
]


@pytest.mark.parametrize(("command", "wanted"), LIKE_KAZOO)
def test_a_command_is_published_like_kazoos(command: BusCommand, wanted: dict[str, Any]) -> None:
    """Exchange, key, AMQP headers and the payload's bytes; ids are the recording's."""
    payload = wanted["payload"]

    message = encode_command(call(payload["Call-ID"]), command, SENDER, payload["Msg-ID"])

    headers = wanted["properties"].get("headers", {})
    assert message == Message(
        exchange=Exchange(wanted["exchange"]),
        routing_key=wanted["routing_key"],
        payload=orjson.dumps(payload),
        msg_id=payload["Msg-ID"],
        headers={name: value["amqp_binary"].encode() for name, value in headers.items()},
        mandatory=True,
    )


def test_a_process_behind_a_shared_queue_is_named_in_a_header() -> None:
    """callflow and ecallmgr serve many calls on one queue."""
    shared = call("c1", controller="pid://<0.2211.0>/callflow_route_1", control="pid://<0.5.0>/ecallmgr@m-1")

    answer = encode_command(shared, SayFailed(), SENDER, "m1")
    hangup = encode_command(shared, Hangup("m2"), SENDER, "unused")

    assert (answer.exchange, answer.routing_key, answer.headers) == (
        Exchange.TARGETED,
        "callflow_route_1",
        {"Deliver-To-PID": b"<0.2211.0>"},
    )
    assert (hangup.exchange, hangup.routing_key, hangup.headers, hangup.msg_id) == (
        Exchange.CALLCTL,
        "ecallmgr@m-1",
        {"Deliver-To-PID": b"<0.5.0>"},
        "m2",
    )


def members(command: BusCommand) -> dict[str, Any]:
    """A command's payload without the shared members."""
    payload = orjson.loads(encode_command(call("c1"), command, SENDER, "m1").payload)
    shared = ("Node", "Msg-ID", "Event-Name", "Event-Category", "App-Version")
    return {name: value for name, value in payload.items() if name not in shared}


def test_switch_commands_have_the_members_of_kazoos_definitions() -> None:
    """Media stand behind their noop, because a queue runs its last command first.

    On a leg that we dialled they take the place of what waits there: the switch may complete nothing of it.
    """
    queued = {"App-Name": "kapps_call", "Server-ID": "<WORKER-QUEUE>", "Application-Name": "queue"}
    noop = {"Application-Name": "noop", "Call-ID": "c1", "Msg-ID": "n1"}

    assert members(PlayMedia("m1", "n1", "http://m/hi.mp3", ("#",))) == queued | {
        "Call-ID": "c1",
        "Commands": [
            noop,
            {
                "Application-Name": "play",
                "Media-Name": "http://m/hi.mp3",
                "Terminators": ["#"],
                "Call-ID": "c1",
                "Endless-Playback": False,
            },
        ],
    }
    assert members(SendDigits("m1", "n1", "12w3", 0.25, leg="b1")) == queued | {
        "Call-ID": "b1",
        "Insert-At": "flush",
        "Commands": [
            noop | {"Call-ID": "b1"},
            {"Application-Name": "send_dtmf", "DTMFs": "12w3", "Duration": "250", "Call-ID": "b1"},
        ],
    }
    assert members(StopMedia("m1")) == {
        "App-Name": "kapps_call",
        "Server-ID": "<WORKER-QUEUE>",
        "Application-Name": "noop",
        "Call-ID": "c1",
        "Insert-At": "flush",
    }
    assert members(AskIdle("m1")) == {
        "App-Name": "kapps_call",
        "Server-ID": "<WORKER-QUEUE>",
        "Application-Name": "noop",
        "Call-ID": "c1",
    }
    assert members(Hangup("m1", "USER_BUSY", leg="b1")) == {
        "App-Name": "kapps_call",
        "Server-ID": "<WORKER-QUEUE>",
        "Application-Name": "hangup",
        "Call-ID": "b1",
        "Hangup-Cause": "USER_BUSY",
        "Insert-At": "now",
    }


def test_declining_a_call_is_one_queue_without_a_reply_address() -> None:
    """Recorded from kz_call_response: progress, media, response and noop, all with the noop's id."""
    own = {"Msg-ID": "n1", "Call-ID": "c1"}

    assert members(Respond("m1", "n1", 486, "busy", "http://m/busy.mp3")) == {
        "App-Name": "call_response",
        "Application-Name": "queue",
        "Call-ID": "c1",
        "Commands": [
            {"Application-Name": "noop", **own},
            {"Application-Name": "respond", "Response-Code": "486", "Response-Message": "busy", **own},
            {"Application-Name": "play", "Media-Name": "http://m/busy.mp3", **own},
            {"Application-Name": "progress", **own},
        ],
    }
    assert [each["Application-Name"] for each in members(Respond("m1", "n1", 503, "no"))["Commands"]] == [
        "noop",
        "respond",
    ]


def test_recording_a_caller_sets_every_limit() -> None:
    """The switch's own defaults would end it after 20 s; silence that does not end it is told by zero."""
    ours = {"App-Name": "kapps_call", "Server-ID": "<WORKER-QUEUE>", "Call-ID": "c1"}

    assert members(RecordLeg("m1", "r1.mp3", ("#",), 3600.0, 5.0)) == ours | {
        "Application-Name": "record",
        "Media-Name": "r1.mp3",
        "Time-Limit": 3600,
        "Terminators": ["#"],
        "Silence-Threshold": 200,
        "Silence-Hits": 5,
    }
    assert members(RecordLeg("m1", "r1.mp3", (), 20.0, 0.0)) == ours | {
        "Application-Name": "record",
        "Media-Name": "r1.mp3",
        "Time-Limit": 20,
        "Terminators": [],
        "Silence-Threshold": 0,
        "Silence-Hits": 14400,
    }
    assert members(Beep("m1")) == ours | {
        "Application-Name": "tones",
        "Tones": [{"Frequencies": ["440"], "Duration-ON": "500", "Duration-OFF": "100"}],
    }
    assert members(EchoLeg("m1")) == ours | {"Application-Name": "echo"}


def test_a_number_is_set_with_the_callers_wish_to_hide_it() -> None:
    """As Kazoo's Dial sets it: at once, and hidden when the call's variables say so."""
    payload = orjson.loads(encode_command(call("c1"), SetNumber("m1", "+1555"), SENDER, "m1").payload)
    hidden = replace(call("c1"), custom_channel_vars={"Privacy-Hide-Number": "true"})
    told = orjson.loads(encode_command(hidden, SetNumber("m1", "+1555"), SENDER, "m1").payload)

    assert payload["Application-Name"] == "set"
    assert payload["Insert-At"] == "now"
    assert payload["Custom-Channel-Vars"] == {"Caller-ID-Number": "+1555", "Privacy-Hide-Number": False}
    assert (payload["Export-All"], payload["Custom-Call-Vars"]) == (False, {})
    assert told["Custom-Channel-Vars"]["Privacy-Hide-Number"] is True


ALL_COMMANDS: list[BusCommand] = [
    SayProcessing(),
    SayFailed(),
    HandOverFlow('{"module":"tts","data":{}}'),
    AnswerCall("m1"),
    PlayMedia("m1", "n1", "http://m/hi.mp3", ("#", "1"), leg="b1"),
    SpeakText("m1", "n1", "hello", "female", "de-DE", "flite", ("*",), leg="b1"),
    SpeakText("m1", "n1", "hello", leg="c1"),
    StopMedia("m1", leg="b1"),
    AskIdle("m1", leg="b1"),
    SendDigits("m1", "n1", "12", 0.3, leg="b1"),
    Respond("m1", "n1", 486, "busy", "http://m/busy.mp3"),
    Respond("m1", "n1", 503, "rejected"),
    Hangup("m1", "USER_BUSY", leg="b1"),
    Beep("m1", 440, 0.5, 0.1, leg="c1"),
    RecordLeg("m1", "r1.mp3", ("1", "#"), 3600.0, 5.0, leg="c1"),
    RecordLeg("m1", "r1.mp3", (), 20.0, 0.0, leg="b1"),
    EchoLeg("m1"),
    SetNumber("m1", "+15550001111"),
]


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=repr)
def test_a_simulated_switch_reads_every_command_back(command: BusCommand) -> None:
    """The simulator hears exactly what the engine said."""
    message = encode_command(call("c1"), command, SENDER, "m1")

    sent = decode_command(message.payload)

    without_server_id = isinstance(command, SayProcessing | SayFailed | HandOverFlow | Respond)
    assert sent == Sent(
        getattr(command, "leg", None) or "c1", command, "m1", None if without_server_id else "<WORKER-QUEUE>"
    )


def test_an_invalid_command_in_a_queue_is_noticed() -> None:
    """ecallmgr drops such a queue without any event: simulated calls must not hide that."""
    message = encode_command(call("c1"), SpeakText("m1", "n1", "hello", voice="man"), SENDER, "m1")

    with pytest.raises(WireError, match="tts: Voice is 'man'"):
        decode_command(message.payload)


@pytest.mark.parametrize(
    "body", [b'{"Event-Category":"call","Event-Name":"command","Application-Name":"fly"}', b"{}"]
)
def test_a_message_of_somebody_else_is_nothing(body: bytes) -> None:
    """The exchanges carry a lot that is not pivot's."""
    assert decode_command(body) is None


@pytest.mark.parametrize(
    ("command", "missing"), [(SayProcessing(), "Controller-Queue"), (Hangup("m1"), "Control-Queue")]
)
def test_a_call_without_an_address_cannot_be_told_anything(command: BusCommand, missing: str) -> None:
    """Better an error than a message that nobody gets."""
    with pytest.raises(WireError, match=missing):
        encode_command(call("c1", controller=None, control=None), command, SENDER, "m1")
