"""Ids as applications see them, and numbers as Twilio writes them."""

from __future__ import annotations

import hashlib
import re

from pivot.execute.profile import Profile, SidFormat
from pivot.model.call import Call, Party

_ADDRESS = re.compile(r"(?:client|sips?):", re.IGNORECASE)
_HEX_32 = re.compile(r"[0-9a-f]{32}")
_INTERNATIONAL = re.compile(r"\+([0-9]{7,15})")
_NORTH_AMERICAN = re.compile(r"\+?1?([2-9][0-9]{2}[2-9][0-9]{6})")
_DIALLED_INTERNATIONAL = re.compile(r"(?:011|00)([0-9]{7,15})")
_WITHOUT_PLUS = re.compile(r"([2-9][0-9]{7,14})")


def call_sid(profile: Profile, call_id: str) -> str:
    """A leg's id."""
    return sid(profile, "CA", call_id)


def account_sid(profile: Profile, account_id: str) -> str:
    """An account's id; one of 32 hex digits is kept legible behind its prefix."""
    if profile.sid_format is SidFormat.RAW:
        return account_id
    return f"AC{account_id}" if _HEX_32.fullmatch(account_id) else sid(profile, "AC", account_id)


def sid(profile: Profile, prefix: str, text: str) -> str:
    """The id of anything that `text` names alone; `prefix` is Twilio's two letters for its kind."""
    if profile.sid_format is SidFormat.RAW:
        return text
    return prefix + hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def address(party: Party) -> str:
    """A party as Twilio's `From` and `To` name it: E.164, else an address as it is, else a SIP URI."""
    if _ADDRESS.match(party.user):
        return party.user
    user = party.user if "@" in party.user else f"{party.user}@{party.realm}"
    return e164(party.user) or f"sip:{user}"


def host_of(uri: str) -> str:
    """The host of a SIP URI, without port and parameters."""
    host = uri.partition("@")[2].partition(";")[0]
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def is_sip_caller(call: Call) -> bool:
    """Whether a SIP phone is at the caller's end, rather than the telephone network.

    A carrier's call has an `Inception`; one of the account's own device may be from a number, too.

    Source: kapps_call.erl, inception_type; kz_directory_resource.erl, for who sets it.
    """
    is_own_device = call.authorizing_type == "device"
    return call.inception is None and (is_own_device or e164(call.from_.user) is None)


def e164(number: str) -> str | None:
    """The number in E.164; None when it is none, such as a short extension or a name.

    Source: the default number converters of Kazoo, which take ten digits for North American.
    """
    if match := _NORTH_AMERICAN.fullmatch(number):
        return f"+1{match[1]}"
    for pattern in (_INTERNATIONAL, _DIALLED_INTERNATIONAL, _WITHOUT_PLUS):
        if match := pattern.fullmatch(number):
            return f"+{match[1]}"
    return None
