"""Call events: what the switch and other processes report about a bound leg, and back for simulated switches.

The leg is the one in the routing key: the payload's Call-ID may be another.
Source: kapi_call.erl, ecallmgr_call_event_publisher.erl.
"""

from __future__ import annotations

from collections.abc import Mapping

from pivot.model.codes import Code
from pivot.model.dialling import LegCreated, LegRinging, LegsBridged, LegsParted
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
from pivot.model.json import JsonObject
from pivot.model.rooms import ConferenceBegun
from pivot.wire.envelope import ECALLMGR, FREESWITCH, App, Message, strip_top
from pivot.wire.message_kinds import CALL_EVENT, USURP_CONTROL
from pivot.wire.message_rules import is_true
from pivot.wire.names import (
    CALL_ID_HEADER,
    AnswerState,
    Application,
    Category,
    EventName,
    Exchange,
    Field,
)
from pivot.wire.payload import Payload, decode, encode
from pivot.wire.routing import call_event, decode_word, split_call_key

_CONFERENCE = "conference"
BRIDGED = "SUCCESS"
"""`Disposition` of a bridge whose legs heard each other, answered or not."""
_GONE = (EventName.CHANNEL_DESTROY, EventName.CHANNEL_DISCONNECTED)
_KNOWN = frozenset(
    {
        *_GONE,
        EventName.CHANNEL_EXECUTE,
        EventName.CHANNEL_EXECUTE_COMPLETE,
        EventName.DTMF,
        EventName.USURP_CONTROL,
        EventName.DIALPLAN,
        EventName.CHANNEL_ANSWER,
        EventName.CHANNEL_PROGRESS,
        EventName.CHANNEL_PROGRESS_MEDIA,
        EventName.CHANNEL_BRIDGE,
        EventName.LEG_CREATED,
        EventName.CHANNEL_UNBRIDGE,
        EventName.RECORD_START,
        EventName.RECORD_STOP,
    }
)


def decode_event(routing_key: str, body: bytes) -> Event | None:
    """What happened to the leg in the routing key; None when it is nothing that we act on.

    A `Usurped` is no usurpation yet: only with a Fetch-ID that is not the call's own, which the session
    knows.

    Raises:
        WireError: an event that we act on, but unreadable.
    """
    words = split_call_key(routing_key)
    if words is None or words[0] not in _KNOWN:
        return None
    name, call_id = words[0], decode_word(words[1])
    return _event(name, call_id, decode(body))


def encode_channel_event(
    name: str, call_id: str, members: JsonObject, *, node: str, msg_id: str, app: App = FREESWITCH
) -> Message:
    """An event as the switch publishes it, with all the members given.

    Raises:
        WireError: Kazoo would refuse it.
    """
    payload: Payload = {
        **members,
        Field.CALL_ID: call_id,
        **_shared(Category.CALL_EVENT, name, app, node, msg_id),
    }
    CALL_EVENT.check(payload)
    return Message(
        Exchange.CALLEVT,
        call_event(name, call_id),
        encode(strip_top(payload)),
        msg_id,
        {CALL_ID_HEADER: call_id.encode()},
    )


def encode_usurp(call_id: str, fetch_id: str, *, node: str, msg_id: str) -> Message:
    """`usurp_control` as the process that takes control publishes it; it has no `call-id` AMQP header."""
    payload: Payload = {
        Field.FETCH_ID: fetch_id,
        Field.CALL_ID: call_id,
        **_shared(Category.CALL_EVENT, EventName.USURP_CONTROL, FREESWITCH, node, msg_id),
    }
    return Message(
        Exchange.CALLEVT,
        call_event(EventName.USURP_CONTROL, call_id),
        encode(USURP_CONTROL.select(payload)),
        msg_id,
    )


def encode_command_error(call_id: str, error: CommandFailed, *, node: str) -> Message:
    """The switch's answer to a command that it could not run; carries that command's Msg-ID."""
    msg_id = error.msg_id or ""
    payload: Payload = {
        "Request": {Field.APPLICATION_NAME: error.command},
        Field.ERROR_MESSAGE: error.message,
        Field.CALL_ID: call_id,
        **_shared(Category.ERROR, EventName.DIALPLAN, ECALLMGR, node, msg_id),
    }
    return Message(Exchange.CALLEVT, call_event(EventName.DIALPLAN, call_id), encode(payload), msg_id)


def _shared(category: Category, name: str, app: App, node: str, msg_id: str) -> Payload:
    return {
        Field.NODE: node,
        Field.MSG_ID: msg_id,
        Field.EVENT_NAME: name,
        Field.EVENT_CATEGORY: category,
        Field.APP_VERSION: app.version,
        Field.APP_NAME: app.name,
    }


def _event(name: str, call_id: str, payload: Payload) -> Event | None:
    match name:
        case EventName.CHANNEL_DESTROY | EventName.CHANNEL_DISCONNECTED:
            return _destroyed(call_id, payload)
        case EventName.CHANNEL_EXECUTE:
            begins = payload.get(Field.APPLICATION_NAME) == _CONFERENCE
            return ConferenceBegun(call_id) if begins else None
        case EventName.CHANNEL_EXECUTE_COMPLETE:
            return _executed(call_id, payload)
        case EventName.DTMF:
            digit = _text(payload, Field.DTMF_DIGIT)
            msg_id = _text(payload, Field.MSG_ID) or ""
            return None if digit is None else DigitPressed(call_id, digit, msg_id)
        case EventName.CHANNEL_ANSWER:
            return ChannelAnswered(call_id)
        case EventName.CHANNEL_PROGRESS | EventName.CHANNEL_PROGRESS_MEDIA:
            return LegRinging(call_id)
        case EventName.CHANNEL_BRIDGE:
            state = _text(payload, Field.CHANNEL_ANSWER_STATE)
            answered = None if state is None else state == AnswerState.ANSWERED
            return LegsBridged(call_id, _text(payload, Field.OTHER_LEG_CALL_ID) or "", answered)
        case EventName.LEG_CREATED:
            return LegCreated(call_id, _text(payload, Field.OTHER_LEG_CALL_ID) or "")
        case EventName.CHANNEL_UNBRIDGE:
            return LegsParted(call_id, _hung_up(payload))
        case EventName.RECORD_START:
            return RecordingStarted(call_id, _path(payload))
        case EventName.RECORD_STOP:
            return _recorded(call_id, payload)
        case EventName.USURP_CONTROL:
            return Usurped(_text(payload, Field.FETCH_ID) or "", call_id)
        case EventName.DIALPLAN if payload.get(Field.EVENT_CATEGORY) == Category.ERROR:
            return _refused(payload)
    return None


def _executed(call_id: str, payload: Payload) -> Executed:
    """An application's end, and what that of a `bridge` tells beside its cause.

    Members of earlier bridges stay on a channel for ever: `Hangup-Code` is this one's when `Hangup-Cause` is,
    and neither means anything in the end of another application. `Disposition` is always this one's.
    Measured on FreeSWITCH 1.10.11 with Kazoo 4.3.
    """
    application = _text(payload, Field.APPLICATION_NAME) or ""
    response = _text(payload, Field.APPLICATION_RESPONSE)
    if application != Application.BRIDGE:
        return Executed(call_id, application, response, _hung_up(payload))
    disposition, cause = _text(payload, Field.DISPOSITION), _text(payload, Field.HANGUP_CAUSE)
    return Executed(
        call_id,
        application,
        response,
        _hung_up(payload),
        bridged=None if disposition is None else disposition == BRIDGED,
        hangup_code=_text(payload, Field.HANGUP_CODE) if cause is not None and cause == response else None,
    )


def _destroyed(call_id: str, payload: Payload) -> ChannelDestroyed:
    return ChannelDestroyed(
        call_id, _text(payload, Field.HANGUP_CAUSE), _text(payload, Field.HANGUP_CODE), cdr=payload
    )


def _recorded(call_id: str, payload: Payload) -> RecordingStopped:
    return RecordingStopped(
        call_id,
        path=_path(payload),
        length_s=_milliseconds(payload.get(Field.LENGTH)) / 1000,
        terminator=_text(payload, Field.TERMINATOR),
        by_silence=is_true(payload.get(Field.SILENCE_TERMINATED)),
        node=_text(payload, Field.NODE) or "",
    )


def _hung_up(payload: Payload) -> bool | None:
    """A hint, not the end: `Channel-Answer-State` was `hangup` in each of 28 ends of an application that came
    with a hang-up and `answered`, `early` or `ringing` in all others. Measured on FreeSWITCH 1.10.11."""
    state = _text(payload, Field.CHANNEL_ANSWER_STATE)
    return None if state is None else state == AnswerState.HANGUP


def _path(payload: Payload) -> str:
    recording = payload.get(Field.RECORDING)
    return (_text(recording, Field.FILE_PATH) or "") if isinstance(recording, Mapping) else ""


def _milliseconds(value: object) -> float:
    """`Length` comes as text, in old switches as a number."""
    try:
        return float(value) if isinstance(value, str | int | float) else 0.0
    except ValueError:
        return 0.0


def _refused(payload: Payload) -> CommandFailed:
    """Correlated by the top-level Msg-ID: the copy of the command inside has none."""
    request = payload.get("Request")
    name = request.get(Field.APPLICATION_NAME) if isinstance(request, Mapping) else None
    return CommandFailed(
        command=name if isinstance(name, str) else "",
        code=Code.CALL_COMMAND,
        message=_text(payload, Field.ERROR_MESSAGE) or "the switch refused the command",
        msg_id=_text(payload, Field.MSG_ID),
    )


def _text(payload: JsonObject, name: str) -> str | None:
    value = payload.get(name)
    return value if isinstance(value, str) and value else None
