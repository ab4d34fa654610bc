"""JSON text of debug documents, from values that strangers chose."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping

import orjson

from pivot.model.json import Json

MAX_DEPTH = 100
"""What lies deeper is stored as `…`: encoders give up on depth long before memory runs out."""

_LOWER_ESCAPES = [f"\\u00{number:02x}".encode() for number in range(32) if number % 16 > 9]


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
        written = _with_upper_escapes(written)
    return hashlib.md5(written, usedforsecurity=False).hexdigest()


def _with_upper_escapes(written: bytes) -> bytes:
    """`\\u001f` as `\\u001F`, but not where its backslash is itself escaped. A body may be full of them."""
    written = written.replace(b"\\\\", b"\0")  # JSON text holds no zero byte
    for escape in _LOWER_ESCAPES:
        written = written.replace(escape, b"\\u" + escape[2:].upper())
    return written.replace(b"\0", b"\\\\")
