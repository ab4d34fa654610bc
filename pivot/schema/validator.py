"""jsonschema, taught the semantics of Kazoo's validator: every fault in order, defaults filled in on the way.

What differs from plain draft 4: keywords count in the order in which a schema lists them; an absent member
gets its default when that is of the member's own type, and the default is validated as if it had been sent;
comparisons are strict, so 1 is not 1.0 and not true; `kazoo-validation` and `kazoo-regexp` are checks that
Kazoo adds. Schemas of draft 3, which a cluster may hold, are understood as far as their words differ.

Source: kz_json_schema.erl, kz_json_schema_extensions.erl, and the validator's jesse_validator_draft4.erl.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any, TypeAlias

from jsonschema import Draft3Validator, Draft4Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import create
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4

from pivot.schema.documents import Schema
from pivot.schema.regexps import is_hopeless
from pivot.schema.shown import MAX_MESSAGE, clipped

Faults: TypeAlias = Iterator[ValidationError]
Extra: TypeAlias = Callable[["FlowValidator", dict[str, Any], Any], Faults]
"""A check that Kazoo's code adds to a member: validator, the object that the member is in, the member."""


class FlowValidator:
    """Validates values against a library of schema documents; `extras` by `<document>.<member>`."""

    def __init__(self, documents: Mapping[str, Schema], extras: Mapping[str, Extra]) -> None:
        self._documents = {
            schema_id: {**_without_dialect(document), "id": schema_id}
            for schema_id, document in documents.items()
        }
        self._registry: Registry[Any] = Registry().with_resources(
            (schema_id, DRAFT4.create_resource(document)) for schema_id, document in self._documents.items()
        )
        self._extras = extras
        self._validators: dict[str, Validator] = {}
        keywords = {
            **Draft4Validator.VALIDATORS,
            **{name: Draft3Validator.VALIDATORS[name] for name in ("disallow", "divisibleBy", "extends")},
            **_KEYWORDS,
            "$ref": self._reference,
            "properties": self._properties,
        }
        self._dialect = create(
            meta_schema=Draft4Validator.META_SCHEMA,
            validators=keywords,
            type_checker=Draft4Validator.TYPE_CHECKER,
            format_checker=_FORMATS,
            id_of=_id_of,
            applicable_validators=_in_order,
        )

    def faults(self, schema_id: str, value: Any) -> Faults:
        """Every fault of `value`, which gets its defaults filled in.

        Raises:
            KeyError: there is no such document.
        """
        validator = self._validators.get(schema_id) or self._validator(schema_id)
        return iter(validator.iter_errors(value))

    def prepare(self) -> None:
        """Make every document's validator now."""
        for schema_id in self._documents:
            self._validator(schema_id)

    def _validator(self, schema_id: str) -> Validator:
        document = self._documents[schema_id]
        validator = self._dialect(document, registry=self._registry, format_checker=_FORMATS)
        self._validators[schema_id] = validator
        return validator

    def _reference(self, validator: Any, reference: str, value: Any, schema: Schema) -> Faults:
        """What stands beside a `$ref` counts as well, unlike in plain draft 4."""
        try:
            yield from Draft4Validator.VALIDATORS["$ref"](validator, reference, value, schema) or ()
        except Unresolvable:
            yield not_found(reference)

    def _properties(self, validator: Any, members: Mapping[str, Any], value: Any, schema: Schema) -> Faults:
        if not isinstance(value, dict):
            return
        for name, member in members.items():
            if name not in value:
                if not has_usable_default(member):
                    if member.get("required") is True:
                        yield _fault("required", name, name)
                    continue
                value[name] = deepcopy(member["default"])
            yield from validator.descend(value[name], member, path=name, schema_path=name)
            if member.get("kazoo-validation") is True:
                extra = self._extras.get(f"{schema.get('id')}.{name}")
                if extra is not None:
                    yield from _below(name, extra(self, value, value[name]))


def has_usable_default(member: Schema) -> bool:
    """Whether an absent member gets its default: only if that is of a type that the member itself names."""
    if "default" not in member or "type" not in member:
        return False
    types = [member["type"]] if isinstance(member["type"], str) else member["type"]
    checker = Draft4Validator.TYPE_CHECKER
    return any(one in _TYPES and checker.is_type(member["default"], one) for one in map(str, types))


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values in which 1, 1.0 and true are three things."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def canonical(value: Any) -> str:
    """A text that two values share exactly when they are the `same`.

    Texts are hashed with a secret of the process. Numbers are not: a list of integers that all hash alike is
    easily written, and a set of them takes quadratic time.
    """
    text = _CANONICAL.encode(value)
    return _CANONICAL.encode(_without_negative_zero(value)) if "-0.0" in text else text


def _without_negative_zero(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_negative_zero(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_negative_zero(item) for item in value]
    return 0.0 if value == 0 and type(value) is float else value


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False)


@lru_cache(maxsize=1024)
def pattern(text: str) -> re.Pattern[str] | None:
    """A regular expression as Kazoo searches with it; None when only PCRE understands it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(text, re.ASCII)
        except re.error:
            return None


def complain(message: str, value: Any) -> ValidationError:
    """The fault of one of the checks that Kazoo's code adds."""
    return ValidationError(message, validator="error", instance=value)


def not_found(schema_id: str) -> ValidationError:
    """The fault of a schema that nobody knows; it has no place in the value."""
    return ValidationError("schema not found", validator="schema", instance=schema_id)


def _fault(keyword: str, value: Any, *path: str) -> ValidationError:
    return ValidationError(keyword, validator=keyword, instance=value, path=path)


def _below(name: str, faults: Faults) -> Faults:
    for error in faults:
        error.relative_path.appendleft(name)
        yield error


def _without_dialect(document: Schema) -> Schema:
    """jsonschema would take plain draft 4 for a document that names it."""
    return {keyword: argument for keyword, argument in document.items() if keyword != "$schema"}


def _id_of(schema: Any) -> str:
    own = schema.get("id")
    return own if isinstance(own, str) else ""


def _in_order(schema: Any) -> Iterator[tuple[str, Any]]:
    """Kazoo's own keyword comes last, wherever it stands."""
    for keyword, argument in schema.items():
        if keyword != "kazoo-regexp":
            yield keyword, argument
    if "kazoo-regexp" in schema:
        yield "kazoo-regexp", schema["kazoo-regexp"]


def _type(validator: Any, named: Any, value: Any, schema: Schema) -> Faults:
    """Draft 3 has types that are schemas, and takes what it does not know for any type."""
    names = named if isinstance(named, list) else [named]
    if all(name in _TYPES and not validator.is_type(value, name) for name in map(str, names)):
        yield ValidationError("type", instance=value)


def _required(validator: Any, names: Any, value: Any, schema: Schema) -> Faults:
    if isinstance(value, dict) and isinstance(names, list):
        yield from (_fault("required", name, name) for name in names if name not in value)


def _enum(validator: Any, allowed: list[Any], value: Any, schema: Schema) -> Faults:
    if not any(same(value, one) for one in allowed):
        yield ValidationError("enum", instance=value)


def _pattern(validator: Any, text: str, value: Any, schema: Schema) -> Faults:
    wanted = pattern(text)
    if isinstance(value, str) and wanted is not None and not wanted.search(value):
        yield ValidationError("pattern", instance=value)


def _pattern_properties(validator: Any, members: Mapping[str, Schema], value: Any, schema: Schema) -> Faults:
    for name, item in list(value.items()) if isinstance(value, dict) else ():
        for text, member in members.items():
            wanted = pattern(text)
            if wanted is not None and wanted.search(name):
                yield from validator.descend(item, member, path=name, schema_path=text)


def _additional_properties(validator: Any, allowed: Any, value: Any, schema: Schema) -> Faults:
    if not isinstance(value, dict) or allowed is True:
        return
    texts = [pattern(text) for text in schema.get("patternProperties", {})]
    for name in list(value):
        if name in schema.get("properties", {}) or any(text and text.search(name) for text in texts):
            continue
        if allowed is False:
            yield _fault("additionalProperties", value, name)
        else:
            yield from validator.descend(value[name], allowed, path=name)


def _unique_items(validator: Any, wanted: bool, value: Any, schema: Schema) -> Faults:
    if wanted and isinstance(value, list) and len({canonical(item) for item in value}) < len(value):
        yield ValidationError("uniqueItems", instance=value)


def _limit(keyword: str, kind: type | tuple[type, ...], fits: Callable[[Any, Any], bool]) -> Any:
    """A keyword without the text that jsonschema makes of the whole value for its message."""

    def check(validator: Any, limit: Any, value: Any, schema: Schema) -> Faults:
        if isinstance(value, kind) and not isinstance(value, bool) and not fits(value, limit):
            yield ValidationError(keyword, instance=value)

    return check


def _below_minimum(validator: Any, limit: Any, value: Any, schema: Schema) -> Faults:
    if isinstance(value, int | float) and not isinstance(value, bool):
        exclusive = schema.get("exclusiveMinimum", False)
        if value <= limit if exclusive else value < limit:
            yield ValidationError("minimum", instance=value)


def _above_maximum(validator: Any, limit: Any, value: Any, schema: Schema) -> Faults:
    if isinstance(value, int | float) and not isinstance(value, bool):
        exclusive = schema.get("exclusiveMaximum", False)
        if value >= limit if exclusive else value > limit:
            yield ValidationError("maximum", instance=value)


def _one_of(validator: Any, branches: list[Schema], value: Any, schema: Schema) -> Faults:
    fitting = [found for branch in branches if (found := _attempt(validator, branch, value))]
    if len(fitting) == 1:
        _take_over(value, *fitting[0])
    else:
        yield ValidationError("oneOf", instance=value)


def _any_of(validator: Any, branches: list[Schema], value: Any, schema: Schema) -> Faults:
    fitting = (found for branch in branches if (found := _attempt(validator, branch, value)))
    first = next(fitting, None)
    if first is not None:
        _take_over(value, *first)
    else:
        yield ValidationError("anyOf", instance=value)


def _attempt(validator: Any, branch: Schema, value: Any) -> tuple[Any] | None:
    """The value with the branch's defaults, if it fits; one that does not fit must leave none behind."""
    filled = deepcopy(value)
    return (filled,) if next(iter(validator.descend(filled, branch)), None) is None else None


def _take_over(value: Any, filled: Any) -> None:
    if isinstance(value, dict):
        value.update(filled)
    elif isinstance(value, list):
        value[:] = filled


_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def _regexp(validator: Any, wanted: bool, value: Any, schema: Schema) -> Faults:
    """Differs: what PCRE alone understands passes; only what no engine understands is refused."""
    if wanted is True and isinstance(value, str) and is_hopeless(value):
        yield complain(f"invalid regular expression: '{clipped(value, MAX_MESSAGE)}'", value)


_KEYWORDS: dict[str, Callable[..., Faults]] = {
    "type": _type,
    "required": _required,
    "enum": _enum,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
    "oneOf": _one_of,
    "anyOf": _any_of,
    "kazoo-regexp": _regexp,
    "minimum": _below_minimum,
    "maximum": _above_maximum,
    "minLength": _limit("minLength", str, lambda value, least: len(value) >= least),
    "maxLength": _limit("maxLength", str, lambda value, most: len(value) <= most),
    "minItems": _limit("minItems", list, lambda value, least: len(value) >= least),
    "maxItems": _limit("maxItems", list, lambda value, most: len(value) <= most),
    "minProperties": _limit("minProperties", dict, lambda value, least: len(value) >= least),
    "maxProperties": _limit("maxProperties", dict, lambda value, most: len(value) <= most),
}
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("email")
def _is_email(value: object) -> bool:
    return not isinstance(value, str) or re.search(r"^[^@]+@[^@]+$", value) is not None


@_FORMATS.checks("ipv4", raises=AddressValueError)
def _is_ipv4(value: object) -> bool:
    return not isinstance(value, str) or bool(IPv4Address(value))


@_FORMATS.checks("ipv6", raises=AddressValueError)
def _is_ipv6(value: object) -> bool:
    return not isinstance(value, str) or bool(IPv6Address(value))


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    shape = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
    return re.fullmatch(shape, value, re.ASCII) is not None and bool(
        datetime.fromisoformat(re.sub(r"\.\d+", "", value).upper())
    )
