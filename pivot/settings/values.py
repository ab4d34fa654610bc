"""One setting's value: from TOML or an environment's text to the type that its dataclass declares."""

from __future__ import annotations

import json
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


def wanted(cls: type) -> dict[str, Any]:
    """The keys of a settings dataclass and their declared types."""
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def value_of(kind: Any, raw: Any) -> Any:
    """`raw` as the declared type; texts may spell any type, as the environment knows only texts.

    Raises:
        ValueError: it is something else; the error's text says what is wanted.
    """
    origin = get_origin(kind)
    if origin is Literal:
        return _choice(get_args(kind), raw)
    if origin in (Union, types.UnionType):
        return _optional(get_args(kind), raw)
    if origin is tuple:
        return tuple(value_of(get_args(kind)[0], item) for item in _items(raw))
    if origin in (dict, Mapping):
        return {str(key): value_of(get_args(kind)[1], item) for key, item in _members(raw).items()}
    if kind is Any:
        return raw
    return _SCALARS[kind](raw)


def _choice(choices: tuple[Any, ...], raw: Any) -> Any:
    if raw in choices:
        return raw
    raise ValueError(" or ".join(f'"{choice}"' for choice in choices))


def _optional(kinds: tuple[Any, ...], raw: Any) -> Any:
    if raw in (None, ""):
        return None
    (kind,) = (kind for kind in kinds if kind is not type(None))
    return value_of(kind, raw)


def _items(raw: Any) -> list[Any]:
    if isinstance(raw, list | tuple):
        return list(raw)
    if not isinstance(raw, str):
        raise ValueError("a list")
    if raw.startswith("["):
        items: list[Any] = _json(raw, list, "a list")
        return items
    return [item.strip() for item in raw.split(",") if item.strip()]


def _members(raw: Any) -> dict[str, Any]:
    if isinstance(raw, dict):
        return raw
    if isinstance(raw, str):
        members: dict[str, Any] = _json(raw, dict, "a table (in the environment: a JSON object)")
        return members
    raise ValueError("a table")


def _json(text: str, kind: type, want: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise ValueError(want) from None
    if not isinstance(value, kind):
        raise ValueError(want)
    return value


_SAID = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)
"""How the environment may say a boolean."""


def _bool(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and (said := raw.strip().lower()) in _SAID:
        return _SAID[said]
    raise ValueError("true or false")


def _int(raw: Any) -> int:
    if isinstance(raw, str):
        try:
            return int(raw)
        except ValueError:
            raise ValueError("a whole number") from None
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    raise ValueError("a whole number")


def _float(raw: Any) -> float:
    if isinstance(raw, str):
        try:
            return _finite(float(raw))
        except ValueError:
            raise ValueError("a number") from None
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _finite(float(raw))
    raise ValueError("a number")


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("a number")
    return number


def _str(raw: Any) -> str:
    if isinstance(raw, str):
        return raw
    raise ValueError("a text in quotes")


_SCALARS: dict[Any, Callable[[Any], Any]] = {bool: _bool, int: _int, float: _float, str: _str}
