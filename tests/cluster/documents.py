"""An account, a user and a device as Kazoo stores them, and the views over them that are asked."""

from __future__ import annotations

from typing import Any

from tests.calls import ACCOUNT_ID

REALM = "acme.sip.example.com"


def account(**changes: Any) -> dict[str, Any]:
    return {
        "_id": ACCOUNT_ID,
        "pvt_type": "account",
        "name": "Acme",
        "realm": REALM,
        "caller_id": {"external": {"number": "+15550001000", "name": "Acme Inc."}},
    } | changes


def user(user_id: str = "user-1", **changes: Any) -> dict[str, Any]:
    return {
        "_id": user_id,
        "pvt_type": "user",
        "pvt_account_id": ACCOUNT_ID,
        "username": f"{user_id}@acme.example.com",
        "first_name": "Kate",
        "last_name": "Miller",
        "enabled": True,
        "presence_id": "2001",
        "caller_id": {"internal": {"number": "2001"}},
    } | changes


def device(device_id: str = "device-1", **changes: Any) -> dict[str, Any]:
    return {
        "_id": device_id,
        "pvt_type": "device",
        "pvt_account_id": ACCOUNT_ID,
        "name": f"Phone {device_id}",
        "owner_id": "user-1",
        "enabled": True,
        "device_type": "sip_device",
        "sip": {"method": "password", "username": f"sip_{device_id}", "password": "secret"},
        "media": {"audio": {"codecs": ["OPUS", "PCMU"]}, "encryption": {"methods": ["srtp"]}},
    } | changes


def _view(body: str) -> dict[str, str]:
    return {"map": f"function (doc) {{ if (!doc.pvt_deleted) {{ {body} }} }}"}


_OWNERS = "var owners = Object.keys((doc.hotdesk || {}).users || {});"
DESIGNS: list[dict[str, Any]] = [
    {
        "_id": "_design/attributes",
        "language": "javascript",
        "views": {
            "owned": _view(
                f"{_OWNERS} if (!owners.length && doc.owner_id) owners = [doc.owner_id];"
                " owners.forEach(function (id) { emit([id, doc.pvt_type], doc._id); });"
            ),
            "sip_username": _view(
                "if (doc.sip && doc.sip.username && doc.sip.method == 'password') emit(doc.sip.username, []);"
            ),
        },
    },
    {
        "_id": "_design/users",
        "language": "javascript",
        "views": {
            "list_by_username": _view("if (doc.pvt_type == 'user' && doc.username) emit(doc.username, null);")
        },
    },
    {
        "_id": "_design/devices",
        "language": "javascript",
        "views": {
            "crossbar_listing": _view(
                "if (doc.pvt_type == 'device') emit(doc._id, {id: doc._id, name: doc.name,"
                " username: (doc.sip || {}).username});"
            )
        },
    },
]
"""What Kazoo's views of these names emit, as far as it is asked for."""
