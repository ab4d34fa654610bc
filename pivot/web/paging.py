"""Where a page begins: the opaque `start_key` that clients hand back.

A key is the unpadded base64url form of an Erlang term. Crossbar's own keys are understood (a call id, or
a call id and a time); ours add the month, so that a page goes on in the month where the last one ended,
and how many rows of equal key were seen. Any other text is a raw call id, as in Crossbar.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from pivot.web import erlang_term
from pivot.web.erlang_term import Key
from pivot.web.errors import faulty_request
from pivot.web.time_range import is_month

MAX_KEY_CHARS = 4096


@dataclass(frozen=True, slots=True)
class CallPosition:
    """A place in the summary: a call, and the month whose list we are in (None: the first one)."""

    call_id: str
    month: str | None = None


@dataclass(frozen=True, slots=True)
class RowPosition:
    """A place among one call's documents."""

    created_s: int
    month: str | None = None
    skip: int = 0
    """How many documents of this very second were given already."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`size` None means everything."""

    size: int | None
    start_key: str | None


def page_request(query: Mapping[str, str], default: int, maximum: int, *, strict: bool) -> PageRequest:
    """How much a request wants. Crossbar's summary forgives a bad `page_size`, its read does not.

    Raises:
        ApiError: 404, `strict` and the size is no positive number.
    """
    if query.get("paginate") == "false":
        return PageRequest(None, None)
    size = _size(query.get("page_size"), default, strict)
    return PageRequest(min(size, maximum), query.get("start_key") or None)


def _size(text: str | None, default: int, strict: bool) -> int:
    if text is None:
        return default
    try:
        size = int(text) if text.isascii() and len(text) < 10 else None
    except ValueError:
        size = None
    if size is not None and size >= 1:
        return size
    if strict:
        raise faulty_request("invalid page size" if size is None else "page size must be at least 1")
    return default


def to_start_key(key: Key) -> str:
    """The key as clients hand it back: unpadded base64url of an Erlang term."""
    return base64.urlsafe_b64encode(erlang_term.encode(key)).decode("ascii").rstrip("=")


def from_start_key(text: str) -> Key:
    """The view key; the text itself when it is no encoded key."""
    if len(text) > MAX_KEY_CHARS:
        raise faulty_request("invalid start_key")
    try:
        padded = text + "=" * (-len(text) % 4)
        return erlang_term.decode(base64.b64decode(padded.encode("ascii"), b"-_", validate=True))
    except (ValueError, binascii.Error):
        return text


def call_key(position: CallPosition) -> str:
    """The `start_key` of a place in the list of calls."""
    if position.month is None:
        return to_start_key(position.call_id)
    return to_start_key([position.call_id, position.month])


def call_position(text: str) -> CallPosition:
    """Where the summary goes on.

    Raises:
        ApiError: 404, a key of another list.
    """
    match from_start_key(text):
        case str(call_id):
            return CallPosition(call_id)
        case [str(call_id), str(month)] if is_month(month):
            return CallPosition(call_id, month)
    raise faulty_request("invalid start_key")


def row_key(call_id: str, position: RowPosition) -> str:
    """The `start_key` of a place in the list of one call's documents."""
    if position.month is None:
        return to_start_key([call_id, position.created_s])
    return to_start_key([call_id, position.created_s, position.month, position.skip])


def row_position(text: str, call_id: str) -> RowPosition | None:
    """Where the reading of this call goes on; None at its beginning.

    Raises:
        ApiError: 404, a key of another list or of another call.
    """
    match from_start_key(text):
        case [str(named)] if named == call_id:
            return None
        case [str(named), int(created_s)] if named == call_id:
            return RowPosition(created_s)
        case [str(named), int(created_s), str(month), int(skip)] if named == call_id and is_month(month):
            return RowPosition(created_s, month, max(skip, 0))
    raise faulty_request("invalid start_key")
