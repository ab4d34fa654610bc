"""The query parameters that choose documents by what is in them, and their verdict on one document.

Key paths are split at dots. Source: crossbar_filter.erl.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import orjson

from pivot.model.json import Json, JsonObject
from pivot.web.json_text import to_bytes
from pivot.web.time_range import positive

Test: TypeAlias = Callable[[JsonObject], bool]
_TIMES = {
    "created_from": ("pvt_created", False),
    "created_to": ("pvt_created", True),
    "modified_from": ("pvt_modified", False),
    "modified_to": ("pvt_modified", True),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """All tests must agree; without tests every document passes."""

    tests: tuple[Test, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tests)

    def passes(self, document: JsonObject) -> bool:
        """True when the document passes every test."""
        return all(test(document) for test in self.tests)


EVERYTHING = Filter()


def parse_filter(query: Iterable[tuple[str, str]], *, times_alone: bool = False) -> Filter:
    """The filter that a query string asks for.

    Args:
        query: parameters in order, repeated ones repeatedly.
        times_alone: whether `created_from` and its like count without any other filter.
    """
    pairs = list(query)
    tests = [test for name, value in pairs if (test := _test(name, value)) is not None]
    if tests or times_alone:
        tests += [_time_test(name, value) for name, value in pairs if name in _TIMES and positive(value)]
    return Filter(tuple(tests))


def _test(name: str, value: str) -> Test | None:
    if name.startswith("filter_not_"):
        return partial(_differs, name.removeprefix("filter_not_"), _choices(value))
    if name.startswith("filter_"):
        return partial(_equals, name.removeprefix("filter_"), _choices(value))
    match name:
        case "has_key":
            return lambda document: member(document, value) is not None
        case "key_missing":
            return lambda document: member(document, value) is None
        case "has_value":
            return lambda document: not _is_empty(member(document, value))
        case "value_missing":
            return lambda document: _is_empty(member(document, value))
    return None


def _time_test(name: str, value: str) -> Test:
    field, is_upper = _TIMES[name]
    limit = int(value)

    def test(document: JsonObject) -> bool:
        time = document.get(field)
        return isinstance(time, int) and (time <= limit if is_upper else time >= limit)

    return test


def member(document: JsonObject, path: str) -> Json:
    """The value at a dotted path; None where there is none."""
    value: Json = document
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _choices(value: str) -> frozenset[str]:
    """The texts that match: the value itself, or the items of a JSON list."""
    if value.startswith("["):
        try:
            items = orjson.loads(value)
        except orjson.JSONDecodeError:
            return frozenset((value,))
        return frozenset(_text(item) for item in items)
    return frozenset((value,))


def _equals(path: str, choices: frozenset[str], document: JsonObject) -> bool:
    value = member(document, path)
    return value is not None and _text(value) in choices


def _differs(path: str, choices: frozenset[str], document: JsonObject) -> bool:
    return not _equals(path, choices, document)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else to_bytes(value).decode()


def _is_empty(value: Json) -> bool:
    return value is None or value in ("", [], {})
