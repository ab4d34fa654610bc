"""JSON text of debug documents, from values that strangers chose."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping

import orjson

from pivot.model.json import Json

MAX_DEPTH = 100
"""What lies deeper is stored as `…`: encoders give up on depth long before memory runs out."""

_ESCAPES = re.compile(rb"\\\\|\\u00([01][0-9a-f])")


def encode(value: Json) -> bytes:
    """Compact JSON text, UTF-8, members in order.

    Raises:
        ValueError: some part has no JSON form; `storable` helps.
    """
    try:
        return orjson.dumps(value)
    except TypeError:  # integers of more than 64 bits, lone surrogates, great depth
        return _encode_slowly(value)


def _encode_slowly(value: Json) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def storable(value: Json, depth: int = 0) -> Json:
    """The value with what cannot be written as JSON replaced: lone surrogates, NaN, extreme depth."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {text(str(key)): storable(item, depth + 1) for key, item in value.items()}
    return [storable(item, depth + 1) for item in value]


def text(value: str) -> str:
    """The text with lone surrogates replaced; they have no UTF-8 form."""
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def decode(body: bytes) -> tuple[str, bool]:
    """A body as text, and whether bytes had to be replaced because they are no UTF-8."""
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace"), True


def public_hash(public: bytes) -> str:
    """Kazoo's `pvt_document_hash`, from the JSON text of a document's public fields.

    Its encoder writes control characters with upper-case hex digits.

    Source: kz_doc.erl, calculate_document_hash.
    """
    written = b'{"public":' + public + b"}"
    if b"\\u00" in written:
        written = _ESCAPES.sub(_upper, written)
    return hashlib.md5(written, usedforsecurity=False).hexdigest()


def _upper(found: re.Match[bytes]) -> bytes:
    return b"\\u00" + found[1].upper() if found[1] else found[0]
