"""Settings for people to read, secrets hidden."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import Any

from pivot.settings.sections import Settings


def is_secret(key: str) -> bool:
    """Whether values of this key must not be shown."""
    words = ("password", "secret", "token", "key", "credential", "authorization", "headers")
    return any(word in key.lower() for word in words)


def shown(settings: Settings) -> dict[str, Any]:
    """All settings as plain tables, secrets hidden: for people to read."""
    tree: dict[str, Any] = _shown_table(settings)
    return tree


def _shown_table(table: Any) -> dict[str, Any]:
    return {field.name: _shown_value(field.name, getattr(table, field.name)) for field in fields(table)}


def _shown_value(key: str, value: Any) -> Any:
    if is_dataclass(value):
        return _shown_table(value)
    if isinstance(value, bool | int | float) or value in ("", None, (), {}):
        return value
    if is_secret(key):
        return "(hidden)"
    if isinstance(value, tuple):
        return [_shown_value(key, item) for item in value]
    if isinstance(value, dict):
        return {name: _shown_value(name, item) for name, item in value.items()}
    return _without_password(value) if isinstance(value, str) else value


def _without_password(text: str) -> str:
    """Up to the last `@`, as somebody may write a password as it stands; rather too much than too little."""
    return re.sub(r"(://[^/@:\s]*):\S*@", r"\1:(hidden)@", text)
