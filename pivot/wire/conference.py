"""Conferences on the bus: the caller is brought in by the conference application, members are told apart.

Source: kapi_conference.erl, conf_discovery_req.erl, ecallmgr_conference_command.erl.
"""

from __future__ import annotations

from collections.abc import Mapping

from pivot.model.call import Call
from pivot.model.json import JsonObject
from pivot.model.rooms import (
    BeepConference,
    ConferenceCommand,
    ConferenceJoined,
    JoinConference,
    LeaveConference,
    SilenceBetween,
)
from pivot.model.switch_text import HEADER
from pivot.wire.envelope import ECALLMGR, TRANSLATOR, Message, Sender, seal
from pivot.wire.message_kinds import CONFERENCE_COMMAND, CONFERENCE_EVENT, DISCOVERY_REQ
from pivot.wire.message_rules import is_integer
from pivot.wire.names import Category, EventName, Exchange, Field
from pivot.wire.payload import Payload, decode
from pivot.wire.routing import CONFERENCE_DISCOVERY, conference_command, conference_event

_BEEP = "tone_stream://%(300,100,440)"
_ADDED = "add-member"
_LEFT = "del-member"
_TEXTS = {
    "callerControls": "caller-controls",
    "callerIdName": "caller-id-name",
    "callerIdNumber": "caller-id-number",
    "moderatorControls": "moderator-controls",
    "engine": "tts-engine",
    "voice": "tts-voice",
}
"""Attributes of Kazoo's documents, and what its profiles call them."""
_NUMBERS: Mapping[str, tuple[str, int | None]] = {
    "announceCount": ("announce-count", None),
    "comfortNoise": ("comfort-noise", 1000),
    "energyLevel": ("energy-level", 20),
    "interval": ("interval", 20),
    "rate": ("rate", 16000),
}
"""The same with their defaults."""


def encode_conference_command(call: Call, command: ConferenceCommand, sender: Sender) -> Message:
    """The message that carries this command.

    Raises:
        WireError: its reader would refuse it.
    """
    match command:
        case JoinConference():
            return _discovery(call, command, sender)
        case SilenceBetween(room=room, participant=participant, other=other):
            told: Payload = {
                Field.APPLICATION_NAME: "relate_participants",
                Field.PARTICIPANT_ID: participant,
                Field.OTHER_PARTICIPANT: other,
                Field.RELATIONSHIP: "mute",
            }
        case LeaveConference(room=room, participant=participant):
            told = {Field.APPLICATION_NAME: "kick", Field.PARTICIPANT_ID: participant}
        case BeepConference(room=room):
            told = {Field.APPLICATION_NAME: "play", Field.MEDIA_NAME: _BEEP}
    payload = seal(
        CONFERENCE_COMMAND,
        {**told, Field.CONFERENCE_ID: room, Field.CALL_ID: call.call_id},
        kind=(Category.CONFERENCE, EventName.COMMAND),
        app=TRANSLATOR,
        node=sender.node,
        msg_id=command.msg_id,
        server_id=sender.server_id,
    )
    return Message(Exchange.CONFERENCE, conference_command(room), payload, command.msg_id)


def _discovery(call: Call, command: JoinConference, sender: Sender) -> Message:
    """No sounds and no rules of the conference application's own: who waits and who starts is ours."""
    payload = seal(
        DISCOVERY_REQ,
        {
            Field.MODERATOR: True,
            Field.CONFERENCE_NAME: command.room,
            Field.CONFERENCE_ID: command.room,
            Field.CONFERENCE_DOC: _document(call, command),
            Field.CALL: {
                **call.as_received,
                Field.CALL_ID: call.call_id,
                Field.CONTROL_QUEUE: call.control_queue,
            },
        },
        kind=(Category.CONFERENCE, EventName.DISCOVERY_REQ),
        app=TRANSLATOR,
        node=sender.node,
        msg_id=command.msg_id,
    )
    return Message(Exchange.CONFERENCE, CONFERENCE_DISCOVERY, payload, command.msg_id)


def _document(call: Call, command: JoinConference) -> JsonObject:
    """Everybody is a moderator; what only Kazoo's documents ask for goes where Kazoo puts it.

    Source: kzt_twiml_dial.erl, build_conference_doc and conference_profile.
    """
    extras = {item.name: item.value for item in command.extras if HEADER.takes(item.value)}
    return {
        "name": command.room,
        "id": command.room,
        "play_welcome": False,
        "play_entry_tone": False,
        "play_exit_tone": False,
        "member": {"join_muted": command.muted},
        "moderator": {
            "join_muted": command.muted,
            "join_deaf": extras.get("deaf") == "true",
            "play_name": extras.get("play_name") == "true",
            "play_entry_prompt": extras.get("play_entry_prompt") == "true",
        },
        "require_moderator": False,
        "wait_for_moderator": False,
        "max_participants": 250,
        "profile_name": f"{command.room}_{call.account_id or ''}",
        "profile": {
            **_profile(extras),
            "max-members": 250,
        },
    }


def _profile(extras: Mapping[str, str]) -> JsonObject:
    texts = {name: extras[written] for written, name in _TEXTS.items() if written in extras}
    numbers = {
        name: int(extras[written]) if extras.get(written, "").isdecimal() else usual
        for written, (name, usual) in _NUMBERS.items()
    }
    return {**texts, **{name: value for name, value in numbers.items() if value is not None}}


def decode_conference_command(payload: Payload) -> ConferenceCommand | None:
    """For who plays the switch; None for what these are not.

    Raises:
        WireError: its reader would refuse it.
    """
    match payload.get(Field.EVENT_NAME), payload.get(Field.APPLICATION_NAME):
        case EventName.DISCOVERY_REQ, _:
            DISCOVERY_REQ.check(payload)
            muted = payload[Field.CONFERENCE_DOC]["moderator"]["join_muted"]
            return JoinConference(payload[Field.MSG_ID], payload[Field.CONFERENCE_ID], muted)
        case EventName.COMMAND, "relate_participants":
            CONFERENCE_COMMAND.check(payload)
            room, participant = payload[Field.CONFERENCE_ID], payload[Field.PARTICIPANT_ID]
            return SilenceBetween(payload[Field.MSG_ID], room, participant, payload[Field.OTHER_PARTICIPANT])
        case EventName.COMMAND, "kick":
            CONFERENCE_COMMAND.check(payload)
            room, participant = payload[Field.CONFERENCE_ID], payload[Field.PARTICIPANT_ID]
            return LeaveConference(payload[Field.MSG_ID], room, participant)
        case EventName.COMMAND, "play":
            CONFERENCE_COMMAND.check(payload)
            return BeepConference(payload[Field.MSG_ID], payload[Field.CONFERENCE_ID])
    return None


def decode_conference_event(call_id: str, body: bytes) -> ConferenceJoined | None:
    """What happened to this leg in the switch's conference; its leaving is told by the channel itself.

    Raises:
        WireError: unreadable.
    """
    payload = decode(body)
    participant = payload.get(Field.PARTICIPANT_ID)
    if payload.get(Field.EVENT) != _ADDED or not isinstance(participant, int) or not is_integer(participant):
        return None
    return ConferenceJoined(call_id, participant)


def encode_conference_event(
    call_id: str, account_id: str, room: str, participant: int, *, left: bool = False, node: str, msg_id: str
) -> Message:
    """A leg comes into the switch's conference or leaves it, as the switch's side publishes it."""
    name = _LEFT if left else _ADDED
    payload = seal(
        CONFERENCE_EVENT,
        {
            Field.EVENT: name,
            Field.CONFERENCE_ID: room,
            Field.INSTANCE_ID: room,
            Field.CALL_ID: call_id,
            Field.PARTICIPANT_ID: participant,
            Field.ACCOUNT_ID: account_id,
        },
        kind=(Category.CONFERENCE, EventName.EVENT),
        app=ECALLMGR,
        node=node,
        msg_id=msg_id,
    )
    return Message(Exchange.CONFERENCE, conference_event(name, account_id, room, call_id), payload, msg_id)
