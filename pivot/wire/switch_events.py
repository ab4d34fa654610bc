"""Events as the switch publishes them: the way back of `events.py`, for simulated switches."""

from __future__ import annotations

from pivot.errors import WireError
from pivot.model.dialling import LegRinging, LegsBridged, LegsParted
from pivot.model.events import (
    ChannelAnswered,
    ChannelDestroyed,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    RecordingStarted,
    RecordingStopped,
)
from pivot.wire.envelope import Message
from pivot.wire.events import BRIDGED, encode_channel_event, encode_command_error
from pivot.wire.names import AnswerState, EventName, Field
from pivot.wire.payload import Payload

_STATES = {True: AnswerState.ANSWERED, False: AnswerState.EARLY}


def encode_switch_event(
    call_id: str, event: Event, *, node: str, msg_id: str, kept: Payload | None = None
) -> Message:
    """The message that tells of this event on this leg.

    Args:
        kept: members that the channel has from an earlier bridge.

    Raises:
        WireError: no switch publishes such an event on `callevt`.
    """
    if isinstance(event, CommandFailed):
        return encode_command_error(call_id, event, node=node)
    name, members = _told(event)
    return encode_channel_event(name, call_id, {**(kept or {}), **members}, node=node, msg_id=msg_id)


def _told(event: Event) -> tuple[EventName, Payload]:
    match event:
        case Executed(_, application, response, hung_up):
            members: Payload = {
                Field.APPLICATION_NAME: application,
                Field.APPLICATION_RESPONSE: response or "",
                **_answer_state(hung_up),
            }
            if event.bridged is not None:
                members[Field.DISPOSITION] = BRIDGED if event.bridged else response
            if event.hangup_code is not None:
                members |= {Field.HANGUP_CAUSE: response, Field.HANGUP_CODE: event.hangup_code}
            return EventName.CHANNEL_EXECUTE_COMPLETE, members
        case DigitPressed(_, digit):
            return EventName.DTMF, {Field.DTMF_DIGIT: digit}
        case ChannelAnswered():
            return EventName.CHANNEL_ANSWER, {}
        case LegRinging():
            return EventName.CHANNEL_PROGRESS, {}
        case LegsBridged(_, other_leg, answered):
            heard: Payload = {Field.OTHER_LEG_CALL_ID: other_leg}
            if answered is not None:
                heard[Field.CHANNEL_ANSWER_STATE] = _STATES[answered]
            return EventName.CHANNEL_BRIDGE, heard
        case LegsParted(_, hung_up):
            return EventName.CHANNEL_UNBRIDGE, _answer_state(hung_up)
        case RecordingStarted(_, path):
            return EventName.RECORD_START, {Field.RECORDING: {Field.FILE_PATH: path}}
        case RecordingStopped(_, path, length_s, terminator, by_silence):
            return EventName.RECORD_STOP, {
                Field.RECORDING: {Field.FILE_PATH: path},
                Field.LENGTH: str(round(length_s * 1000)),
                Field.TERMINATOR: terminator or "",
                Field.SILENCE_TERMINATED: by_silence,
            }
        case ChannelDestroyed(_, cause, code, cdr):
            return EventName.CHANNEL_DESTROY, {
                **cdr,
                Field.HANGUP_CAUSE: cause or "",
                Field.HANGUP_CODE: code or "",
            }
    raise WireError(f"{type(event).__name__} is no event that a switch publishes")


def _answer_state(hung_up: bool | None) -> Payload:
    if hung_up is None:
        return {}
    return {Field.CHANNEL_ANSWER_STATE: AnswerState.HANGUP if hung_up else AnswerState.ANSWERED}
