"""A device with all that holds for it, and who calls it: what its phone and its forwarded number share.

Source: kz_endpoint_v4.erl, should_create_endpoint, generate_sip_headers and generate_ccvs; kz_attributes.erl,
callee_id and presence_id; kz_privacy.erl, get_method; kz_custom_sip_headers.erl, inbound.
"""

from __future__ import annotations

from collections.abc import Mapping

from pivot.cluster.attributes import Document, inside, is_false, is_true, text
from pivot.model.call import Call
from pivot.model.instructions import NameValue


class Device:
    """Settings as `attributes.merged` puts them together, seen by one call."""

    def __init__(self, call: Call, settings: Document, account_realm: str | None) -> None:
        self.call = call
        self.settings = settings
        self.id = str(settings.get("_id", ""))
        self.name: str = settings["name"] or self.id
        self.account_realm = account_realm or call.request.realm
        self.realm = text(settings, "sip", "realm") or self.account_realm
        self.username = text(settings, "sip", "username")
        self.side = "internal" if call.inception is None else "external"
        """From where the caller is, as ringtones and caller ids are told apart."""

    def must_not_ring(self) -> bool:
        """Disabled, not to be disturbed, or the caller's own."""
        call, settings = self.call, self.settings
        own_owner = settings["owner_id"]
        return (
            is_false(settings.get("enabled"))
            or is_true(settings["do_not_disturb"]["enabled"])
            or self.id == call.authorizing_id
            or (own_owner is not None and own_owner == call.owner_id)
            or ("Queue-ID" in call.custom_channel_vars and is_true(settings.get("exclude_from_queues")))
        )

    def shown(self) -> Document:
        """Whom the caller's phone shows, presence, privacy, and how long it may take to ring."""
        settings, called = self.settings, self.call.request.user
        progress_s = inside(settings, "media", "progress_timeout")
        presence = settings["presence_id"] or self.username or called
        method = text(settings, "caller_id_options", "privacy_method")
        members: Document = {
            "Outbound-Callee-ID-Number": text(settings, "caller_id", self.side, "number") or called,
            "Outbound-Callee-ID-Name": text(settings, "caller_id", self.side, "name") or self.name,
            "Presence-ID": presence if "@" in presence else f"{presence}@{self.account_realm}",
            "Privacy-Method": method if method in ("sip", "none") else "kazoo",
        }
        if isinstance(progress_s, int) and progress_s > 0:
            members["Endpoint-Progress-Timeout"] = str(progress_s)
        return members

    def headers(self) -> dict[str, str]:
        """Headers of the INVITE: the document's own, and the address of record by which proxies find it."""
        custom = inside(self.settings, "sip", "custom_sip_headers")
        headers: dict[str, object] = {}
        if isinstance(custom, Mapping):
            headers |= {name: value for name, value in custom.items() if name not in ("in", "out")}
            if isinstance(custom.get("in"), Mapping):
                headers |= custom["in"]
        if self.username is not None:
            headers["X-KAZOO-AOR"] = f"sip:{self.username}@{self.realm}"
        headers["X-KAZOO-INVITE-FORMAT"] = text(self.settings, "sip", "invite_format")
        return {name: value for name, value in headers.items() if isinstance(value, str) and value}

    def variables(self) -> Document:
        """Custom-Channel-Vars: whose leg this is."""
        variables: Document = {
            "Authorizing-ID": self.id,
            "Authorizing-Type": "device",
            "Owner-ID": self.settings["owner_id"],
            "Account-ID": text(self.settings, "pvt_account_id") or self.call.account_id,
            "SIP-Invite-Domain": self.realm,
            "Auto-Answer": self.call.custom_channel_vars.get("Auto-Answer-Loopback"),
        }
        return {name: value for name, value in variables.items() if value is not None}


def named(headers: Mapping[str, str]) -> tuple[NameValue, ...]:
    """Headers as the model's pairs, in the order given."""
    return tuple(NameValue(name, value) for name, value in headers.items())
