"""How ecallmgr of Kazoo 4.3 and of Kazoo 5 writes dial strings and arguments from our messages: a model.

Read in ecallmgr_fs_bridge.erl (create_command), ecallmgr_fs_xml.erl (get_leg_vars, get_channel_vars,
kazoo_var_to_fs_var, sip_headers_fold, encode_fs_val), ecallmgr_util.erl (build_bridge_string,
get_sip_contact, media_path), ecallmgr_originate.erl and kz_json.erl (lift_common_properties); the forms were
seen on a running Kazoo. Endpoints' names are those of our messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

Version = Literal["4.3", "5"]

_VARIABLES = {
    "Auth-Password": "sip_auth_password",
    "Auth-User": "sip_auth_username",
    "Call-Forward-For-UUID": "loopback_from_uuid",
    "Endpoint-Delay": "leg_delay_start",
    "Endpoint-Progress-Timeout": "leg_progress_timeout",
    "Endpoint-Timeout": "leg_timeout",
    "Ignore-Completed-Elsewhere": "ignore_completed_elsewhere",
    "Ignore-Early-Media": "ignore_early_media",
    "Loopback-Bowout": "loopback_bowout",
    "Outbound-Call-ID": "origination_uuid",
    "Outbound-Callee-ID-Name": "origination_callee_id_name",
    "Outbound-Callee-ID-Number": "origination_callee_id_number",
    "Outbound-Caller-ID-Name": "origination_caller_id_name",
    "Outbound-Caller-ID-Number": "origination_caller_id_number",
    "Presence-ID": "presence_id",
    "Privacy-Method": "privacy_method",
    "RTCP-MUX": "rtcp_mux",
    "Simplify-Loopback": "loopback_bowout_on_execute",
}
_UNLIFTABLE = {
    *("Account-ID", "Endpoint-Type", "Failover", "Forward-IP", "Invite-Format", "Proxy-IP", "Proxy-Zone"),
    *("Route", "SIP-Interface", "SIP-Transport", "To-DID", "To-IP", "To-Realm", "To-User", "To-Username"),
    *("Confirm-Cancel-Timeout", "Confirm-File", "Confirm-Key", "Confirm-Read-Timeout"),
}
_NAMES = ("Outbound-Caller-ID-Name", "Outbound-Callee-ID-Name", "Caller-ID-Name", "Callee-ID-Name")

Path = tuple[str, ...]


def written_bridge(message: Mapping[str, Any], version: Version) -> str:
    """The argument of `bridge`: common properties first, then all endpoints at once."""
    endpoints = message["Endpoints"]
    flat = [_flat(endpoint) for endpoint in endpoints]
    common = _common(flat) if len(flat) > 1 else {}
    own = [{path: value for path, value in each.items() if path not in common} for each in flat]
    outer = {key: value for key, value in message.items() if key != "Endpoints"}
    block = _block(_flat(outer) | common, version)
    return block + ",".join(_endpoint(each, version) for each in own)


def written_originate(message: Mapping[str, Any], version: Version) -> str:
    """The argument of the API `originate`."""
    (endpoint,) = message["Endpoints"]
    action = "&park()"
    if "Eavesdrop-Call-ID" in message:
        action = f"eavesdrop:{message['Eavesdrop-Call-ID']} inline"
    outer = {key: value for key, value in message.items() if key != "Endpoints"}
    return f"{_block(_flat(outer), version)}{_endpoint(_flat(endpoint), version)} {action}"


def written_multiset(message: Mapping[str, Any]) -> str:
    """The argument of `kz_multiset` for a `set`."""
    variables = message["Custom-Channel-Vars"].items()
    return "^^~" + "~".join(f"ecallmgr_{name}={_text(value)}" for name, value in variables)


def written_media(name: str) -> str:
    """The argument of `playback` for a media name; ids are looked up, and nothing is found."""
    if name.startswith(("http://", "https://")):
        return f"http_cache://{name}"
    if name.startswith("local_stream://"):
        name = name.removeprefix("local_stream://")
        return name if name.startswith("/") else f"recordings:{name}"
    if re.fullmatch(r"/[0-9a-f]{32}/[^/]+|/?system_media/[^/]+", name):
        return f"http_cache://http://media.kazoo.test{name}"
    return name


def meant(members: Mapping[str, Any]) -> dict[str, str]:
    """Variables that these members of a message have to become, whatever form they travel in."""
    pairs = (_variable(path, given) for path, given in _flat(members).items())
    return {name: value.strip(" ") for name, value in filter(None, pairs) if value.strip(" ")}


def _block(flat: dict[Path, Any], version: Version) -> str:
    written = ["Overwrite-Channel-Vars=true", *_variables(flat, version)]
    inside = ",".join(written)
    return f"<{inside}>" if version == "5" else f"{{{inside}}}"


def _endpoint(flat: dict[Path, Any], version: Version) -> str:
    written = "!".join(_variables(flat, version))
    return f"[^^!{written}]{_contact(flat)}" if written else _contact(flat)


def _contact(flat: dict[Path, Any]) -> str:
    route = str(flat.get(("Route",), ""))
    match flat[("Invite-Format",)]:
        case "route":
            return f"sofia/sipinterface_1/{route}"
        case "loopback":
            return f"loopback/{route}/context_2"
        case "endpoint":
            return f"kz/{flat.get(('Endpoint-URI',), '')}"
    interface = flat.get(("SIP-Interface",), "sipinterface_1")
    address = flat.get(("To-IP",), "registered.contact.test:5060")
    transport = flat.get(("SIP-Transport",))
    return f"sofia/{interface}/sip:{address}" + (f";transport={transport}" if transport else "")


def _variables(flat: dict[Path, Any], version: Version) -> Iterator[str]:
    codecs = [str(value) for path, value in flat.items() if path[0] == "Codecs"]
    if codecs:
        yield f"absolute_codec_string='^^:{':'.join(codecs)}'"
    for path, given in flat.items():
        pair = _variable(path, given)
        if pair is None or path[0] == "Codecs":
            continue
        name, value = pair
        bare = (
            name == "hold_music"
            or (name.startswith("sip_h_") and version == "5")
            or name == "origination_uuid"
        )
        escaped = value.replace("'", "\\'")
        yield f"{name}={value}" if bare else f"{name}='{escaped}'"


def _variable(path: Path, given: Any) -> tuple[str, str] | None:
    value = _text(given)
    match path:
        case ("Custom-SIP-Headers", name):
            return f"sip_h_{name}", value
        case ("Custom-Channel-Vars", name):
            return _VARIABLES.get(name, f"ecallmgr_{name}"), value
        case ("To-User",):
            return "ecallmgr_Username", value
        case ("To-Realm",):
            return "ecallmgr_Realm", value
        case ("Forward-IP",):
            return "sip_route_uri", value if value.startswith("sip:") else f"sip:{value}"
        case ("Hold-Media",):
            return "hold_music", written_media(value)
        case (name,) if name in _VARIABLES:
            return _VARIABLES[name], re.sub(r"[^0-9\w\s-]", "", value) if name in _NAMES else value
    return None


def _common(flat: list[dict[Path, Any]]) -> dict[Path, Any]:
    first, *others = flat
    return {
        path: value
        for path, value in first.items()
        if path[0] not in _UNLIFTABLE and all(path in each and each[path] == value for each in others)
    }


def _flat(document: Mapping[str, Any], *before: str) -> dict[Path, Any]:
    flat: dict[Path, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, *before, name)
        elif isinstance(value, list):
            flat |= {(*before, name, str(number)): each for number, each in enumerate(value)}
        else:
            flat[(*before, name)] = value
    return flat


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
