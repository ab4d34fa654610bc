"""Finds the speech plug-in that the operator names, among the packages installed beside pivot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pivot.errors import ConfigError
from pivot.speech.plugin import ENTRY_POINTS, OpenEngine


def find_engine(name: str) -> EntryPoint:
    """The entry point of this name.

    Raises:
        ConfigError: no package offers it, or several do.
    """
    found = tuple(entry_points(group=ENTRY_POINTS, name=name))
    if len({point.value for point in found}) == 1:
        return found[0]
    if found:
        owners = ", ".join(sorted(point.dist.name for point in found if point.dist is not None))
        raise ConfigError(f'speech.engine is "{name}", and several packages offer it: {owners}; remove one')
    others = ", ".join(sorted({point.name for point in entry_points(group=ENTRY_POINTS)})) or "none"
    raise ConfigError(
        f'speech.engine is "{name}", but no package beside pivot offers it (installed: {others});'
        " install its package into pivot's environment, or mend the name"
    )


def load_engine(point: EntryPoint) -> OpenEngine:
    """What the entry point names.

    Raises:
        ConfigError: it cannot be imported, or cannot be called.
    """
    try:
        loaded: OpenEngine = point.load()
    except Exception as error:
        raise ConfigError(
            f'speech.engine is "{point.name}", but {point.value} cannot be imported:'
            f" {type(error).__name__}: {error}; install its package anew"
        ) from error
    if not callable(loaded):
        raise ConfigError(
            f'speech.engine is "{point.name}", but {point.value} is no function; ask its author'
        )
    return loaded


def identity_of(point: EntryPoint, options: Mapping[str, Any]) -> str:
    """What, beside a wish, makes the plug-in's sounds what they are."""
    version = point.dist.version if point.dist is not None else ""
    return json.dumps([point.name, point.value, version, options], sort_keys=True, default=str)
