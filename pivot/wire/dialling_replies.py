"""What the carriers' service and the media servers answer to requests to dial, and back for who plays them.

Every answer carries the Msg-ID of its request.
Source: kapi_offnet_resource.erl, kapi_resource.erl; stepswitch_bridge.erl, ecallmgr_originate.erl.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pivot.errors import WireError
from pivot.model.dialling import CarrierDone, LegControlled, LegFailed, LegPrepared, LegReady
from pivot.wire.envelope import ECALLMGR, STEPSWITCH, Message, seal
from pivot.wire.message_kinds import OFFNET_RESP, ORIGINATE_READY, ORIGINATE_RESP, ORIGINATE_UUID
from pivot.wire.names import Category, EventName, Exchange, Field
from pivot.wire.payload import Payload

Reply: TypeAlias = CarrierDone | LegControlled | LegPrepared | LegReady | LegFailed


def decode_dialling_reply(payload: Payload) -> Reply | None:
    """What the carriers' service or a media server answers; None for anything else.

    Raises:
        WireError: the answer lacks what it must say.
    """
    match payload.get(Field.EVENT_CATEGORY), payload.get(Field.EVENT_NAME):
        case Category.RESOURCE, EventName.OFFNET_RESP:
            OFFNET_RESP.check(payload)
            return CarrierDone(
                payload[Field.MSG_ID],
                str(payload[Field.RESPONSE_MESSAGE]),
                _text(payload, Field.RESPONSE_CODE),
            )
        case Category.RESOURCE, EventName.ORIGINATE_UUID:
            call_id, queue = _text(payload, Field.OUTBOUND_CALL_ID), _text(payload, Field.OUTBOUND_CONTROL)
            if not call_id or not queue:
                raise WireError("originate_uuid: names no leg or no control queue")
            return LegControlled(payload[Field.MSG_ID], call_id, queue)
        case Category.DIALPLAN, EventName.ORIGINATE_READY:
            ORIGINATE_READY.check(payload)
            return LegPrepared(
                payload[Field.MSG_ID],
                str(payload[Field.CALL_ID]),
                str(payload[Field.CONTROL_QUEUE]),
                _text(payload, Field.SERVER_ID) or "",
            )
        case Category.RESOURCE, EventName.ORIGINATE_RESP:
            return _originated(payload)
        case Category.ERROR, EventName.ORIGINATE_RESP:
            return LegFailed(payload.get(Field.MSG_ID, ""), _text(payload, Field.ERROR_MESSAGE) or "")
    return None


def _originated(payload: Payload) -> LegReady | LegFailed:
    msg_id = payload.get(Field.MSG_ID, "")
    if (response := _text(payload, Field.APPLICATION_RESPONSE)) == "SUCCESS":
        return LegReady(msg_id, _text(payload, Field.CALL_ID) or "")
    return LegFailed(msg_id, _text(payload, Field.HANGUP_CAUSE) or response or "")


def encode_dialling_reply(event: Reply, server_id: str, *, node: str) -> Message:
    """The answer to `server_id` as Kazoo publishes it."""
    category, app, api = Category.RESOURCE, ECALLMGR, ORIGINATE_RESP
    asks_at: str | None = None
    match event:
        case CarrierDone(cause=cause, code=code):
            app, api = STEPSWITCH, OFFNET_RESP
            body: Payload = {Field.RESPONSE_MESSAGE: cause, Field.RESPONSE_CODE: code or ""}
        case LegControlled(call_id=call_id, control_queue=queue):
            api = ORIGINATE_UUID
            body = {Field.OUTBOUND_CALL_ID: call_id, Field.OUTBOUND_CONTROL: queue}
        case LegPrepared(call_id=call_id, control_queue=queue, queue=asks_at):
            category, api = Category.DIALPLAN, ORIGINATE_READY
            body = {Field.CALL_ID: call_id, Field.CONTROL_QUEUE: queue}
        case LegReady(call_id=call_id):
            body = {Field.CALL_ID: call_id, Field.APPLICATION_RESPONSE: "SUCCESS"}
        case LegFailed(cause=cause):
            category, body = Category.ERROR, {Field.ERROR_MESSAGE: cause}
    payload = seal(
        api, body, kind=(category, api.name), app=app, node=node, msg_id=event.msg_id, server_id=asks_at
    )
    return Message(Exchange.TARGETED, server_id, payload, event.msg_id)


def _text(payload: Mapping[str, object], name: str) -> str | None:
    value = payload.get(name)
    return value if isinstance(value, str) and value else None
