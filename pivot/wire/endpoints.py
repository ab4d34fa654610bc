"""Parties that are rung, as a `bridge` or an `originate_req` names them.

Source: kapi_dialplan.erl, bridge endpoints; kz_endpoint_v4.erl, create_sip_endpoint and
create_call_fwd_endpoint.
"""

from __future__ import annotations

from pivot.model.call import Call
from pivot.model.dialling import Endpoint, EndpointKind
from pivot.model.instructions import NameValue
from pivot.wire.names import Field
from pivot.wire.payload import Payload

_LABEL = "Pivot-Label"
"""In Custom-Channel-Vars: how the document names the party."""


def encode_endpoint(call: Call, endpoint: Endpoint) -> Payload:
    """The endpoint as the switch's side takes it; one without Invite-Format would vanish in silence."""
    optional: Payload = {
        Field.SIP_TRANSPORT: endpoint.transport,
        Field.AUTH_USER: endpoint.username,
        Field.AUTH_PASSWORD: endpoint.password,
        Field.ENDPOINT_TIMEOUT: None if endpoint.timeout_s is None else str(round(endpoint.timeout_s)),
        Field.CUSTOM_SIP_HEADERS: {item.name: item.value for item in endpoint.headers} or None,
        Field.ACCOUNT_ID: call.account_id,
    }
    return {
        **endpoint.details,
        Field.INVITE_FORMAT: endpoint.kind.value,
        **_address(endpoint),
        **{name: value for name, value in optional.items() if value is not None},
        Field.OUTBOUND_CALL_ID: endpoint.call_id,
        Field.CUSTOM_CHANNEL_VARS: {**endpoint.variables, _LABEL: endpoint.label},
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


def decode_endpoint(members: Payload) -> Endpoint:
    """The endpoint in a message, for who plays the switch."""
    kind = EndpointKind(members[Field.INVITE_FORMAT])
    variables = dict(members.get(Field.CUSTOM_CHANNEL_VARS, {}))
    address = members[Field.TO_USERNAME if kind is EndpointKind.DEVICE else Field.ROUTE]
    timeout = members.get(Field.ENDPOINT_TIMEOUT)
    return Endpoint(
        label=variables.pop(_LABEL, address),
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
