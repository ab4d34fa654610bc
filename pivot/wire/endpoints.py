"""Parties that are rung, as a `bridge` or an `originate_req` names them.

Kazoo 4.3's switch side rings a device by its SIP user name, which it looks up among the registrations. That
of Kazoo 5 knows no such way any more: it is given the device's id and reads its settings itself. Which of
them a call is on shows in the address of its control process: 4.3's is a queue, 5's a process behind one.
Source: kapi_dialplan.erl, bridge endpoints; ecallmgr_util.erl, get_sip_contact; kz_endpoint_v4.erl,
create_sip_endpoint and create_call_fwd_endpoint; kz_endpoint_v5.erl, create_sip_endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, unquote

from pivot.model.call import Call
from pivot.model.dialling import Endpoint, EndpointKind
from pivot.model.instructions import NameValue
from pivot.model.switch_text import (
    ADDRESS_PART,
    CALLER_NAME,
    CODEC,
    HEADER,
    QUOTED,
    VARIABLE,
    is_address,
    is_kazoo_media,
    is_web_url,
    may_be_caller,
    may_be_header,
    may_be_number,
)
from pivot.wire.address import is_process
from pivot.wire.names import Field
from pivot.wire.payload import Payload

_LABEL = "Pivot-Label"
"""In Custom-Channel-Vars: how the document names the party, percent-encoded like a URL."""
_IN_LABELS = "@:;+=?&/ "
_GUARDS: Final[Mapping[str, Callable[[str], bool]]] = {
    Field.ROUTE: lambda text: is_address(text) or may_be_number(text),
    Field.AUTH_USER: QUOTED.takes,
    Field.AUTH_PASSWORD: QUOTED.takes,
    "Require-Fail-On-Single-Reject": QUOTED.takes,  # a list of ours, with commas
    Field.OUTBOUND_CALLER_ID_NUMBER: lambda text: text == "" or may_be_caller(text),
    "Codecs": CODEC.takes,
    Field.HOLD_MEDIA: lambda text: is_kazoo_media(text) or (is_web_url(text) and HEADER.takes(text)),
    Field.SIP_TRANSPORT: ADDRESS_PART.takes,
    Field.TO_REALM: ADDRESS_PART.takes,
    Field.TO_DID: may_be_number,
    Field.ENDPOINT_URI: ADDRESS_PART.takes,
    "To-IP": ADDRESS_PART.takes,
    "SIP-Interface": ADDRESS_PART.takes,
    "Proxy-IP": ADDRESS_PART.takes,
    "Forward-IP": ADDRESS_PART.takes,
}
"""Where something else than a plain value may stand."""
_NAMES: Final = frozenset({"Outbound-Callee-ID-Name", Field.OUTBOUND_CALLER_ID_NAME})
"""What of these may not be sent is taken out of them, as the switch's side does."""
_UNQUOTED: Final = frozenset({Field.ROUTE, Field.HOLD_MEDIA, Field.TO_USERNAME})
"""Beside the headers: where a blank ends the arguments of the call that rings a party apart."""
_GUARDED_ALREADY: Final = frozenset({Field.CUSTOM_SIP_HEADERS, Field.FAILOVER})
_BY_ID = "endpoint"
"""Invite-Format of a device that the switch's side looks up by its id."""


def encode_endpoint(call: Call, endpoint: Endpoint, *, apart: bool = False) -> Payload:
    """The endpoint as the switch's side takes it; one without Invite-Format would vanish in silence.

    What would be more than a value in the dial string is left out; a party without an address is not rung.

    Args:
        apart: it is rung by a call of its own, whose arguments end at a blank.
    """
    optional: Payload = {
        Field.SIP_TRANSPORT: endpoint.transport,
        Field.AUTH_USER: endpoint.username,
        Field.AUTH_PASSWORD: endpoint.password,
        Field.ENDPOINT_TIMEOUT: None if endpoint.timeout_s is None else str(round(endpoint.timeout_s)),
        Field.CUSTOM_SIP_HEADERS: _headers(endpoint, apart) or None,
        Field.ACCOUNT_ID: call.account_id,
        Field.FAILOVER: _failover(call, endpoint, apart),
    }
    members: Payload = {
        Field.INVITE_FORMAT: endpoint.kind.value,
        **_address(endpoint),
        **endpoint.details,
        **{name: value for name, value in optional.items() if value is not None},
        **_by_id(call, endpoint),
        Field.OUTBOUND_CALL_ID: endpoint.call_id,
        Field.CUSTOM_CHANNEL_VARS: {**endpoint.variables, _LABEL: quote(endpoint.label, safe=_IN_LABELS)},
    }
    guarded = _guarded(members)
    return _without_blanks(guarded) if apart else guarded


def _without_blanks(members: Payload) -> Payload:
    """Numbers lose theirs, which mean nothing; other values go."""
    if members.get(Field.INVITE_FORMAT) == EndpointKind.NUMBER.value:
        number = str(members.get(Field.ROUTE, "")).replace(" ", "")
        members = {**members, Field.ROUTE: number, Field.TO_DID: number}
    return {
        name: value
        for name, value in members.items()
        if name not in _UNQUOTED or not isinstance(value, str) or " " not in value
    }


def _guarded(members: Mapping[str, Any]) -> Payload:
    """Documents and the account's database say much of this; their authors have no say in the switch."""
    kept = {name: _sendable(name, value) for name, value in members.items() if VARIABLE.takes(name)}
    return {name: value for name, value in kept.items() if value is not None}


def _sendable(name: str, value: Any) -> Any:
    match value:
        case str():
            if name in _NAMES:
                return CALLER_NAME.cleaned(value)
            return value if _GUARDS.get(name, HEADER.takes)(value) else None
        case list():
            return [each for each in value if _sendable(name, each) is not None]
        case Mapping() if name not in _GUARDED_ALREADY:
            return _guarded(value)
    return value


def _headers(endpoint: Endpoint, apart: bool) -> dict[str, str]:
    """The last guard: who made the endpoint has left out, and warned of, what may not be sent."""
    return {
        item.name: item.value
        for item in endpoint.headers
        if may_be_header(item.name, item.value) and not (apart and " " in item.value)
    }


def _address(endpoint: Endpoint) -> Payload:
    match endpoint.kind:
        case EndpointKind.ROUTE:
            return {Field.ROUTE: endpoint.address}
        case EndpointKind.NUMBER:
            return {Field.ROUTE: endpoint.address, Field.TO_DID: endpoint.address}
        case EndpointKind.DEVICE:
            return {
                Field.TO_USER: endpoint.address,
                Field.TO_USERNAME: endpoint.address,
                Field.TO_REALM: endpoint.realm,
            }


def _by_id(call: Call, endpoint: Endpoint) -> Payload:
    """How Kazoo 5's switch side finds a device; nothing for 4.3's, and for who is no device."""
    device_id = endpoint.details.get(Field.ENDPOINT_ID)
    if endpoint.kind is not EndpointKind.DEVICE or device_id is None or not is_process(call.control_queue):
        return {}
    return {Field.INVITE_FORMAT: _BY_ID, Field.ENDPOINT_URI: f"{device_id}@{call.account_id}"}


def _failover(call: Call, endpoint: Endpoint, apart: bool) -> Payload | None:
    other = endpoint.failover
    if other is None:
        return None
    party = replace(other, label=endpoint.label, call_id=endpoint.call_id)
    return encode_endpoint(call, party, apart=apart)


def decode_endpoint(members: Payload) -> Endpoint:
    """The endpoint in a message, for who plays the switch."""
    written = members[Field.INVITE_FORMAT]
    routed = (EndpointKind.ROUTE.value, EndpointKind.NUMBER.value)
    kind = EndpointKind(written) if written in routed else EndpointKind.DEVICE
    variables = dict(members.get(Field.CUSTOM_CHANNEL_VARS, {}))
    address = members.get(Field.TO_USERNAME if kind is EndpointKind.DEVICE else Field.ROUTE, "")
    timeout = members.get(Field.ENDPOINT_TIMEOUT)
    return Endpoint(
        label=unquote(variables.pop(_LABEL, address)),
        call_id=members[Field.OUTBOUND_CALL_ID],
        kind=kind,
        address=address,
        realm=members.get(Field.TO_REALM, ""),
        transport=members.get(Field.SIP_TRANSPORT),
        username=members.get(Field.AUTH_USER),
        password=members.get(Field.AUTH_PASSWORD),
        headers=tuple(NameValue(*item) for item in members.get(Field.CUSTOM_SIP_HEADERS, {}).items()),
        timeout_s=None if timeout is None else float(timeout),
        variables=variables,
    )
