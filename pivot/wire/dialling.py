"""Commands about other parties: to the call's control process, to the carriers' service, to any media server.

What goes past the control process is answered on our own queue (`dialling_replies.py`).
Source: kapi_dialplan.erl, kapi_offnet_resource.erl, kapi_resource.erl; stepswitch_bridge.erl,
ecallmgr_originate.erl, ecallmgr_call_command.erl for what they do; spyvsspy_handlers.erl for a party that
hears a call. The call command `eavesdrop` would do for that, too, but it usurps the call that is heard.
"""

from __future__ import annotations

from pivot.errors import WireError
from pivot.model.call import Call
from pivot.model.dialling import (
    BridgeTo,
    CallApart,
    CallerId,
    CallToHear,
    DialCarrier,
    DiallingCommand,
    HoldMusic,
    JoinLeg,
    PartLegs,
    RingBack,
    RingPrepared,
    StartRecording,
    StopRecording,
)
from pivot.model.switch_text import CALL_ID, CALLER_NAME, HEADER, is_stream, may_be_caller, may_be_number
from pivot.wire.endpoints import decode_endpoint, encode_endpoint
from pivot.wire.envelope import KAPPS_CALL, TRANSLATOR, Message, Sender, addressed, seal
from pivot.wire.expansion import named_as_written
from pivot.wire.message_kinds import COMMANDS, OFFNET_REQ, ORIGINATE_EXECUTE, ORIGINATE_REQ
from pivot.wire.names import Application, Category, EventName, Exchange, Field, InsertAt
from pivot.wire.payload import Payload
from pivot.wire.routing import ORIGINATE_REQUEST, offnet_request

_CLOCK_S = 1
"""More than is to be rung. The switch counts the seconds of its clock: of 4 it rang 3.0, of 20 19.6. Measured
on FreeSWITCH 1.10.11."""
_RINGING_TONE = "tone_stream://%(2000,4000,440,480);loops=-1"
"""What an answered caller hears for ringing when no country is named: the United States' tone."""


def encode_dialling_command(call: Call, command: DiallingCommand, sender: Sender) -> Message:
    """The message that carries this command.

    Raises:
        WireError: the call has no Control-Queue, or the reader would refuse the command.
    """
    if not call.control_queue:
        raise WireError(f"the call has no {Field.CONTROL_QUEUE}: its switch cannot be told anything")
    match command:
        case DialCarrier():
            return _offnet(call, command, sender)
        case CallApart() | CallToHear():
            return _originate(call, command, sender)
        case RingPrepared():
            return _execute(command, sender)
    members = _members(call, command)
    payload = seal(
        COMMANDS[members[Field.APPLICATION_NAME]],
        members,
        kind=(Category.CALL, EventName.COMMAND),
        app=TRANSLATOR if isinstance(command, BridgeTo) else KAPPS_CALL,
        node=sender.node,
        msg_id=command.msg_id,
        server_id=sender.server_id,
    )
    return addressed(Exchange.CALLCTL, call.control_queue, payload, command.msg_id)


def _members(
    call: Call, command: BridgeTo | JoinLeg | PartLegs | RingBack | HoldMusic | StartRecording | StopRecording
) -> Payload:
    match command:
        case BridgeTo():
            return _bridge(call, command)
        case JoinLeg(target=target):
            return _command(Application.CONNECT_LEG, call.call_id) | {
                Field.TARGET_CALL_ID: _leg(target),
                Field.CONTINUE_ON_FAIL: True,
                Field.CONTINUE_ON_CANCEL: True,
                Field.PARK_AFTER_PICKUP: True,
                Field.HANGUP_AFTER_PICKUP: False,
                # Else the target's own control process, and whoever follows it, would give the leg up.
                Field.PUBLISH_USURP: False,
            }
        case PartLegs():
            return _command(Application.UNBRIDGE, call.call_id) | {
                Field.INSERT_AT: InsertAt.NOW,
                Field.LEG: "Both",
            }
        case RingBack(tone=tone, answered=True):
            return _command(Application.PLAY, call.call_id) | {
                Field.MEDIA_NAME: _tone(tone) or _RINGING_TONE,
                Field.TERMINATORS: [],
                Field.ENDLESS_PLAYBACK: True,
            }
        case RingBack(tone=tone):
            ring = _command(Application.RING, call.call_id)
            known = _tone(tone)
            return ring if known is None else ring | {Field.RINGBACK: known}
        case HoldMusic(media=media):
            hold = _command(Application.HOLD, call.call_id)
            return hold if media is None else hold | {Field.HOLD_MEDIA: named_as_written(media)}
        case StartRecording():
            return _command(Application.RECORD_CALL, command.leg or call.call_id) | {
                Field.INSERT_AT: InsertAt.NOW,
                Field.RECORD_ACTION: "start",
                Field.MEDIA_NAME: command.name,
                # Without an id the switch's side refuses the command.
                Field.MEDIA_RECORDING_ID: command.recording_id,
                Field.TIME_LIMIT: round(command.max_s),
                Field.CHANNELS_AS_STEREO: command.stereo,
                Field.FOLLOW_TRANSFER: False,
            }
        case StopRecording():
            return _command(Application.RECORD_CALL, command.leg or call.call_id) | {
                Field.INSERT_AT: InsertAt.NOW,
                Field.RECORD_ACTION: "stop",
                Field.MEDIA_NAME: command.name,
            }


def _rings(timeout_s: float) -> int:
    return round(timeout_s) + _CLOCK_S


def _command(name: Application, leg: str) -> Payload:
    return {Field.APPLICATION_NAME: name, Field.CALL_ID: leg}


def _shown(caller_id: CallerId) -> Payload:
    shown: Payload = {}
    if may_be_caller(caller_id.number):  # else the switch's own is shown
        shown[Field.OUTBOUND_CALLER_ID_NUMBER] = caller_id.number
    if name := CALLER_NAME.cleaned(caller_id.name):
        shown[Field.OUTBOUND_CALLER_ID_NAME] = name
    return shown


def _tone(tone: str | None) -> str | None:
    """A tone of the switch's; only our own tables name them."""
    known = tone is not None and (is_stream(tone) or is_stream(f"tone_stream://{tone}"))
    return tone if known else None


def _leg(call_id: str) -> str:
    """Somebody's Call-ID as an argument; SIP lets callers choose theirs.

    Of one that would be more than an argument a name is left that no leg has: the command fails, and nobody's
    call ends for a neighbour's Call-ID.
    """
    return CALL_ID.cleaned(call_id) or "none"


def _bridge(call: Call, command: BridgeTo) -> Payload:
    ringback = _tone(command.ringback)
    optional: Payload = {} if ringback is None else {Field.RINGBACK: ringback}
    return (
        _command(Application.BRIDGE, call.call_id)
        | {
            Field.TIMEOUT: _rings(command.timeout_s),
            Field.IGNORE_EARLY_MEDIA: command.ignore_early_media,
            Field.DIAL_ENDPOINT_METHOD: "simultaneous",
            Field.CONTINUE_ON_FAIL: True,
            Field.ENDPOINTS: [encode_endpoint(call, endpoint) for endpoint in command.endpoints],
        }
        | ({Field.MEDIA: "process"} if command.process_media else {})
        | optional
        | _shown(command.caller_id)
    )


def _offnet(call: Call, command: DialCarrier, sender: Sender) -> Message:
    """Nobody there to take it is no fault of the call: it then ends by its own time.

    Raises:
        WireError: what is to be dialled is no number.
    """
    emergency = command.emergency.number
    optional: Payload = {
        Field.RINGBACK: _tone(command.ringback),
        Field.PRESENCE_ID: command.presence_id if HEADER.takes(command.presence_id) else None,
        Field.EMERGENCY_CALLER_ID_NUMBER: emergency if may_be_caller(emergency) else None,
        Field.EMERGENCY_CALLER_ID_NAME: CALLER_NAME.cleaned(command.emergency.name),
    }
    if not may_be_number(command.number):
        raise WireError(f"{command.number[:80]!r} is no number that can be dialled")
    payload = seal(
        OFFNET_REQ,
        {
            Field.TIMEOUT: _rings(command.timeout_s),
            Field.MEDIA: "process" if command.process_media else "bypass",
            Field.FORCE_OUTBOUND: command.force_outbound,
            Field.CONTROL_QUEUE: call.control_queue,
            Field.CALL_ID: call.call_id,
            Field.ACCOUNT_REALM: call.from_.realm,
            Field.ACCOUNT_ID: call.account_id or "",
            Field.TO_DID: command.number,
            Field.RESOURCE_TYPE: "audio",
            Field.APPLICATION_NAME: Application.BRIDGE,
            **{name: value for name, value in optional.items() if value},
            **_shown(command.caller_id),
        },
        kind=(Category.RESOURCE, EventName.OFFNET_REQ),
        app=TRANSLATOR,
        node=sender.node,
        msg_id=command.msg_id,
        server_id=sender.server_id,
    )
    return Message(Exchange.RESOURCES, offnet_request("audio"), payload, command.msg_id)


def _originate(call: Call, command: CallApart | CallToHear, sender: Sender) -> Message:
    """On the caller's media server, so that both can be joined, or one hear the other."""
    payload = seal(
        ORIGINATE_REQ,
        {
            Field.ENDPOINTS: [encode_endpoint(call, command.endpoint, apart=True)],
            Field.OUTBOUND_CALL_ID: command.endpoint.call_id,
            **({Field.EXISTING_CALL_ID: call.call_id} if CALL_ID.takes(call.call_id) else {}),
            Field.IGNORE_EARLY_MEDIA: True,
            Field.TIMEOUT: _rings(command.timeout_s),
            Field.ACCOUNT_ID: call.account_id or "",
            **_purpose(command),
        },
        kind=(Category.RESOURCE, EventName.ORIGINATE_REQ),
        app=TRANSLATOR,
        node=sender.node,
        msg_id=command.msg_id,
        server_id=sender.server_id,
    )
    return Message(Exchange.CALLMGR, ORIGINATE_REQUEST, payload, command.msg_id)


def _purpose(command: CallApart | CallToHear) -> Payload:
    """What the leg does when it answers: it is parked, or hears and says nothing."""
    if isinstance(command, CallApart):
        return {
            Field.APPLICATION_NAME: Application.PARK,
            Field.ORIGINATE_IMMEDIATE: True,
            **_shown(command.caller_id),
        }
    return {
        Field.APPLICATION_NAME: Application.EAVESDROP,
        Field.EAVESDROP_CALL_ID: _leg(command.heard),
        Field.EAVESDROP_MODE: "listen",
    }


def _execute(command: RingPrepared, sender: Sender) -> Message:
    payload = seal(
        ORIGINATE_EXECUTE,
        {Field.CALL_ID: command.leg},
        kind=(Category.DIALPLAN, EventName.ORIGINATE_EXECUTE),
        app=TRANSLATOR,
        node=sender.node,
        msg_id=command.msg_id,
        server_id=sender.server_id,
    )
    return addressed(Exchange.TARGETED, command.queue, payload, command.msg_id)


# ---- for who plays the other side


def decode_dialling_command(payload: Payload) -> DiallingCommand | None:
    """The command of a message; None for what these are not.

    Raises:
        WireError: its reader would refuse it.
    """
    match payload.get(Field.EVENT_CATEGORY), payload.get(Field.EVENT_NAME):
        case Category.RESOURCE, EventName.OFFNET_REQ:
            OFFNET_REQ.check(payload)
            return DialCarrier(
                payload[Field.MSG_ID],
                payload[Field.TO_DID],
                _asked_to_ring(payload, 60),
                _caller_id(payload),
                payload.get(Field.FORCE_OUTBOUND) is True,
                payload.get(Field.MEDIA) == "process",
                payload.get(Field.RINGBACK),
                CallerId(
                    payload.get(Field.EMERGENCY_CALLER_ID_NUMBER, ""),
                    payload.get(Field.EMERGENCY_CALLER_ID_NAME, ""),
                ),
                payload.get(Field.PRESENCE_ID, ""),
            )
        case Category.RESOURCE, EventName.ORIGINATE_REQ:
            ORIGINATE_REQ.check(payload)
            endpoint = decode_endpoint(payload[Field.ENDPOINTS][0])
            timeout_s = _asked_to_ring(payload, 60)
            if payload[Field.APPLICATION_NAME] == Application.EAVESDROP:
                return CallToHear(
                    payload[Field.MSG_ID], endpoint, payload[Field.EAVESDROP_CALL_ID], timeout_s
                )
            return CallApart(payload[Field.MSG_ID], endpoint, timeout_s, _caller_id(payload))
        case Category.DIALPLAN, EventName.ORIGINATE_EXECUTE:
            ORIGINATE_EXECUTE.check(payload)
            return RingPrepared(payload[Field.MSG_ID], payload[Field.CALL_ID], queue="")
        case Category.CALL, EventName.COMMAND:
            return _decoded(payload)
    return None


def _asked_to_ring(payload: Payload, default: int) -> float:
    return float(payload.get(Field.TIMEOUT, default)) - _CLOCK_S


def _caller_id(payload: Payload) -> CallerId:
    return CallerId(
        payload.get(Field.OUTBOUND_CALLER_ID_NUMBER, ""), payload.get(Field.OUTBOUND_CALLER_ID_NAME, "")
    )


def _decoded(payload: Payload) -> DiallingCommand | None:
    name = payload.get(Field.APPLICATION_NAME)
    if isinstance(name, str) and name in COMMANDS:
        COMMANDS[name].check(payload)
    msg_id, leg = payload.get(Field.MSG_ID, ""), payload.get(Field.CALL_ID)
    match name:
        case Application.BRIDGE:
            return BridgeTo(
                msg_id,
                tuple(decode_endpoint(each) for each in payload[Field.ENDPOINTS]),
                _asked_to_ring(payload, 20),
                _caller_id(payload),
                payload.get(Field.RINGBACK),
                payload.get(Field.IGNORE_EARLY_MEDIA) is True,
                payload.get(Field.MEDIA) == "process",
            )
        case Application.CONNECT_LEG:
            return JoinLeg(msg_id, payload[Field.TARGET_CALL_ID])
        case Application.UNBRIDGE:
            return PartLegs(msg_id)
        case Application.RING:
            return RingBack(msg_id, payload.get(Field.RINGBACK))
        case Application.PLAY:
            return RingBack(msg_id, payload[Field.MEDIA_NAME], answered=True)
        case Application.HOLD:
            return HoldMusic(msg_id, payload.get(Field.HOLD_MEDIA))
        case Application.RECORD_CALL if payload[Field.RECORD_ACTION] == "start":
            return StartRecording(
                msg_id,
                payload[Field.MEDIA_NAME],
                payload[Field.MEDIA_RECORDING_ID],
                float(payload[Field.TIME_LIMIT]),
                payload.get(Field.CHANNELS_AS_STEREO) is True,
                leg,
            )
        case Application.RECORD_CALL:
            return StopRecording(msg_id, payload[Field.MEDIA_NAME], leg)
    return None
