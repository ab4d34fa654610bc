"""Where settings come from: raw values of a TOML file, of Kazoo's `config.ini` and of the environment.

Every raw value remembers its source, so that messages and `pivot check-config` can name it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pivot.errors import ConfigError

ENVIRONMENT_PREFIX = "PIVOT_"
THE_ENVIRONMENT = "the environment"
_NOT_SETTINGS = ("PIVOT_TEST_",)
"""Environment names of the test suite that share our prefix."""

_TABLE = re.compile(r"\s*\[\s*([\w.\-\"' ]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


@dataclass(frozen=True, slots=True)
class Sourced:
    """A raw value and where it stands."""

    value: Any
    source: str
    line: int | None = None
    """Of a file, when it is known."""

    @property
    def place(self) -> str:
        """`/etc/pivot/pivot.toml:12`, or the source alone."""
        return self.source if self.line is None else f"{self.source}:{self.line}"


def merge(
    tree: dict[str, Any],
    more: Mapping[str, Any],
    source: str,
    lines: Mapping[tuple[str, ...], int] | None = None,
    path: tuple[str, ...] = (),
) -> None:
    """Lay `more` over `tree`; what comes later wins, key by key.

    Args:
        tree: tables of tables; its leaves become `Sourced`.
        more: tables of raw values.
        source: where `more` comes from, for people.
        lines: of which key stands on which line, as `lines_of` gives it.
        path: the keys of the tables above `more`.
    """
    for key, value in more.items():
        here = (*path, key)
        if isinstance(value, Mapping) and isinstance(tree.setdefault(key, {}), dict):
            merge(tree[key], value, source, lines, here)
        else:
            tree[key] = Sourced(value, source, (lines or {}).get(here))


def read_toml(file: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    """A file's tables, and the lines of its keys.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        return tomllib.loads(text), lines_of(text)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror}; name a readable file with --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is no TOML: {error}; mend that line") from error


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    """The line of each plain `key = value` of a TOML file. Keys of inline tables have their table's line."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _TABLE.match(line):
            table = tuple(part.strip(" \"'") for part in heading[1].split("."))
        elif key := _KEY.match(line):
            found[(*table, key[1])] = number
    return found


def read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings among the environment's names, such as `PIVOT_FETCH__TIMEOUT_S`.

    A name without `__` is none of ours: container platforms set `PIVOT_PORT` and the like for a service
    called `pivot`. An empty value counts as unset.
    """
    tree: dict[str, Any] = {}
    for name, text in environment.items():
        if not _is_setting(name) or not text.strip():
            continue
        *path, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[key] = text
    return tree


def slips(environment: Mapping[str, str], known: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Names without `__` that somebody may have meant as settings, each with the name that would be one.

    Args:
        environment: the process's.
        known: the keys of each section.
    """
    for name in environment:
        if not name.startswith(ENVIRONMENT_PREFIX) or name.startswith(_NOT_SETTINGS) or "__" in name:
            continue
        section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("_")
        if key in known.get(section, ()):
            yield f"{name} is ignored; the setting is {variable_of((section, key))}"


def variable_of(path: tuple[str, ...]) -> str:
    """The environment's name of a setting."""
    return ENVIRONMENT_PREFIX + "__".join(path).upper()


def _is_setting(name: str) -> bool:
    return name.startswith(ENVIRONMENT_PREFIX) and "__" in name and not name.startswith(_NOT_SETTINGS)
