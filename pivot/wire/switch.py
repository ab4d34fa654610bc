"""Call commands: what we tell the switch. One function makes each, one reads it back.

A message goes to the call's control process. In a `queue` the switch runs the last command first, so media
stand behind the `noop` that reports their end.
Source: kapi_dialplan.erl, kapps_call_command.erl, kz_call_response.erl, ecallmgr_call_control.erl.
"""

from __future__ import annotations

from typing import TypeAlias

from pivot.errors import WireError
from pivot.model.call import Call
from pivot.model.dialling import DiallingCommand
from pivot.model.rooms import ConferenceCommand
from pivot.model.switch import (
    AnswerCall,
    AskChannel,
    AskIdle,
    Beep,
    EchoLeg,
    Hangup,
    PlayMedia,
    RecordLeg,
    Respond,
    SendDigits,
    SendFile,
    SetNumber,
    SpeakText,
    StopMedia,
    SwitchCommand,
)
from pivot.model.switch_text import REASON, may_be_caller
from pivot.wire.conference import encode_conference_command
from pivot.wire.dialling import encode_dialling_command
from pivot.wire.envelope import CALL_RESPONSE, KAPPS_CALL, Message, Sender, addressed, seal
from pivot.wire.expansion import keys_only, named_as_written, spoken_as_written, word_or
from pivot.wire.media_server import encode_ask_channel, encode_send_file
from pivot.wire.message_kinds import COMMANDS
from pivot.wire.message_rules import DEFAULTS_REQUIRED, OPTIONAL_EVERYWHERE, is_true
from pivot.wire.names import Application, Category, EventName, Exchange, Field, InsertAt
from pivot.wire.payload import Payload

CallCommand: TypeAlias = (
    AnswerCall
    | AskIdle
    | Beep
    | EchoLeg
    | Hangup
    | PlayMedia
    | RecordLeg
    | Respond
    | SendDigits
    | SetNumber
    | SpeakText
    | StopMedia
)
"""What goes to the call's control process."""

_SILENCE_THRESHOLD = 200
"""Loudness below which the switch counts silence. Source: kzt_twiml.erl, record_call."""
_NEVER_SILENT_S = 14_400
_PRIVACY = (Field.PRIVACY_HIDE_NUMBER, "Caller-Privacy-Number", "privacy_mode")
_HIDES = ("hide_number", "number", "yes", "full", "kazoo")


def encode_switch_command(call: Call, command: SwitchCommand, sender: Sender) -> Message:
    """The message for the call's control process.

    Raises:
        WireError: the call has no Control-Queue, or the switch would refuse the command.
    """
    if isinstance(command, ConferenceCommand):
        return encode_conference_command(call, command, sender)
    if isinstance(command, DiallingCommand):
        return encode_dialling_command(call, command, sender)
    if isinstance(command, AskChannel):
        return encode_ask_channel(call, command, sender)
    if isinstance(command, SendFile):
        return encode_send_file(call, command, sender)
    if not call.control_queue:
        raise WireError(f"the call has no {Field.CONTROL_QUEUE}: its switch cannot be told anything")
    members = _members(call, command)
    declined = isinstance(command, Respond)
    payload = seal(
        COMMANDS[members[Field.APPLICATION_NAME]],
        members,
        kind=(Category.CALL, EventName.COMMAND),
        app=CALL_RESPONSE if declined else KAPPS_CALL,
        node=sender.node,
        msg_id=command.msg_id,
        server_id=None if declined else sender.server_id,
    )
    return addressed(Exchange.CALLCTL, call.control_queue, payload, command.msg_id)


def decode_switch_command(payload: Payload) -> SwitchCommand | None:
    """The command of a message on `callctl`; None for what pivot never sends.

    Raises:
        WireError: the switch would refuse it.
    """
    name = payload.get(Field.APPLICATION_NAME)
    api = COMMANDS.get(name) if isinstance(name, str) else None
    if api is None:
        return None
    api.check(payload)
    msg_id, leg = payload[Field.MSG_ID], payload[Field.CALL_ID]
    match name:
        case Application.ANSWER:
            return AnswerCall(msg_id)
        case Application.HANGUP:
            return Hangup(msg_id, payload.get(Field.HANGUP_CAUSE), leg)
        case Application.NOOP if payload.get(Field.INSERT_AT) == InsertAt.FLUSH:
            return StopMedia(msg_id, leg)
        case Application.NOOP:
            return AskIdle(msg_id, leg)
        case Application.QUEUE:
            return _queued(payload)
        case Application.TONES:
            return _beep(payload)
        case Application.RECORD:
            return _recording(payload)
        case Application.ECHO:
            return EchoLeg(msg_id)
        case Application.SET:
            return SetNumber(msg_id, payload[Field.CUSTOM_CHANNEL_VARS].get(Field.CALLER_ID_NUMBER, ""))
    return None


def _members(call: Call, command: CallCommand) -> Payload:
    match command:
        case AnswerCall():
            return _command(Application.ANSWER, call.call_id)
        case EchoLeg():
            return _command(Application.ECHO, call.call_id)
        case SetNumber(number=number):
            return _set_number(call, number)
        case Beep(leg=leg):
            return _command(Application.TONES, leg or call.call_id) | {Field.TONES: [_tone(command)]}
        case RecordLeg(leg=leg):
            return _command(Application.RECORD, leg or call.call_id) | _record(command)
        case Hangup(cause=cause, leg=leg):
            return _hangup(leg or call.call_id, cause)
        case StopMedia(leg=leg):
            return _command(Application.NOOP, leg or call.call_id) | {Field.INSERT_AT: InsertAt.FLUSH}
        case AskIdle(leg=leg):
            return _command(Application.NOOP, leg or call.call_id)
        case PlayMedia(leg=other):
            leg = other or call.call_id
            sound = _play(leg, command)
            return _queue(leg, _noop(leg, command.noop_id), sound, at_once=other is not None)
        case SpeakText(leg=other):
            leg = other or call.call_id
            sound = _tts(leg, command)
            return _queue(leg, _noop(leg, command.noop_id), sound, at_once=other is not None)
        case SendDigits(leg=other):
            leg = other or call.call_id
            keys = _send_dtmf(leg, command)
            return _queue(leg, _noop(leg, command.noop_id), keys, at_once=other is not None)
        case Respond():
            return _decline(call.call_id, command)


def _set_number(call: Call, number: str) -> Payload:
    """At once, and whether it is to be hidden with it; what is no number hides itself.

    Source: kapps_call.erl, set_caller_id_number.
    """
    plain = number if may_be_caller(number) else ""
    shown: Payload = {Field.CALLER_ID_NUMBER: plain, Field.PRIVACY_HIDE_NUMBER: _is_hidden(call)}
    return _command(Application.SET, call.call_id) | {
        Field.INSERT_AT: InsertAt.NOW,
        Field.EXPORT_ALL: False,
        Field.CUSTOM_CHANNEL_VARS: shown,
        Field.CUSTOM_CALL_VARS: {},
    }


def _is_hidden(call: Call) -> bool:
    """Source: kz_privacy.erl, should_hide_number."""
    wishes = (call.custom_channel_vars.get(name) for name in _PRIVACY)
    wish = next((wish for wish in wishes if wish is not None), None)
    return wish in _HIDES or is_true(wish)


def _tone(beep: Beep) -> Payload:
    return {
        "Frequencies": [str(beep.frequency_hz)],
        "Duration-ON": str(round(beep.on_s * 1000)),
        "Duration-OFF": str(round(beep.off_s * 1000)),
    }


def _record(command: RecordLeg) -> Payload:
    """All four limits always: the switch's own defaults are 20 s and a threshold for loud rooms."""
    return {
        Field.TIME_LIMIT: round(command.max_s),
        Field.TERMINATORS: list(command.terminators),
        Field.SILENCE_THRESHOLD: _SILENCE_THRESHOLD if command.silence_s > 0 else 0,
        Field.SILENCE_HITS: round(command.silence_s) if command.silence_s > 0 else _NEVER_SILENT_S,
        Field.MEDIA_NAME: command.name,
    }


def _recording(payload: Payload) -> RecordLeg:
    silent = payload.get(Field.SILENCE_THRESHOLD) == 0
    return RecordLeg(
        payload[Field.MSG_ID],
        payload[Field.MEDIA_NAME],
        _terminators(payload),
        float(payload.get(Field.TIME_LIMIT, 20)),
        0.0 if silent else float(payload.get(Field.SILENCE_HITS, 5)),
        payload[Field.CALL_ID],
    )


def _beep(payload: Payload) -> Beep:
    tone = payload[Field.TONES][0]
    return Beep(
        payload[Field.MSG_ID],
        int(tone["Frequencies"][0]),
        int(tone["Duration-ON"]) / 1000,
        int(tone["Duration-OFF"]) / 1000,
        payload[Field.CALL_ID],
    )


def _command(name: Application, leg: str) -> Payload:
    return {Field.APPLICATION_NAME: name, Field.CALL_ID: leg}


def _hangup(leg: str, cause: str | None) -> Payload:
    """At once, whatever else waits in the call's command queue."""
    members = _command(Application.HANGUP, leg) | {Field.INSERT_AT: InsertAt.NOW}
    word = word_or(cause or "", "")
    return members | {Field.HANGUP_CAUSE: word} if word else members


def _queue(leg: str, *last_first: Payload, at_once: bool = False) -> Payload:
    """Behind what waits already, or instead of it.

    On a leg that we dialled the second command of a queue may never run: the control process waits until the
    first is completed, which the switch may not tell of such a leg. So what is sent to one throws away what
    still stands there. Measured on FreeSWITCH 1.10.11: a break with nothing to break is not remembered.
    """
    queue = _command(Application.QUEUE, leg) | {Field.COMMANDS: list(last_first)}
    return queue | {Field.INSERT_AT: InsertAt.FLUSH} if at_once else queue


def _noop(leg: str, noop_id: str) -> Payload:
    return _command(Application.NOOP, leg) | {Field.MSG_ID: noop_id}


def _play(leg: str, command: PlayMedia) -> Payload:
    return {
        Field.APPLICATION_NAME: Application.PLAY,
        Field.MEDIA_NAME: named_as_written(command.media),
        Field.TERMINATORS: sorted(set(command.terminators)),
        Field.CALL_ID: leg,
        Field.ENDLESS_PLAYBACK: False,
    }


def _tts(leg: str, command: SpeakText) -> Payload:
    """No keys to stop it is told by leaving the member out, other than for `play`."""
    stops: Payload = {Field.TERMINATORS: list(command.terminators)} if command.terminators else {}
    return {
        Field.APPLICATION_NAME: Application.TTS,
        Field.TEXT: spoken_as_written(command.text),
        **stops,
        Field.VOICE: word_or(command.voice, "female"),
        Field.LANGUAGE: word_or(command.language, "en-us"),
        Field.ENGINE: word_or(command.engine, "flite"),
        Field.CALL_ID: leg,
    }


def _send_dtmf(leg: str, command: SendDigits) -> Payload:
    return {
        Field.APPLICATION_NAME: Application.SEND_DTMF,
        Field.DTMFS: keys_only(command.digits),
        Field.DURATION: str(round(command.duration_s * 1000)),
        Field.CALL_ID: leg,
    }


def _decline(leg: str, command: Respond) -> Payload:
    """Progress, then the media if any, then the response, then the noop; all share the noop's Msg-ID."""
    own: Payload = {Field.MSG_ID: command.noop_id, Field.CALL_ID: leg}
    respond: Payload = {
        Field.APPLICATION_NAME: Application.RESPOND,
        Field.RESPONSE_CODE: str(command.sip_code),
        Field.RESPONSE_MESSAGE: REASON.cleaned(command.reason),
        **own,
    }
    noop: Payload = {Field.APPLICATION_NAME: Application.NOOP, **own}
    if command.media is None:
        return _queue(leg, noop, respond)
    media = named_as_written(command.media)
    play: Payload = {Field.APPLICATION_NAME: Application.PLAY, Field.MEDIA_NAME: media, **own}
    progress: Payload = {Field.APPLICATION_NAME: Application.PROGRESS, **own}
    return _queue(leg, noop, respond, play, progress)


def _queued(outer: Payload) -> SwitchCommand | None:
    """What a `queue` of pivot's amounts to.

    Raises:
        WireError: one command in it is invalid, for which the switch drops all without a word.
    """
    msg_id, leg = outer[Field.MSG_ID], outer[Field.CALL_ID]
    shared: Payload = {
        name: outer[name] for name in (*DEFAULTS_REQUIRED, *OPTIONAL_EVERYWHERE) if name in outer
    }
    by_name: dict[str, Payload] = {}
    for command in outer[Field.COMMANDS]:
        name = command.get(Field.APPLICATION_NAME) if isinstance(command, dict) else None
        if not isinstance(name, str) or name not in COMMANDS:
            raise WireError(f"queue: {Field.APPLICATION_NAME} is {name!r}, which the switch does not know")
        by_name[name] = {**shared, **command}
        COMMANDS[name].check(by_name[name])
    noop_id: str = by_name.get(Application.NOOP, outer)[Field.MSG_ID]
    match by_name:
        case {Application.RESPOND: respond}:
            media = by_name.get(Application.PLAY, {}).get(Field.MEDIA_NAME)
            code, reason = respond[Field.RESPONSE_CODE], respond.get(Field.RESPONSE_MESSAGE, "")
            return Respond(msg_id, noop_id, int(code), reason, media)
        case {Application.PLAY: play}:
            return PlayMedia(msg_id, noop_id, play[Field.MEDIA_NAME], _terminators(play), leg)
        case {Application.TTS: tts}:
            return _spoken(msg_id, noop_id, tts, leg)
        case {Application.SEND_DTMF: keys}:
            duration_s = int(keys.get(Field.DURATION, 200)) / 1000
            return SendDigits(msg_id, noop_id, keys[Field.DTMFS], duration_s, leg)
    return None


def _spoken(msg_id: str, noop_id: str, tts: Payload, leg: str) -> SpeakText:
    return SpeakText(
        msg_id,
        noop_id,
        tts[Field.TEXT],
        voice=tts.get(Field.VOICE, "male"),
        language=tts.get(Field.LANGUAGE, "en-us"),
        engine=tts.get(Field.ENGINE, "flite"),
        terminators=_terminators(tts),
        leg=leg,
    )


def _terminators(command: Payload) -> tuple[str, ...]:
    keys = command.get(Field.TERMINATORS)
    return tuple(keys) if isinstance(keys, list) else ()
