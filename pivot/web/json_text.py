"""JSON text of anything that a document can hold."""

from __future__ import annotations

import json

import orjson

from pivot.model.json import Json


def to_bytes(value: Json, *, pretty: bool = False) -> bytes:
    """UTF-8 text of a value.

    The fast writer refuses integers of more than 64 bits and lone surrogates; customers' headers can
    bring both, so then the slow one writes, with escapes.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 if pretty else None)
    except TypeError:
        separators = None if pretty else (",", ":")
        return json.dumps(value, indent=2 if pretty else None, separators=separators).encode()
