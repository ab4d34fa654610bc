"""A device's documents become the endpoints that ring it, as Kazoo's `kz_endpoint` builds them.

Left out, as `docs/differences.md` says: phones of Kazoo's mobile and Skype services, formatters, T.38,
recording by a device's settings, metaflows, and headers that the caller's device wants to be sent along.
Source: kz_endpoint.erl of Kazoo 4.3 and kz_endpoint_v4.erl, create_endpoints, create_sip_endpoint and
create_push_endpoint; kz_media_util.erl, media_path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pivot.cluster.attributes import Document, inside, is_false, is_true, merged, text
from pivot.cluster.device import Device, named
from pivot.cluster.forwarding import Forwarding
from pivot.model.call import Call
from pivot.model.dialling import Endpoint, EndpointKind

_INVITE_FORMATS = frozenset({"e164", "npan", "1npan", "contact", "strip_plus"})
"""Besides `username`, which is the usual, and `route`."""
_TRANSPORTS = frozenset({"udp", "tcp", "tls", "sctp"})
_ENCRYPTION: Mapping[str, Document] = {
    "srtp": {"RTP-Secure-Media": "true"},
    "zrtp": {"ZRTP-Secure-Media": "true", "ZRTP-Enrollment": "true"},
}
_ANYBODYS_MEDIA = ("/system_media", "system_media", "local_stream://", "silence_stream://")


@dataclass(frozen=True, slots=True)
class Owned:
    """A device's document and its owner's, which is empty when nobody owns it or several people share it."""

    device: Document
    owner: Document


def endpoints_of(call: Call, devices: Iterable[Owned], account: Document) -> tuple[Endpoint, ...]:
    """Who is rung for these devices: their phones and the numbers they are forwarded to, each number once.

    Args:
        account: the account's document, empty when it could not be read.
    """
    found: list[Endpoint] = []
    for owned in devices:
        for endpoint in _of_device(call, owned, account):
            twin = (endpoint.kind, endpoint.address)
            if endpoint.kind is not EndpointKind.NUMBER or all((f.kind, f.address) != twin for f in found):
                found.append(endpoint)
    return tuple(found)


def _of_device(call: Call, owned: Owned, account: Document) -> Iterable[Endpoint]:
    if owned.device.get("pvt_type") != "device" or is_true(owned.device.get("pvt_deleted")):
        return
    settings = merged(owned.device, owned.owner, account)
    device = Device(call, settings, text(account, "realm"))
    if device.must_not_ring():
        return
    forwarding = Forwarding(device)
    phone = None if forwarding.replaces else _phone(device, forwarding)
    if phone is not None:
        yield phone
    if forwarding.rings:
        yield forwarding.endpoint()


def _phone(device: Device, forwarding: Forwarding) -> Endpoint | None:
    """The device itself; None when there is no way to ring it."""
    settings = device.settings
    headers, details = device.headers(), _details(device)
    ringtone = text(device.call.key_value_store, "Override-Ringtone") or text(
        settings, "ringtones", device.side
    )
    if ringtone is not None:
        headers["Alert-Info"] = ringtone
    push, invite_format = settings.get("push"), text(settings, "sip", "invite_format")
    kind, address = EndpointKind.ROUTE, text(settings, "sip", "route")
    if isinstance(push, Mapping) and push:
        address = _through_proxy(device, push)
        headers |= _woken(device, push)
        details["Endpoint-Delay"] = 5
    elif settings.get("device_type") in ("mobile", "skype"):
        return None
    elif invite_format != "route":
        at_fixed_address = text(settings, "sip", "ip") is not None
        kind, address = EndpointKind.DEVICE, device.username or ("" if at_fixed_address else None)
        if invite_format in _INVITE_FORMATS:
            details["Invite-Format"] = invite_format
    if address is None:
        return None
    transport = text(settings, "sip", "transport")
    return Endpoint(
        label=device.name,
        call_id="",
        kind=kind,
        address=address,
        realm=device.realm,
        transport=transport if transport in _TRANSPORTS else None,
        headers=named(headers),
        variables=device.variables() | _media_variables(settings),
        details=details,
        failover=forwarding.endpoint() if forwarding.helps_out else None,
    )


def _through_proxy(device: Device, push: Mapping[str, object]) -> str | None:
    """A phone that its maker's service wakes up registers at the proxy that has it woken."""
    proxy = push.get("Token-Proxy")
    if device.username is None or not isinstance(proxy, str):
        return None
    return f"sip:{device.username}@{device.realm};fs_path='{proxy}'"


def _woken(device: Device, push: Mapping[str, object]) -> dict[str, str]:
    told = {name: value for name, value in push.items() if name != "Invite-Format"}
    if text(push, "Token-Type") is not None:
        told |= {"Endpoint-ID": device.id, "Account-ID": device.call.account_id}
    return {f"X-KAZOO-PUSHER-{name}": value for name, value in told.items() if isinstance(value, str)}


def _details(device: Device) -> Document:
    """Members of the endpoint that only a phone has."""
    settings = device.settings
    members: Document = {
        "To-User": text(settings, "sip", "static_invite"),
        "To-DID": text(settings, "sip", "number") or device.call.request.user,
        "To-IP": text(settings, "sip", "ip"),
        "SIP-Interface": text(settings, "sip", "custom_sip_interface"),
        "Proxy-IP": text(settings, "sip", "proxy"),
        "Forward-IP": text(settings, "sip", "forward"),
        "Ignore-Early-Media": "true" if is_true(inside(settings, "media", "ignore_early_media")) else None,
        "Bypass-Media": "true" if is_true(inside(settings, "media", "bypass_media")) else None,
        "Codecs": _codecs(settings) or None,
        "Hold-Media": _hold_media(device),
        "Ignore-Completed-Elsewhere": _ignore_completed_elsewhere(settings),
        "Endpoint-ID": device.id,
    }
    return device.shown() | {name: value for name, value in members.items() if value is not None}


def _codecs(settings: Document) -> list[str]:
    wanted: list[str] = []
    for kind in ("audio", "video"):
        codecs = inside(settings, "media", kind, "codecs")
        wanted += [codec for codec in codecs if isinstance(codec, str)] if isinstance(codecs, list) else []
    return wanted


def _hold_media(device: Device) -> str | None:
    media = text(device.settings, "music_on_hold", "media_id")
    if media is None or media.startswith(_ANYBODYS_MEDIA) or "/" in media:
        return media
    return f"/{device.call.account_id}/{media}"


def _ignore_completed_elsewhere(settings: Document) -> bool:
    """Whether the phone counts no missed call when another one was answered."""
    places = (("caller_id_options",), ("sip",), ())
    found = (inside(settings, *place, "ignore_completed_elsewhere") for place in places)
    return is_true(next((value for value in found if value is not None), True))


def _media_variables(settings: Document) -> Document:
    """Custom-Channel-Vars: encryption, browsers, fax, and whether the phone takes a second call."""
    enforced = not is_false(inside(settings, "media", "encryption", "enforce_security"))
    variables: Document = {"Media-Encryption-Enforce-Security": enforced}
    multiplexed = inside(settings, "media", "rtcp_mux")
    if multiplexed is not None:
        variables["RTCP-MUX"] = is_true(multiplexed)
    if inside(settings, "media", "fax_option") == "auto":
        variables["Fax-Enabled"] = "true"
    if is_true(inside(settings, "media", "webrtc")):
        variables |= {"Media-Webrtc": "true", "RTCP-MUX": True}
    methods = inside(settings, "media", "encryption", "methods")
    for method in methods if isinstance(methods, list) else []:
        variables |= _ENCRYPTION.get(str(method), {})
    if is_false(inside(settings, "call_waiting", "enabled")):
        variables["Call-Waiting-Disabled"] = True
    return variables
