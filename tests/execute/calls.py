"""Requests for the tests of what is sent, made from a Call object as it stands on the bus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pivot.execute.parameters import RequestSource
from pivot.execute.profile import Profile, profile_named
from pivot.model.call import BodyFormat, Call, Method, Party, PivotRequest, RequestFormat

VECTORS = Path(__file__).parent.parent / "vectors" / "kazoo"
KAZOO = profile_named("kazoo")
TWILIO = profile_named("twilio")


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def call(wire: dict[str, Any]) -> Call:
    """A Call with the defaults that the bus's decoder fills in."""
    return Call(
        call_id=wire["Call-ID"],
        account_id=wire.get("Account-ID"),
        control_queue=wire.get("Control-Queue"),
        controller_queue=wire.get("Controller-Queue"),
        from_=_party(wire.get("From")),
        to=_party(wire.get("To")),
        request=_party(wire.get("Request")),
        caller_id_name=wire.get("Caller-ID-Name") or "unknown",
        caller_id_number=wire.get("Caller-ID-Number") or "anonymous",
        direction=wire.get("Call-Direction") or "inbound",
        language=wire.get("Language") or "en-us",
        owner_id=wire.get("Owner-ID"),
        custom_application_vars=wire.get("Custom-Application-Vars", {}),
        custom_sip_headers=wire.get("Custom-SIP-Headers", {}),
        key_value_store=wire.get("Key-Value-Store", {}),
    )


def pivot_request(wire: dict[str, Any]) -> PivotRequest:
    """A `pivot_req` as on the bus."""
    return PivotRequest(
        msg_id="m1",
        call=call(wire["Call"]),
        voice_uri=wire["Voice-URI"],
        method=Method(wire.get("HTTP-Method", "get")),
        format=RequestFormat(wire.get("Request-Format", "twiml")),
        body_format=BodyFormat(wire.get("Request-Body-Format", "form")),
        cdr_uri=wire.get("CDR-URI"),
    )


def source(
    profile: Profile = KAZOO,
    wire: dict[str, Any] | None = None,
    *,
    url: str = "https://app.test/voice",
    method: str = "post",
    body_format: str = "form",
    format: str = "twiml",
    **more: Any,
) -> RequestSource:
    """The first request of an ordinary call; `wire` adds to its Call object, `more` to the source."""
    plain_call = {
        "Call-ID": "call-1@host",
        "Account-ID": "0123456789abcdef0123456789abcdef",
        "From": "+15550001111@carrier.test",
        "To": "+15552223333@pbx.test",
        "Request": "+15552223333@pbx.test",
        "Caller-ID-Name": "Bob",
        "Caller-ID-Number": "+15550001111",
    }
    request = pivot_request(
        {
            "Call": plain_call | (wire or {}),
            "Voice-URI": url,
            "HTTP-Method": method,
            "Request-Format": format,
            "Request-Body-Format": body_format,
        }
    )
    return RequestSource(request=request, profile=profile, url=url, method=request.method, **more)


def _party(uri: str | None) -> Party:
    user, _, realm = (uri or "nouser@norealm").partition("@")
    return Party(user, realm)
