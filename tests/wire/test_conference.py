"""Conferences on the bus: what leaves, what comes back, and by which keys."""

from __future__ import annotations

import orjson
import pytest

from pivot.model.instructions import NameValue
from pivot.model.rooms import (
    BeepConference,
    ConferenceCommand,
    ConferenceJoined,
    JoinConference,
    LeaveConference,
    SilenceBetween,
)
from pivot.wire.conference import decode_conference_event, encode_conference_event
from pivot.wire.envelope import Sender
from pivot.wire.messages import decode_command, encode_command
from pivot.wire.names import Exchange
from pivot.wire.routing import binding_of, split_conference_key
from tests.calls import CALL_ID, call

SENDER = Sender(node="pivot@apps", server_id="own-queue")


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (JoinConference("m1", "room", muted=True), "conference.discovery"),
        (LeaveConference("m2", "room", 4), "conference.command.room"),
        (SilenceBetween("m4", "room", 4, 7), "conference.command.room"),
        (BeepConference("m3", "room"), "conference.command.room"),
    ],
)
def test_commands_reach_the_conference(command: ConferenceCommand, key: str) -> None:
    """Who reads them gets what was meant."""
    message = encode_command(call(), command, SENDER, "unused")

    sent = decode_command(message.payload)

    assert (message.exchange, message.routing_key) == (Exchange.CONFERENCE, key)
    assert sent is not None
    assert (sent.call_id, sent.command) == (CALL_ID, command)


def test_the_conference_application_plays_nothing_and_makes_nobody_wait() -> None:
    """Sounds and waiting are the document's."""
    payload = orjson.loads(encode_command(call(), JoinConference("m1", "room"), SENDER, "x").payload)

    document = payload["Conference-Doc"]
    assert payload["Call"]["Control-Queue"] == "control-queue"
    assert (document["play_entry_tone"], document["wait_for_moderator"]) == (False, False)


def test_what_only_kazoos_documents_ask_for_stands_where_kazoo_puts_it() -> None:
    """Numbers as numbers, else the default; flags with the members, the rest in the profile."""
    written = {"rate": "8000", "interval": "soon", "callerControls": "keys", "deaf": "true", "voice": "male"}
    extras = tuple(NameValue(name, value) for name, value in written.items())
    command = JoinConference("m1", "room", extras=extras)

    document = orjson.loads(encode_command(call(), command, SENDER, "x").payload)["Conference-Doc"]

    assert document["profile"] == {
        "caller-controls": "keys",
        "tts-voice": "male",
        "comfort-noise": 1000,
        "energy-level": 20,
        "interval": 20,
        "rate": 8000,
        "max-members": 250,
    }
    assert document["moderator"]["join_deaf"] is True


def test_a_leg_hears_of_itself_in_conferences() -> None:
    """By its id alone, whatever account and conference the key names."""
    exchange, key = binding_of(f"conference {CALL_ID}")
    body = orjson.dumps({"Event": "add-member", "Conference-ID": "room", "Participant-ID": 4})

    assert (exchange, key) == (Exchange.CONFERENCE, "conference.event.*.*.*.call-1%40host")
    assert split_conference_key("conference.event.add-member.acc.room.call-1%40host") == "call-1%40host"
    assert split_conference_key("call.DTMF.call-1%40host") is None
    assert decode_conference_event(CALL_ID, body) == ConferenceJoined(CALL_ID, 4)


def test_coming_and_going_is_published_like_by_the_switch() -> None:
    """With conference and account in the key as they are, and the leg encoded."""
    came = encode_conference_event(CALL_ID, "acc", "room", 4, node="fs@media1", msg_id="m1")
    went = encode_conference_event(CALL_ID, "acc", "room", 4, left=True, node="fs@media1", msg_id="m2")

    assert (came.exchange, came.routing_key) == (
        Exchange.CONFERENCE,
        "conference.event.add-member.acc.room.call-1%40host",
    )
    assert orjson.loads(came.payload) == {
        "Event-Category": "conference",
        "Event-Name": "event",
        "Event": "add-member",
        "Conference-ID": "room",
        "Instance-ID": "room",
        "Call-ID": CALL_ID,
        "Participant-ID": 4,
        "Account-ID": "acc",
        "Msg-ID": "m1",
        "Node": "fs@media1",
        "App-Name": "ecallmgr",
        "App-Version": "5.0.0",
    }
    assert decode_conference_event(CALL_ID, came.payload) == ConferenceJoined(CALL_ID, 4)
    assert went.routing_key == "conference.event.del-member.acc.room.call-1%40host"
    assert decode_conference_event(CALL_ID, went.payload) is None
