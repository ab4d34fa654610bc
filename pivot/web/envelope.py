"""The frame around every answer, as Crossbar's clients expect it.

Source: api_util.erl, create_resp_envelope; cb_context.erl.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pivot
from pivot.model.json import Json
from pivot.web.errors import ApiError
from pivot.web.json_text import to_bytes

MAX_REQUEST_ID_CHARS = 128


@dataclass(frozen=True, slots=True)
class Frame:
    """What every answer to one request tells beside its data."""

    node: str
    request_id: str
    auth_token: str | None = None
    """The client's own JWT; other kinds of credentials are never repeated."""
    consumed: int = 0
    remaining: int = 0
    now_s: float = 0.0
    authenticated: bool = False

    def members(self) -> dict[str, Json]:
        """The members that every answer carries beside its data."""
        shown: dict[str, Json] = {} if self.auth_token is None else {"auth_token": self.auth_token}
        shown |= {
            "tokens": {"consumed": self.consumed, "remaining": self.remaining},
            "request_id": self.request_id,
            "node": hidden_node(self.node),
            "timestamp": datetime.fromtimestamp(int(self.now_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return shown | ({"version": pivot.__version__} if self.authenticated else {})


@dataclass(frozen=True, slots=True)
class Found:
    """What a handler found: the data, and the members that stand beside it."""

    data: Json
    beside: Mapping[str, Json] = field(default_factory=dict)


def hidden_node(node: str) -> str:
    """The node's name, in a form that tells nodes apart and names none."""
    digest = hashlib.md5(node.encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def request_id(given: str | None) -> str:
    """The client's own request id when it is fit to be repeated, else a new one."""
    if given and len(given) <= MAX_REQUEST_ID_CHARS and given.isascii() and given.isprintable():
        return given
    return secrets.token_hex(16)


def revision(found: Found) -> str | None:
    """A digest of the data; none for an empty list."""
    if found.data == []:
        return None
    return hashlib.md5(to_bytes(found.data), usedforsecurity=False).hexdigest()


def success(found: Found, frame: Frame) -> dict[str, Json]:
    """The envelope of an answer, with a revision when the data has one."""
    digest = revision(found)
    body: dict[str, Json] = dict(found.beside) | {"data": found.data, "status": "success"}
    return body | ({"revision": digest} if digest else {}) | frame.members()


def failure(error: ApiError, frame: Frame) -> dict[str, Json]:
    """The envelope of a refusal."""
    body: dict[str, Json] = {
        "data": error.data,
        "error": str(error.status),
        "message": error.message,
        "status": "error",
    }
    return body | frame.members()
