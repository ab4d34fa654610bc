"""How an account, a user and a device want their callers shown.

Left out: `caller_id_options.format`, and the check whether a carrier may be shown the number, which the
carriers' service makes itself.
Source: kz_attributes.erl, get_endpoint_cid, maybe_use_presence_number and presence_id.
"""

from __future__ import annotations

from pivot.cluster.attributes import Document, merged, text
from pivot.model.dialling import CallerId, Identity


def identity_of(device: Document, owner: Document, account: Document) -> Identity:
    """Who their callers are.

    Args:
        device: empty when a user or the account itself calls.
        owner: the user, empty when nobody owns the device.
    """
    settings = merged(device, owner, account)
    presence = settings["presence_id"] or text(device, "sip", "username")
    extension = (settings["presence_id"] or "").partition("@")[0]
    realm = text(account, "realm")
    return Identity(
        inside=CallerId(_number(settings, "internal") or extension, _name(settings, "internal")),
        outside=CallerId(_number(settings, "external"), _name(settings, "external")),
        emergency=CallerId(
            _number(settings, "emergency") or _number(settings, "external"),
            _name(settings, "emergency") or _name(settings, "external"),
        ),
        presence_id=f"{presence}@{realm}" if presence and realm and "@" not in presence else presence or "",
    )


def _number(settings: Document, side: str) -> str:
    return text(settings, "caller_id", side, "number") or ""


def _name(settings: Document, side: str) -> str:
    return text(settings, "caller_id", side, "name") or ""
