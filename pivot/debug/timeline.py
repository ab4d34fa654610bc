"""What a timeline tells of each moment of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from pivot.debug.document_text import MAX_DEPTH, decode
from pivot.debug.redact import Redactor
from pivot.model.commands import Fetch
from pivot.model.events import DigitPressed, Fetched, FetchFailed
from pivot.model.json import Json, JsonObject
from pivot.model.notes import Moment

MAX_ENTRIES = 2000
"""Of longer calls the first ones and the last one are kept."""
MAX_CHARACTERS = 500_000
"""About how much all of them hold."""
MAX_TEXT = 16_000
"""Longer texts are cut; an answer's body has a document of its own."""


def entry(moment: Moment, at_s: float, redactor: Redactor) -> JsonObject:
    """One moment: when, what, and its fields as plain JSON, empty ones left out."""
    told = _fields(moment, redactor)
    return {"at_ms": round(at_s * 1000, 3), "what": type(moment).__name__, **told}


def characters(told: Json) -> int:
    """About how long the JSON text of an entry is."""
    if isinstance(told, str):
        return len(told)
    if isinstance(told, Mapping):
        return sum(len(name) + 4 + characters(item) for name, item in told.items())
    if isinstance(told, Sequence):
        return sum(1 + characters(item) for item in told)
    return 6


def _fields(moment: Moment, redactor: Redactor) -> JsonObject:
    """The moment's fields; of an exchange with a server only what its own documents do not tell."""
    if isinstance(moment, Fetch):
        asked = moment.request
        told: dict[str, Json] = {
            "fetch_id": asked.fetch_id,
            "iteration": asked.iteration,
            "method": asked.method.value,
            "url": redactor.url(asked.shown_url or asked.url),
        }
        return told | ({"after": moment.after} if moment.after else {})
    if isinstance(moment, Fetched):
        answer = moment.answer
        return {"fetch_id": moment.fetch_id, "status": answer.status, "bytes": len(answer.body)}
    if isinstance(moment, FetchFailed):
        failure = moment.failure
        return {
            "fetch_id": moment.fetch_id,
            "code": failure.code.value,
            "message": redactor.text(failure.message),
        }
    if isinstance(moment, DigitPressed):
        return {"call_id": moment.call_id, "digit": redactor.member("Digits", moment.digit)}
    return _members(moment, redactor, 0)


_known_names: dict[type, tuple[tuple[str, str], ...]] = {}


def _names(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """Each field's attribute and the name it is shown by."""
    if kind not in _known_names:
        _known_names[kind] = tuple((field.name, field.name.rstrip("_")) for field in fields(kind))
    return _known_names[kind]


def _members(value: object, redactor: Redactor, depth: int) -> dict[str, Json]:
    told: dict[str, Json] = {}
    for attribute, name in _names(type(value)):
        item = getattr(value, attribute)
        if item is None or item == "" or item == () or item == {}:
            continue
        told[name] = redactor.member(name, _plain(item, redactor, depth + 1))
    return told


def _plain(value: object, redactor: Redactor, depth: int) -> Json:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return redactor.text(_cut(value))
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, bytes):
        return redactor.text(_cut(decode(value)[0]))
    if is_dataclass(value):
        return _members(value, redactor, depth)
    if isinstance(value, Mapping):
        return {
            str(name): redactor.member(str(name), _plain(item, redactor, depth + 1))
            for name, item in value.items()
        }
    if isinstance(value, Sequence):
        return [_plain(item, redactor, depth + 1) for item in value]
    return str(value)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text)} characters)"
