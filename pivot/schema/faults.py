"""What is wrong with a value, in the shape that Kazoo's API and debug documents use.

One fault is `{"<path>": {"<keyword>": {"message": ..., ...}}}`; the path joins member names and 0-based
indexes with dots, a dot inside a name is `%2E`, the root is the empty text.

Differs: at most `MAX_FAULTS` are told; long paths, values and messages are cut. Kazoo repeats the whole value
and path in every fault, so that 90 kB of a customer's answer become gigabytes.

Source: kz_json_schema.erl, error_to_jobj.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jsonschema import ValidationError

from pivot.model.json import Json, JsonObject
from pivot.schema.shown import MAX_MESSAGE, clipped, excerpt, path_of

MAX_FAULTS = 100
"""Faults of one value that are told."""
MAX_CHARACTERS = 16_000
"""About how much all of them hold; the first one is told in any case."""
_WITH_LIMIT = {
    "minLength": "String must be at least {} characters",
    "maxLength": "String must not be more than {} characters",
    "minimum": "Value must be at least {}",
    "maximum": "Value must be at most {}",
    "minItems": "The list must have at least {} items",
    "maxItems": "The list is more than {} items",
    "pattern": "Failed to match pattern '{}'",
    "type": "Value did not match type(s): {}",
    "enum": "Value not found in enumerated list of values",
    "divisibleBy": "Value not divisible by {}",
    "disallow": "Value is disallowed by {}",
}
_PLAIN = {
    "required": "Field is required but missing",
    "uniqueItems": "List of items is not unique",
    "additionalProperties": "Strict checking of data is enabled; only include schema-defined properties",
    "additionalItems": "Strict checking of data is enabled; only include schema-defined items",
    "dependencies": "Dependencies were not validated",
}
_NAMED_OTHERWISE = {
    "oneOf": "not_one_schema_valid",
    "anyOf": "any_schemas_not_valid",
    "allOf": "all_schemas_not_valid",
    "not": "not_schema_valid",
    "minProperties": "too_few_properties",
    "maxProperties": "too_many_properties",
    "multipleOf": "not_multiple_of",
}
ROOT_IS_NO_OBJECT: JsonObject = {
    "": {"type": {"message": _WITH_LIMIT["type"].format("object"), "target": "object"}}
}
"""Kazoo forgets a root that is no object before it validates it, so the value is missing."""


def fault(error: ValidationError, place: list[str]) -> JsonObject:
    """Kazoo's form of a fault found in the part of a flow that lies at `place`."""
    keyword = str(error.validator)
    if keyword == "schema":
        return schema_not_found(str(error.instance))
    path = path_of([*place, *map(str, error.absolute_path)])
    message = clipped(error.message, MAX_MESSAGE)
    name, body = _body(keyword, error.validator_value, excerpt(error.instance), message)
    return {path: {name: body}}


def schema_not_found(schema_id: str) -> JsonObject:
    """The fault for a schema id that nobody has, in the shape of Kazoo's API."""
    return {"schema": {"schema": {"message": "schema not found", "schema": clipped(schema_id, MAX_MESSAGE)}}}


def told(faults: Iterable[JsonObject]) -> tuple[tuple[JsonObject, ...], bool]:
    """As many of the faults as are told, and whether there are more. What is not told is not looked for."""
    kept: list[JsonObject] = []
    left = MAX_CHARACTERS
    for one in faults:
        if len(kept) == MAX_FAULTS or left <= 0:
            return tuple(kept), True
        kept.append(one)
        left -= _characters(one)
    return tuple(kept), False


def _characters(fault: JsonObject) -> int:
    return len(repr(fault))


def merged(faults: Iterable[JsonObject]) -> JsonObject:
    """All faults in one object, as `schema_errors` holds them; of two at the same place the last stays."""
    whole: dict[str, dict[str, Json]] = {}
    for one in faults:
        for path, by_keyword in one.items():
            assert isinstance(by_keyword, Mapping)
            whole.setdefault(path, {}).update(by_keyword)
    return whole


def _body(keyword: str, limit: Any, value: Any, message: str) -> tuple[str, JsonObject]:
    if keyword == "error":
        return keyword, {"message": message, "value": value}
    if keyword == "format":
        return "wrong_format", {
            "message": "Field is not in the correct format",
            "value": value,
            "format": limit,
        }
    if keyword in _PLAIN:
        return keyword, {"message": _PLAIN[keyword], "value": value}
    if keyword in _WITH_LIMIT:
        if keyword in ("type", "disallow") and not isinstance(limit, str):
            limit = ", ".join(str(one) for one in limit)
        cause = {"cause": value} if keyword in ("minLength", "maxLength") else {}
        return keyword, {
            "message": _WITH_LIMIT[keyword].format(limit),
            "target": limit,
            **cause,
            "value": value,
        }
    return _NAMED_OTHERWISE.get(keyword, keyword), {"message": "failed to validate", "value": value}
