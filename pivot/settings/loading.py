"""Settings: typed, read once at start, passed on in parts to the rooms that need them.

Defaults, then a TOML file, then Kazoo's own `config.ini`, then the environment; what comes later wins.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, get_type_hints, runtime_checkable

from pivot.errors import ConfigError
from pivot.settings.sections import Settings
from pivot.settings.shown import is_secret
from pivot.settings.sources import (
    THE_ENVIRONMENT,
    Sourced,
    merge,
    read_environment,
    read_toml,
    slips,
    variable_of,
)
from pivot.settings.values import value_of, wanted

DEFAULT_FILE = Path("/etc/pivot/pivot.toml")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and how they came to be."""

    settings: Settings
    file: Path | None
    """The TOML file that was read."""
    origins: Mapping[tuple[str, ...], str]
    """Where each value that is set comes from: a file and its line, a variable, Kazoo's `config.ini`."""
    warnings: tuple[str, ...]
    """Names of the environment that look like settings and are none."""


@runtime_checkable
class _Checked(Protocol):
    """Settings whose values must also make sense."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Pairs of a key and what is wrong with its value."""


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    kazoo: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings in force.

    Args:
        file: a TOML file; None for the default place, if something is there.
        environment: names like `PIVOT_FETCH__TIMEOUT_S`; None for the process's own.
        kazoo: what Kazoo's `config.ini` says, as `pivot.settings.kazoo_config.read` gives it.
        defaults: settings of a command that differ from those of the worker.

    Raises:
        ConfigError: a key is unknown, or a value is of the wrong type or makes no sense.
    """
    return load_with_origins(file, environment, kazoo, defaults).settings


def load_with_origins(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    kazoo: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Loaded:
    """As `load`, with the origin of each value."""
    environment = os.environ if environment is None else environment
    tree: dict[str, Any] = {}
    merge(tree, defaults or {}, "this command")
    if file is None and DEFAULT_FILE.exists():
        file = DEFAULT_FILE
    if file is not None:
        tables, lines = read_toml(file)
        merge(tree, tables, str(file), lines)
    merge(tree, kazoo or {}, "Kazoo's config.ini")
    merge(tree, read_environment(environment), THE_ENVIRONMENT)
    settings = _build(Settings, tree, ())
    return Loaded(settings, file, dict(_origins(tree, ())), tuple(slips(environment, _keys())))


def _keys() -> dict[str, frozenset[str]]:
    """The keys of each section."""
    hints = get_type_hints(Settings)
    return {
        section.name: frozenset(field.name for field in fields(hints[section.name]))
        for section in fields(Settings)
    }


def _origins(tree: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, raw in tree.items():
        here = (*path, key)
        if isinstance(raw, Sourced):
            yield here, variable_of(here) if raw.source == THE_ENVIRONMENT else raw.place
        else:
            yield from _origins(raw, here)


T = TypeVar("T")


def _build(cls: type[T], tree: Mapping[str, Any], path: tuple[str, ...]) -> T:
    known = wanted(cls)
    for key, raw in tree.items():
        if key not in known:
            source = raw.source if isinstance(raw, Sourced) else _source_of(raw)
            name = ".".join((*path, key))
            raise ConfigError(
                f"{name} in {source} is unknown{_did_you_mean(key, known)}; see config/pivot.toml"
            )
    values = {key: _one(known[key], raw, (*path, key)) for key, raw in tree.items()}
    built = cls(**values)
    if isinstance(built, _Checked):
        for key, wrong in built.problems():
            raise ConfigError(f"{'.'.join((*path, key))} {wrong}; edit config/pivot.toml or the environment")
    return built


def _one(kind: Any, raw: Any, path: tuple[str, ...]) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        if isinstance(raw, Sourced):
            raise ConfigError(f"{'.'.join(path)} in {raw.source} is {raw.value!r}, want a table of settings")
        return _build(kind, raw, path)
    if isinstance(raw, dict):
        raw = Sourced(_unsourced(raw), _source_of(raw))
    try:
        return value_of(kind, raw.value)
    except ValueError as error:
        shown = "hidden" if is_secret(path[-1]) else repr(raw.value)
        raise ConfigError(f"{'.'.join(path)} in {raw.source} is {shown}, want {error}") from None


def _unsourced(tree: Any) -> Any:
    if isinstance(tree, Sourced):
        return tree.value
    return {key: _unsourced(value) for key, value in tree.items()}


def _source_of(tree: Mapping[str, Any]) -> str:
    for value in tree.values():
        return value.source if isinstance(value, Sourced) else _source_of(value)
    return "the settings"


def _did_you_mean(key: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""
