"""Schemas compiled into plain functions, which accept a valid value faster than the validator.

A test answers True when a value surely fits and False when it does not or when it is unsure; then `validator`
decides. Defaults are noted down while testing and filled in only when the whole value fits. That both ways
agree is a property test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, TypeAlias

from pivot.schema.documents import Schema
from pivot.schema.validator import has_usable_default, pattern

Fills: TypeAlias = list[tuple[dict[str, Any], str, Any]]
"""Defaults to be put in: object, member, value."""
Test: TypeAlias = Callable[[Any, Fills], bool]
Extra: TypeAlias = Callable[[dict[str, Any], Any, Fills], bool]

_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}
_LEFT_TO_THE_JUDGE = {
    *("$ref", "oneOf", "anyOf", "allOf", "not", "patternProperties", "additionalProperties", "maxProperties"),
    *("minProperties", "dependencies", "additionalItems", "uniqueItems", "maxItems", "multipleOf", "format"),
    *("exclusiveMinimum", "exclusiveMaximum", "divisibleBy", "disallow", "extends", "kazoo-regexp"),
}


def compiled(schema: Schema, extras: Mapping[str, Extra], prefix: str) -> Test:
    """A test for one schema; `extras` by `<prefix>.<member>`, where prefix is the document's id."""
    if not _LEFT_TO_THE_JUDGE.isdisjoint(schema) or not _names_known_types(schema):
        return _unsure
    tests = [
        make(schema[keyword])
        for keyword, make in _MAKERS.items()
        if keyword in schema and keyword not in ("type", "properties", "items")
    ]
    if "properties" in schema:
        tests.append(_members(schema, extras, prefix))
    elif "required" in schema:
        return _unsure
    if "items" in schema:
        tests.append(_items(schema["items"]))
    return _all(_kinds(schema), tests)


def _unsure(value: Any, fills: Fills) -> bool:
    return False


def _names_known_types(schema: Schema) -> bool:
    named = schema.get("type", [])
    return all(
        isinstance(name, str) and name in _TYPES for name in (named if isinstance(named, list) else [named])
    )


def _kinds(schema: Schema) -> tuple[type, ...] | None:
    named = schema.get("type")
    if named is None:
        return None
    return tuple(kind for name in ([named] if isinstance(named, str) else named) for kind in _TYPES[name])


def _all(kinds: tuple[type, ...] | None, tests: list[Test]) -> Test:
    def test(value: Any, fills: Fills) -> bool:
        if kinds is not None and type(value) not in kinds:
            return False
        for one in tests:  # noqa: SIM110 - a generator would double the time
            if not one(value, fills):
                return False
        return True

    return test


def _members(schema: Schema, extras: Mapping[str, Extra], prefix: str) -> Test:
    members: Mapping[str, Schema] = schema["properties"]
    tests = {name: compiled(member, extras, "") for name, member in members.items()}
    added = {
        name: extras[f"{prefix}.{name}"]
        for name, member in members.items()
        if member.get("kazoo-validation") is True and f"{prefix}.{name}" in extras
    }
    defaults = {
        name: _copies(member["default"]) for name, member in members.items() if has_usable_default(member)
    }
    sound = {name for name, fresh in defaults.items() if tests[name](fresh(), [])}
    required = schema.get("required", [])
    plain = {name for name, member in members.items() if member.get("required") is not True}

    def test(value: Any, fills: Fills) -> bool:
        if type(value) is not dict:
            return False
        for name, item in value.items():
            check = tests.get(name)
            if check is not None and not check(item, fills):
                return False
        for name, fresh in defaults.items():
            if name in value:
                continue
            default = fresh()
            fills.append((value, name, default))
            if name not in sound or (name in added and not added[name](value, default, fills)):
                return False
        for name, check_in in added.items():
            if name in value and not check_in(value, value[name], fills):
                return False
        return all(name in value or name in defaults for name in required)

    return test if len(plain) == len(members) else _unsure


def _copies(default: Any) -> Callable[[], Any]:
    """Makes copies of a default, so that no two flows share one."""
    if isinstance(default, list) and not any(isinstance(item, list | dict) for item in default):
        return default.copy
    if isinstance(default, list | dict):
        return lambda: deepcopy(default)
    return lambda: default


def _items(schema: Any) -> Test:
    if not isinstance(schema, Mapping):
        return _unsure
    check = compiled(schema, {}, "")

    def test(value: Any, fills: Fills) -> bool:
        return type(value) is list and all(check(item, fills) for item in value)

    return test


def _enum(allowed: list[Any]) -> Test:
    texts = frozenset(one for one in allowed if isinstance(one, str))
    return lambda value, fills: type(value) is str and value in texts


def _pattern(text: str) -> Test:
    wanted = pattern(text)
    if wanted is None:
        return _unsure
    search = wanted.search
    return lambda value, fills: type(value) is str and search(value) is not None


_MAKERS: dict[str, Callable[[Any], Test]] = {
    "enum": _enum,
    "pattern": _pattern,
    "minLength": lambda least: lambda value, fills: type(value) is str and len(value) >= least,
    "maxLength": lambda most: lambda value, fills: type(value) is str and len(value) <= most,
    "minimum": lambda least: lambda value, fills: type(value) in (int, float) and value >= least,
    "maximum": lambda most: lambda value, fills: type(value) in (int, float) and value <= most,
    "minItems": lambda least: lambda value, fills: type(value) is list and len(value) >= least,
}
