"""`pivot_req`: what callflow asks of us.

Source: kapi_pivot.erl; pivot_call.erl, init; kapps_call.erl, from_json; kzt_util.erl, http_method.
"""

from __future__ import annotations

from pivot.errors import WireError
from pivot.model.call import BodyFormat, Call, Method, Party, PivotRequest, RequestFormat
from pivot.model.json import JsonObject
from pivot.wire.envelope import CALLFLOW, Message, publishable, strip_deep
from pivot.wire.message_kinds import PIVOT_REQ
from pivot.wire.message_rules import is_integer, is_true, shown
from pivot.wire.names import Category, EventName, Exchange, Field
from pivot.wire.payload import Payload, decode
from pivot.wire.routing import pivot_request

NO_USER = "nouser"
NO_REALM = "norealm"


class RequestError(WireError):
    """A request that cannot be served.

    Attributes:
        call_id, controller_queue: when both are known, callflow waits there for `failed` about this call.
    """

    def __init__(self, message: str, call_id: str | None = None, controller_queue: str | None = None) -> None:
        super().__init__(message)
        self.call_id = call_id
        self.controller_queue = controller_queue


def decode_request(body: bytes) -> PivotRequest:
    """The request that a message on the shared queue holds, with Kazoo's effective defaults.

    Raises:
        RequestError: unreadable or invalid; names the member at fault.
    """
    try:
        payload = decode(body)
    except WireError as error:
        raise RequestError(str(error)) from error
    try:
        PIVOT_REQ.check(payload)
        return _request(payload)
    except WireError as error:
        raise RequestError(str(error), *_reply_address(payload)) from error


def refused(body: bytes, message: str) -> RequestError:
    """The error for a request that we do not read, with its reply address as far as that can be found."""
    try:
        return RequestError(message, *_reply_address(decode(body)))
    except WireError:
        return RequestError(message)


def encode_request(call: JsonObject, options: JsonObject, *, node: str, msg_id: str) -> Message:
    """The request as callflow publishes it: for simulated callers.

    Args:
        call: the Call object; its From-Realm is in the routing key.
        options: the other members (`Voice-URI`, `Debug`, ...); shared members here win over callflow's own.

    Raises:
        WireError: our own reader would refuse it.
    """
    payload: Payload = {
        Field.NODE: node,
        Field.MSG_ID: msg_id,
        Field.EVENT_NAME: EventName.PIVOT_REQ,
        Field.EVENT_CATEGORY: Category.DIALPLAN,
        Field.APP_VERSION: CALLFLOW.version,
        Field.APP_NAME: CALLFLOW.name,
        **options,
        Field.CALL: call,
    }
    realm = _text(call, Field.FROM_REALM) or _party(call, Field.FROM, Field.FROM_USER, Field.FROM_REALM).realm
    return Message(
        Exchange.CALLMGR, pivot_request(realm), publishable(PIVOT_REQ, payload, strip_deep), msg_id
    )


def _request(payload: Payload) -> PivotRequest:
    return PivotRequest(
        msg_id=_text(payload, Field.MSG_ID) or "",
        call=decode_call(payload[Field.CALL]),
        voice_uri=_text(payload, Field.VOICE_URI) or "",
        method=_method(payload.get(Field.HTTP_METHOD)),
        format=RequestFormat.KAZOO
        if payload.get(Field.REQUEST_FORMAT) == RequestFormat.KAZOO
        else RequestFormat.TWIML,
        body_format=BodyFormat.JSON
        if payload.get(Field.REQUEST_BODY_FORMAT) == BodyFormat.JSON
        else BodyFormat.FORM,
        timeout_s=_timeout_s(payload.get(Field.REQUEST_TIMEOUT)),
        cdr_uri=_text(payload, Field.CDR_URI),
        debug=is_true(payload.get(Field.DEBUG)),
        node=_text(payload, Field.NODE) or "",
    )


def decode_call(call: JsonObject) -> Call:
    """The Call object with Kazoo's defaults.

    Raises:
        WireError: it has no Call-ID, so nothing could be said to anybody about it.
    """
    call_id = _text(call, Field.CALL_ID)
    if call_id is None:
        raise WireError(f"pivot_req: Call.{Field.CALL_ID} is {shown(call.get(Field.CALL_ID))}, want a text")
    return Call(
        call_id=call_id,
        account_id=_text(call, Field.ACCOUNT_ID),
        control_queue=_text(call, Field.CONTROL_QUEUE),
        controller_queue=_text(call, Field.CONTROLLER_QUEUE),
        from_=_party(call, Field.FROM, Field.FROM_USER, Field.FROM_REALM),
        to=_party(call, Field.TO, Field.TO_USER, Field.TO_REALM),
        request=_party(call, Field.REQUEST, Field.REQUEST_USER, Field.REQUEST_REALM),
        caller_id_name=_text(call, Field.CALLER_ID_NAME) or "unknown",
        caller_id_number=_text(call, Field.CALLER_ID_NUMBER) or "anonymous",
        direction=_text(call, Field.CALL_DIRECTION) or "inbound",
        language=_text(call, Field.LANGUAGE) or "en-us",
        resource_type=_text(call, Field.RESOURCE_TYPE),
        inception=_text(call, Field.INCEPTION),
        authorizing_id=_text(call, Field.AUTHORIZING_ID),
        authorizing_type=_text(call, Field.AUTHORIZING_TYPE),
        owner_id=_text(call, Field.OWNER_ID),
        fetch_id=_text(call, Field.FETCH_ID),
        switch_hostname=_text(call, Field.SWITCH_HOSTNAME),
        switch_nodename=_text(call, Field.SWITCH_NODENAME),
        bridge_id=_text(call, Field.BRIDGE_ID),
        custom_channel_vars=_object(call, Field.CUSTOM_CHANNEL_VARS),
        custom_application_vars=_object(call, Field.CUSTOM_APPLICATION_VARS),
        custom_sip_headers=_object(call, Field.CUSTOM_SIP_HEADERS),
        key_value_store=_object(call, Field.KEY_VALUE_STORE),
        as_received=call,
    )


def _reply_address(payload: Payload) -> tuple[str | None, str | None]:
    call = payload.get(Field.CALL)
    if not isinstance(call, dict):
        return None, None
    return _text(call, Field.CALL_ID), _text(call, Field.CONTROLLER_QUEUE)


def _text(source: JsonObject, name: str) -> str | None:
    """A text, a number as text, or None when it is absent, empty, null or something else."""
    value = source.get(name)
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _object(source: JsonObject, name: str) -> JsonObject:
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def _method(value: object) -> Method:
    """Missing means get; what is neither get nor post means post."""
    if value is None or value == "":
        return Method.GET
    return Method.GET if isinstance(value, str) and value.lower() == Method.GET else Method.POST


def _timeout_s(value: object) -> float | None:
    """Milliseconds to seconds; zero and less fall back to the setting."""
    return value / 1000 if is_integer(value) and isinstance(value, int) and value > 0 else None


def _party(call: JsonObject, whole: str, user: str, realm: str) -> Party:
    """One end of the call; an explicit user or realm beats its part of the whole.

    Source: kapps_call.erl, from_json.
    Differs: a whole value without `@`, on which Kazoo crashes, is a user without a realm.
    """
    name, _, host = (_text(call, whole) or "").partition("@")
    return Party(
        user=_explicit(call, user, NO_USER) or name or NO_USER,
        realm=_explicit(call, realm, NO_REALM) or host or NO_REALM,
    )


def _explicit(call: JsonObject, name: str, placeholder: str) -> str | None:
    value = _text(call, name)
    return None if value == placeholder else value
