"""Bytes to JSON objects and back, as Kazoo writes and reads them."""

from __future__ import annotations

from typing import Any, TypeAlias

import orjson

from pivot.errors import WireError
from pivot.model.json import JsonObject

Payload: TypeAlias = dict[str, Any]


def decode(body: bytes) -> Payload:
    """The object that a message carries.

    Kazoo passes bytes that are no UTF-8 through (a caller's name from a careless carrier); here each
    such byte becomes U+FFFD, so that the call still gets served.

    Raises:
        WireError: no JSON, or no object.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = _decode_leniently(body)
    if not isinstance(value, dict):
        raise WireError(f"payload is a JSON {type(value).__name__}, want an object")
    return value


def _decode_leniently(body: bytes) -> object:
    try:
        return orjson.loads(body.decode("utf-8", "replace"))
    except orjson.JSONDecodeError as error:
        raise WireError(f"payload is no JSON: {error}") from error


def encode(payload: JsonObject) -> bytes:
    """Compact JSON; order of members kept.

    Raises:
        WireError: some text holds half a surrogate pair, or a number JSON does not know.
    """
    try:
        return orjson.dumps(payload)
    except TypeError as error:
        raise WireError(f"payload cannot be written as JSON: {error}") from error
