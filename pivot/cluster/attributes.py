"""What holds for a device: its own document with those of its owner and its account.

Each setting has a rule of its own who wins. Here are those that matter when the device is rung.
Source: kz_endpoint_v4.erl, merge_attributes; kz_endpoint.erl of Kazoo 4.3; kz_json.erl, merge_recursive.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]
"""JSON, as a database holds it or a message takes it."""

_OWNER_BEFORE_DEVICE = ("caller_id_options", "music_on_hold", "ringtones")


def is_true(value: object) -> bool:
    """Kazoo takes `true` and the text "true"; documents hold both."""
    return value is True or value == "true"


def is_false(value: object) -> bool:
    """True for `false` as a JSON boolean and as text: Kazoo's documents have both."""
    return value is False or value == "false"


def inside(document: Mapping[str, Any], *path: str) -> Any:
    """What stands there, None when nothing does."""
    found: Any = document
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def text(document: Mapping[str, Any], *path: str) -> str | None:
    """A text that is not empty; numbers count, as people write extensions."""
    found = inside(document, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) and found else None


def merged(device: Document, owner: Document, account: Document) -> Document:
    """The device's document with what its owner and its account add to it.

    Args:
        owner: empty for a device that nobody owns, or several people share.
        account: empty when it could not be read.
    """
    result = dict(device)
    result["owner_id"] = owner.get("_id")
    result["name"] = _name(device, owner, account)
    result["call_forward"] = _call_forward(device, owner)
    result["call_waiting"] = _objects(account, owner, device, key="call_waiting")
    result["caller_id"] = _caller_id(device, owner, account)
    result["do_not_disturb"] = {
        "enabled": any(
            is_true(inside(each, "do_not_disturb", "enabled")) for each in (account, owner, device)
        )
    }
    result["presence_id"] = (
        text(owner, "presence_id") or text(device, "presence_id") or text(account, "presence_id")
    )
    for key in _OWNER_BEFORE_DEVICE:
        result[key] = _deep(_object(account, key), _object(device, key), _object(owner, key))
    return result


def owners_of(device: Document) -> tuple[str, ...]:
    """Ids of the users who are logged in at it, or of its owner."""
    users = inside(device, "hotdesk", "users")
    if isinstance(users, Mapping) and users:
        return tuple(users)
    owner = text(device, "owner_id")
    return () if owner is None else (owner,)


def _name(device: Document, owner: Document, account: Document) -> str | None:
    names = [name for key in ("first_name", "last_name") if (name := text(owner, key))]
    return " ".join(names) or text(device, "name") or text(account, "name")


def _call_forward(device: Document, owner: Document) -> Document:
    """The device's own, if it is on; else what its owner has set goes before it."""
    own = _object(device, "call_forward")
    return own if is_true(own.get("enabled")) else own | _object(owner, "call_forward")


def _caller_id(device: Document, owner: Document, account: Document) -> Document:
    of_owner = _object(owner, "caller_id")
    if text(of_owner, "internal", "name") is None and (name := _name({}, owner, {})):
        of_owner = _deep(of_owner, {"internal": {"name": name}})
    order = [_object(device, "caller_id"), of_owner]
    if is_true(account.get("prefer_device_caller_id")):
        order.reverse()
    result = _deep(_object(account, "caller_id"), *order)
    own_emergency = _object(_object(device, "caller_id"), "emergency")
    return _deep(result, {"emergency": own_emergency}) if own_emergency else result


def _object(document: Mapping[str, Any], key: str) -> Document:
    found = document.get(key)
    return dict(found) if isinstance(found, Mapping) else {}


def _objects(*documents: Document, key: str) -> Document:
    """Members of this object, the last document's winning."""
    result: Document = {}
    for document in documents:
        result |= _object(document, key)
    return result


def _deep(*objects: Document) -> Document:
    """All members of all depths, the last that is not empty winning."""
    result: Document = {}
    for each in objects:
        for name, value in each.items():
            if isinstance(value, Mapping):
                result[name] = _deep(_object(result, name), dict(value))
            elif value not in (None, "", [], {}):
                result[name] = value
    return result
