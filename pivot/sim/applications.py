"""Commands as applications of the switch: what they are called, and the word with which they end.

Source: kapi_dialplan.erl for the names; recorded calls for the words (`docs/conformance.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pivot.model.codes import Code
from pivot.model.dialling import BridgeTo, DialCarrier, HoldMusic, JoinLeg, RingBack
from pivot.model.events import CommandFailed
from pivot.model.rooms import JoinConference
from pivot.model.switch import (
    AnswerCall,
    AskIdle,
    Beep,
    EchoLeg,
    PlayMedia,
    RecordLeg,
    Respond,
    SendDigits,
    SpeakText,
    SwitchCommand,
)
from pivot.sim.behaviour import SwitchBehaviour

FILE_PLAYED = "FILE PLAYED"
FILE_NOT_FOUND = "FILE NOT FOUND"
BROADCAST_SENT = "BROADCAST_SENT"
PLAYBACK_ERROR = "PLAYBACK ERROR"


@dataclass(frozen=True, slots=True)
class Noop:
    """The `noop` behind a media command, or one that a flush brings."""

    noop_id: str


Queued: TypeAlias = SwitchCommand | Noop

TALKS = (BridgeTo, DialCarrier, JoinLeg, HoldMusic, RingBack, JoinConference)
"""What occupies a leg, where talks hold the queue."""
UNBREAKABLE = (BridgeTo, DialCarrier, JoinConference)
"""What no flush ends."""
_NAMES: dict[type, str] = {
    AnswerCall: "answer",
    AskIdle: "noop",
    Beep: "tones",
    BridgeTo: "bridge",
    DialCarrier: "bridge",
    EchoLeg: "echo",
    HoldMusic: "hold",
    JoinConference: "conference",
    JoinLeg: "connect_leg",
    Noop: "noop",
    PlayMedia: "play",
    RecordLeg: "record",
    Respond: "respond",
    RingBack: "play",
    SendDigits: "send_dtmf",
    SpeakText: "tts",
}


def application_of(command: Queued) -> str:
    """The application's name; of a command that is none the command's own."""
    return _NAMES.get(type(command), type(command).__name__)


def word_at_flush(command: Queued, behaviour: SwitchBehaviour) -> str | None:
    """Application-Response of what a flush ends."""
    match command:
        case PlayMedia() | RingBack():
            return FILE_PLAYED
        case Beep():
            return word_of_tone(behaviour)
        case HoldMusic():
            return behaviour.broken_hold
    return behaviour.no_response


def word_at_hang_up(command: Queued, behaviour: SwitchBehaviour) -> str | None:
    """Application-Response of what a hang-up ends."""
    match command:
        case PlayMedia() | RingBack() | Beep():
            return behaviour.hung_up_play
        case HoldMusic():
            return behaviour.broken_hold
    return behaviour.no_response


def word_of_tone(behaviour: SwitchBehaviour) -> str | None:
    """The response with which `tones` ends; None when the behaviour tells none."""
    return FILE_PLAYED if behaviour.tells_tone_played else behaviour.no_response


def ends_with_channel(command: Queued) -> bool:
    """Whether an end of the application is told at a hang-up: no recorded call shows one of a `bridge` whose
    caller hung up, and a `connect_leg` has none at all."""
    return not isinstance(command, BridgeTo | DialCarrier | JoinLeg | Noop | AskIdle)


def refusals(command: Queued, *, of_noop_only: bool = False) -> list[CommandFailed]:
    """What the control process tells of a command that it could not run, and of the noop behind it."""
    noop_id = getattr(command, "noop_id", None)
    told = [] if of_noop_only or isinstance(command, Noop) else [(application_of(command), _id(command))]
    if noop_id:
        told.append(("noop", noop_id))
    return [
        CommandFailed(name, Code.CALL_COMMAND, f"Could not execute dialplan action: {name}", msg_id)
        for name, msg_id in told
    ]


def _id(command: Queued) -> str | None:
    return getattr(command, "msg_id", None)
