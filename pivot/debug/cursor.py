"""Cursors of lists: JSON values in base64url, checked when a client sends one back."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from pivot.model.json import Json


def write_cursor(*values: Json) -> str:
    """A text that is safe in URLs and headers."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def read_cursor(cursor: str, *types: type) -> tuple[Any, ...]:
    """The values of a cursor that `write_cursor` made.

    Raises:
        ValueError: it holds other values than these types; it was not made here.
    """
    try:
        values = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise ValueError(f"{cursor!r} is no place in a list; use one that a page gave") from error
    fits = isinstance(values, list) and [type(value) for value in values] == list(types)
    if not fits or any(type(value) is int and abs(value) >= 2**63 for value in values):
        raise ValueError(f"{cursor!r} is a place in another list; use one that a page of this list gave")
    return tuple(values)
