"""What a timeline tells of each moment of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum

from pivot.debug.redact import Redactor
from pivot.debug.text import MAX_DEPTH, decode, storable
from pivot.model.commands import Fetch
from pivot.model.events import Fetched, FetchFailed
from pivot.model.json import Json, JsonObject
from pivot.model.notes import Moment

MAX_ENTRIES = 2000
"""Of longer calls the first ones and the last one are kept."""
MAX_TEXT = 16_000
"""Longer texts are cut; an answer's body has a document of its own."""


def entry(moment: Moment, at_s: float, redactor: Redactor) -> JsonObject:
    """One moment: when, what, and its fields as plain JSON, empty ones left out."""
    shown = storable(_fields(moment))
    told = redactor.tree(shown)
    assert isinstance(told, Mapping)
    return {"at_ms": round(at_s * 1000, 3), "what": type(moment).__name__, **told}


def _fields(moment: Moment) -> JsonObject:
    """The moment's fields; of an exchange with a server only what its own documents do not tell."""
    if isinstance(moment, Fetch):
        asked = moment.request
        return {
            "fetch_id": asked.fetch_id,
            "iteration": asked.iteration,
            "method": asked.method.value,
            "url": asked.shown_url or asked.url,
        }
    if isinstance(moment, Fetched):
        answer = moment.answer
        return {"fetch_id": moment.fetch_id, "status": answer.status, "bytes": len(answer.body)}
    if isinstance(moment, FetchFailed):
        failure = moment.failure
        return {"fetch_id": moment.fetch_id, "code": failure.code.value, "message": failure.message}
    return _members(moment)


def _members(value: object, depth: int = 0) -> dict[str, Json]:
    assert is_dataclass(value)
    shown = {field.name.rstrip("_"): _plain(getattr(value, field.name), depth) for field in fields(value)}
    return {name: item for name, item in shown.items() if item not in (None, "", [], {})}


def _plain(value: object, depth: int) -> Json:
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}… ({len(value)} characters)"
    if isinstance(value, bytes):
        return _plain(decode(value)[0], depth)
    if is_dataclass(value):
        return _members(value, depth + 1)
    if isinstance(value, Mapping):
        return {str(name): _plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item, depth + 1) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)
