"""Where a request carries its credentials.

Source: api_util.erl, get_auth_token; storage_and_api 3.8 lists the places in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MAX_TOKEN_CHARS = 16_384


class Kind(StrEnum):
    """What kind of credentials a request carries, by the place where they are."""

    NONE = "none"
    TOKEN = "token"
    """A JWT, or a static token."""
    BEARER = "bearer"
    """In Crossbar the id of a document that holds the JWT; we take the JWT itself as well."""
    BASIC = "basic"
    UNUSABLE = "unusable"
    """There was something, but nobody could understand it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client showed. The text is secret: `repr` leaves it out, so that no log can hold it."""

    kind: Kind
    text: str = field(default="", repr=False)
    account_id: str | None = None
    """`X-Auth-Account-ID`: the account that the client claims its token is of."""
    host: str = ""
    """The request's `Host` header."""


def find_credentials(headers: Mapping[str, str], query: Mapping[str, str]) -> Credentials:
    """The first credentials that a request carries."""
    kind, text = _first(headers, query)
    if kind is not Kind.NONE and not _is_clean(text):
        kind, text = Kind.UNUSABLE, ""
    return Credentials(kind, text, headers.get("X-Auth-Account-ID"), headers.get("Host", ""))


def _first(headers: Mapping[str, str], query: Mapping[str, str]) -> tuple[Kind, str]:
    if token := headers.get("X-Auth-Token") or query.get("auth_token"):
        return Kind.TOKEN, token.strip()
    authorization = headers.get("Authorization") or query.get("authorization")
    if not authorization:
        return Kind.NONE, ""
    scheme, _, text = authorization.strip().partition(" ")
    kinds = {"bearer": Kind.BEARER, "basic": Kind.BASIC}
    return kinds.get(scheme.lower(), Kind.UNUSABLE), text.strip()


def _is_clean(text: str) -> bool:
    """Fit for a header: tokens are passed on to Crossbar."""
    return 0 < len(text) <= MAX_TOKEN_CHARS and text.isascii() and text.isprintable()
