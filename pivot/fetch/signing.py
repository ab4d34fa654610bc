"""Signatures by which a customer's server knows that a request is ours.

Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, one signature per key so that keys can be rotated.
X-Twilio-Signature: HMAC-SHA1 over the URL and, of a form, its parameters by name.
Sources: the Standard Webhooks specification, "Signature scheme"; Twilio's documentation, "Validating
requests".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence

from pivot.errors import ConfigError

_PREFIX = "whsec_"


def webhook_headers(
    keys: Sequence[bytes], webhook_id: str, timestamp_s: int, body: bytes
) -> list[tuple[str, str]]:
    """The three headers of Standard Webhooks; the newest key's signature first."""
    signed = f"{webhook_id}.{timestamp_s}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii") for key in keys)
    return [
        ("webhook-id", webhook_id),
        ("webhook-timestamp", str(timestamp_s)),
        ("webhook-signature", " ".join(f"v1,{signature}" for signature in signatures)),
    ]


def twilio_signature(token: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """X-Twilio-Signature.

    Args:
        url: exactly as asked, user info and query included, fragment not.
        parameters: decoded, of a form only; a name's repeated values count once each.
    """
    text = url + "".join(name + value for name, value in sorted(set(parameters)))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode("ascii")


def body_hash_parameter(body: bytes) -> str:
    """What a signed request with another body than a form carries in its query."""
    return f"bodySHA256={hashlib.sha256(body).hexdigest()}"


def read_keys(keys_by_account: Mapping[str, Sequence[str]]) -> dict[str, tuple[bytes, ...]]:
    """Raises ConfigError for a key that is no base64."""
    return {
        account: tuple(_read_key(account, key) for key in keys) for account, keys in keys_by_account.items()
    }


def _read_key(account: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < 16:
        raise ConfigError(
            f"fetch.signing_keys for {account} has a key that is not {_PREFIX} and base64 of 16 bytes or more"
        )
    return key
