"""Requests past a call's control process, and their answers."""

from __future__ import annotations

import orjson
import pytest

from pivot.errors import WireError
from pivot.model.call import Call, Party
from pivot.model.events import ChannelFound, FileSent
from pivot.model.switch import AskChannel, SendFile
from pivot.wire.envelope import Message, Sender
from pivot.wire.media_server import decode_reply, decode_request, encode_reply
from pivot.wire.messages import Sent, decode_command, encode_command
from pivot.wire.names import Exchange

SENDER = Sender(node="pivot@h", server_id="our-queue")
NOBODY = Party("nouser", "norealm")
CALL = Call("c1@host", None, "control", "controller", NOBODY, NOBODY, NOBODY)


def test_a_channel_is_asked_for_like_kazoo_but_for_the_silence_of_those_without_it() -> None:
    """Without Active-Only every node that does not know the channel would call it terminated."""
    asked = encode_command(CALL, AskChannel("m1"), SENDER, "unused")

    assert (asked.exchange, asked.routing_key) == (Exchange.CALLEVT, "call.status_req.c1%40host")
    assert orjson.loads(asked.payload) == {
        "Active-Only": True,
        "Call-ID": "c1@host",
        "Server-ID": "our-queue",
        "Node": "pivot@h",
        "Msg-ID": "m1",
        "Event-Name": "channel_status_req",
        "Event-Category": "call_event",
        "App-Version": "4.0.0",
        "App-Name": "kapps_call_command",
    }
    assert decode_request(orjson.loads(asked.payload)) == (AskChannel("m1", "c1@host"), "our-queue")


def test_a_file_is_put_by_the_media_server_that_holds_it() -> None:
    """The command goes to that one server, named in the key and in the payload."""
    command = SendFile("m1", "/tmp/r.mp3", "https://s.test/r.mp3", "freeswitch@m1.example.com")
    message = encode_command(CALL, command, SENDER, "unused")

    assert message == Message(
        Exchange.SWITCH, "switch.command.freeswitch%40m1%2Eexample%2Ecom", message.payload, "m1"
    )
    payload = orjson.loads(message.payload)
    assert (payload["Event-Category"], payload["Event-Name"], payload["Command"]) == (
        "switch_event",
        "command",
        "send_http",
    )
    assert payload["Args"] == {
        "File-Name": "/tmp/r.mp3",
        "Url": "https://s.test/r.mp3",
        "Http-Method": "put",
    }
    assert decode_request(payload) == (command, "our-queue")


def test_a_url_names_no_other_file_of_the_media_server() -> None:
    """Its side writes URL and file as two words: after a blank the customer would name the file."""
    command = SendFile("m1", "/tmp/r.mp3", "https://s.test/ /etc/passwd\n\u2003x", "freeswitch@m1")

    payload = orjson.loads(encode_command(CALL, command, SENDER, "unused").payload)

    assert payload["Args"]["Url"] == "https://s.test/%20/etc/passwd%0A%E2%80%83x"


def test_a_file_that_nobody_knows_the_server_of_cannot_be_sent() -> None:
    """An empty key would reach no media server, or all."""
    with pytest.raises(WireError, match="which media server"):
        encode_command(CALL, SendFile("m1", "/tmp/r.mp3", "https://s.test/r.mp3"), SENDER, "unused")


@pytest.mark.parametrize(
    "event", [ChannelFound("c1@host"), FileSent("m1", True), FileSent("m1", False, "timeout")]
)
def test_an_answer_is_read_as_it_was_meant(event: ChannelFound | FileSent) -> None:
    """The worker's queue receives it, under the Msg-ID of the request."""
    message = encode_reply(event, "our-queue", "m1", node="ecallmgr@h")

    assert (message.exchange, message.routing_key) == (Exchange.TARGETED, "our-queue")
    assert decode_reply(message.payload) == event


def test_a_node_that_knows_no_channel_says_nothing() -> None:
    """Another zone's node may answer first."""
    answer = encode_reply(ChannelFound("c1"), "q", "m1", node="n").payload

    assert decode_reply(answer.replace(b'"active"', b'"terminated"')) is None
    assert decode_reply(b'{"Event-Category":"other"}') is None


@pytest.mark.parametrize(
    ("command", "call_id"),
    [
        (AskChannel("m1", CALL.call_id), CALL.call_id),
        (SendFile("m2", "/tmp/r.mp3", "https://app.example/r.mp3", "fs@media1"), ""),
    ],
)
def test_whoever_plays_the_switch_reads_what_was_asked(command: AskChannel | SendFile, call_id: str) -> None:
    """And where to answer; a file belongs to no call."""
    message = encode_command(CALL, command, SENDER, "unused")

    assert decode_command(message.payload) == Sent(call_id, command, command.msg_id, SENDER.server_id)
