"""Commands of the engine to AMQP messages, and back for whoever plays callflow or the switch.

Source: kapi_pivot.erl, kapi_dialplan.erl, kapi_call.erl, kzt_kazoo.erl.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.errors import WireError
from pivot.model.call import Call
from pivot.model.commands import BusCommand, HandOverFlow, SayFailed, SayProcessing, SendMessage
from pivot.model.json import JsonObject
from pivot.wire.conference import decode_conference_command
from pivot.wire.dialling import decode_dialling_command
from pivot.wire.envelope import PIVOT, TRANSLATOR, App, Message, Sender, addressed, seal
from pivot.wire.media_server import decode_request
from pivot.wire.message_kinds import CALL_EVENT, FAILED, PROCESSING
from pivot.wire.message_rules import Api
from pivot.wire.names import CALL_ID_HEADER, Category, EventName, Exchange, Field
from pivot.wire.payload import Payload, decode
from pivot.wire.routing import call_event
from pivot.wire.switch import decode_switch_command, encode_switch_command
from pivot.wire.text_messages import decode_message, encode_message


def encode_command(call: Call, command: BusCommand, sender: Sender, msg_id: str) -> Message:
    """The message that carries this command; `msg_id` is for callflow's, the switch's have their own.

    Raises:
        WireError: the call names no queue for it, or the message would be refused by its readers.
    """
    match command:
        case SayProcessing():
            return _answer(call, PROCESSING, EventName.PROCESSING, TRANSLATOR, sender, msg_id)
        case SayFailed():
            return failed(call.call_id, call.controller_queue, sender, msg_id)
        case SendMessage():
            return encode_message(call, command, sender)
        case HandOverFlow(flow):
            return _channel_pivot(call.call_id, flow, sender, msg_id)
        case _:
            return encode_switch_command(call, command, sender)


def failed(call_id: str, controller_queue: str | None, sender: Sender, msg_id: str) -> Message:
    """`failed` for a call of which nothing more is known.

    Raises:
        WireError: there is no queue to send it to.
    """
    payload = _answer_payload(call_id, FAILED, EventName.FAILED, PIVOT, sender, msg_id)
    return _to_controller(payload, controller_queue, msg_id)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of pivot, understood: which call, what is wanted, who wants it.

    `call_id` is empty for what a media server does with a file.
    """

    call_id: str
    command: BusCommand
    msg_id: str
    server_id: str | None = None


def decode_command(body: bytes) -> Sent | None:
    """What a message of pivot says to callflow or the switch; None when it is no message of pivot's.

    Raises:
        WireError: unreadable, or invalid for its kind.
    """
    payload = decode(body)
    command = _decoded(payload)
    if command is None:
        return None
    call_id = _call_id(payload)
    return Sent(call_id, command, payload[Field.MSG_ID], payload.get(Field.SERVER_ID))


def _decoded(payload: Payload) -> BusCommand | None:
    match payload.get(Field.EVENT_CATEGORY), payload.get(Field.EVENT_NAME):
        case Category.PIVOT, EventName.PROCESSING:
            PROCESSING.check(payload)
            return SayProcessing()
        case Category.PIVOT, EventName.FAILED:
            FAILED.check(payload)
            return SayFailed()
        case Category.CALL_EVENT, EventName.CHANNEL_PIVOT:
            CALL_EVENT.check(payload)
            flow = payload.get(Field.APPLICATION_DATA)
            return HandOverFlow(flow) if isinstance(flow, str) else None
        case Category.CALL, EventName.COMMAND:
            return decode_switch_command(payload) or decode_dialling_command(payload)
        case Category.SMS, EventName.OUTBOUND:
            return decode_message(payload)
        case Category.CONFERENCE, _:
            return decode_conference_command(payload)
        case (Category.RESOURCE, _) | (Category.DIALPLAN, EventName.ORIGINATE_EXECUTE):
            return decode_dialling_command(payload)
        case ((Category.CALL_EVENT | Category.SWITCH_EVENT), _):
            asked = decode_request(payload)
            return asked[0] if asked else None
    return None


def _call_id(payload: Payload) -> str:
    """Most messages name the call at their top; to ring apart and to join a conference name it elsewhere."""
    if Field.CALL_ID in payload:
        return str(payload[Field.CALL_ID])
    if Field.EXISTING_CALL_ID in payload:
        return str(payload[Field.EXISTING_CALL_ID])
    return str(payload.get(Field.CALL, {}).get(Field.CALL_ID, ""))


def _answer(call: Call, api: Api, name: EventName, app: App, sender: Sender, msg_id: str) -> Message:
    payload = _answer_payload(call.call_id, api, name, app, sender, msg_id)
    return _to_controller(payload, call.controller_queue, msg_id)


def _answer_payload(call_id: str, api: Api, name: EventName, app: App, sender: Sender, msg_id: str) -> bytes:
    body: JsonObject = {Field.CALL_ID: call_id}
    return seal(api, body, kind=(Category.PIVOT, name), app=app, node=sender.node, msg_id=msg_id)


def _to_controller(payload: bytes, controller_queue: str | None, msg_id: str) -> Message:
    if not controller_queue:
        raise WireError(
            f"the call has no {Field.CONTROLLER_QUEUE}: callflow cannot be answered and goes on by itself"
        )
    return addressed(Exchange.TARGETED, controller_queue, payload, msg_id)


def _channel_pivot(call_id: str, flow: str, sender: Sender, msg_id: str) -> Message:
    payload = seal(
        CALL_EVENT,
        {Field.APPLICATION_DATA: flow, Field.CALL_ID: call_id},
        kind=(Category.CALL_EVENT, EventName.CHANNEL_PIVOT),
        app=TRANSLATOR,
        node=sender.node,
        msg_id=msg_id,
    )
    return Message(
        Exchange.CALLEVT,
        call_event(EventName.CHANNEL_PIVOT, call_id),
        payload,
        msg_id,
        {CALL_ID_HEADER: call_id.encode()},
        mandatory=True,
    )
