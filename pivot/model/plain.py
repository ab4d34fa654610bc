"""Plain data: dataclasses that turn into JSON and back without loss.

A call's whole state is such data, so that it can be written down between any two events and go on
elsewhere. Numbers, texts, lists and objects stand for themselves; everything else is an object with the
one extra member `$` that names its kind: a registered class, an enumeration, a tuple or bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from pivot.model.json import Json

T = TypeVar("T", bound=type)

_KIND = "$"
_known: dict[str, type] = {}


def plain(cls: T) -> T:
    """Register a dataclass or an enumeration; its name must be unique in the program."""
    twin = _known.setdefault(cls.__name__, cls)
    if twin is not cls and (twin.__module__, twin.__qualname__) != (cls.__module__, cls.__qualname__):
        raise ValueError(f"{cls.__name__} names two classes: in {twin.__module__} and in {cls.__module__}")
    _known[cls.__name__] = cls
    return cls


def registered(name: str) -> type | None:
    """The class that this name stands for; None: no plain data."""
    return _known.get(name)


def to_json(value: object) -> Json:
    """The JSON form of plain data.

    Raises:
        ValueError: some part is neither JSON nor registered with `plain`.
    """
    if isinstance(value, Enum):
        return {_KIND: _registered(value), "value": value.value}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return {_KIND: "bytes", "base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, tuple):
        return {_KIND: "tuple", "items": [to_json(item) for item in value]}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        members = {str(key): to_json(item) for key, item in value.items()}
        return {_KIND: "object", "members": members} if _KIND in members else members
    if is_dataclass(value):
        members = {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
        return {_KIND: _registered(value)} | members
    raise ValueError(
        f"{value!r} of type {type(value).__name__} is no plain data; register its class with @plain"
    )


def from_json(value: Any) -> Any:
    """Plain data from its JSON form; the inverse of `to_json`.

    Raises:
        ValueError: a `$` names no registered class.
    """
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get(_KIND)
    if kind is None:
        return {key: from_json(item) for key, item in value.items()}
    if kind in _BUILT_IN:
        return _BUILT_IN[kind](value)
    cls = _known.get(kind)
    if cls is None:
        raise ValueError(f"no plain data is called {kind!r}; was it written by a newer version?")
    if issubclass(cls, Enum):
        return cls(value["value"])
    return cls(**{name: from_json(item) for name, item in value.items() if name != _KIND})


_BUILT_IN: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "bytes": lambda value: base64.b64decode(value["base64"]),
    "tuple": lambda value: tuple(from_json(item) for item in value["items"]),
    "object": lambda value: {key: from_json(item) for key, item in value["members"].items()},
}


def _registered(value: object) -> str:
    name = type(value).__name__
    if _known.get(name) is not type(value):
        raise ValueError(f"{name} is no plain data; register it with @plain")
    return name
