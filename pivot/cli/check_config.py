"""`pivot check-config`: what differs from the defaults, where it comes from, and what cannot work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pivot.settings.combinations import warnings_about
from pivot.settings.loading import Loaded
from pivot.settings.sections import Settings
from pivot.settings.shown import shown

Path = tuple[str, ...]


def report(loaded: Loaded, *, everything: bool) -> Iterator[str]:
    """Lines for people: each setting with its origin, warnings, and `ok`.

    Args:
        loaded: the settings and their origins.
        everything: the defaults too.
    """
    defaults = dict(leaves(Settings(), shown(Settings())))
    for path, value in leaves(loaded.settings, shown(loaded.settings)):
        origin = origin_of(path, loaded.origins)
        if everything or origin is not None or value != defaults.get(path):
            yield f"{'.'.join(path)} = {json.dumps(value, ensure_ascii=False)}  # {origin or 'default'}"
    for warning in warnings_of(loaded):
        yield f"warning: {warning}"
    yield "ok"


def as_json(loaded: Loaded) -> dict[str, Any]:
    """The same for programs: `settings`, `origins` by dotted name, `warnings`."""
    return {
        "settings": shown(loaded.settings),
        "origins": {".".join(path): origin for path, origin in loaded.origins.items()},
        "warnings": warnings_of(loaded),
    }


def warnings_of(loaded: Loaded) -> list[str]:
    """Warnings of reading the settings, then those about combinations that cannot work."""
    return [*loaded.warnings, *warnings_about(loaded.settings)]


def leaves(settings: Any, table: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each setting's path and its value as it may be shown.

    Args:
        settings: all of them, or one section.
        table: the same, as `shown` gives it.
        above: where the section stands.
    """
    for field in fields(settings):
        path, value = (*above, field.name), getattr(settings, field.name)
        if is_dataclass(value):
            yield from leaves(value, table[field.name], path)
        else:
            yield path, table[field.name]


def origin_of(path: Path, origins: Mapping[Path, str]) -> str | None:
    """Where the value comes from; of a table, where the last of its members does."""
    return next((origin for set_path, origin in origins.items() if set_path[: len(path)] == path), None)
