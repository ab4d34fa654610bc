"""Kazoo's own `config.ini`: where its broker and its database are.

Source: kz_config.erl, kz_amqp_bootstrap.erl. The format repeats sections and keys on purpose (one `[zone]`
each, several `amqp_uri` in it), which the standard library's parser cannot read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pivot.errors import ConfigError

Section = tuple[str, list[tuple[str, str]]]

_DEFAULT_AMQP = "amqp://guest:guest@localhost:5672"


def read(
    file: Path, environment: Mapping[str, str] | None = None, node_section: str = "kazoo_apps"
) -> dict[str, Any]:
    """The settings that Kazoo's file implies: `bus.url`, `bus.urls`, `debug.couch_url`, `kazoo.zone`.

    Args:
        file: Kazoo's `config.ini`.
        environment: may name the own zone in `KAZOO_ZONE`; None for the process's own.
        node_section: the section of this host's Kazoo node, which may name its zone.

    Raises:
        ConfigError: the file cannot be read, or has a line that is no section, key or comment.
    """
    sections = list(_sections(file))
    zone = (os.environ if environment is None else environment).get("KAZOO_ZONE")
    zone = zone or _first(sections, node_section, "zone") or "local"
    first, *others = _brokers(sections, zone)
    settings: dict[str, Any] = {"kazoo": {"zone": zone}, "bus": {"url": first, "urls": others}}
    couch = _couch(sections)
    if couch:
        settings["debug"] = {"couch_url": couch}
    return settings


def _sections(file: Path) -> Iterator[Section]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}; name Kazoo's config.ini") from error
    current: Section | None = None
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line or line[0] in ";#":
            continue
        if line.startswith("[") and line.endswith("]"):
            if current:
                yield current
            current = (line[1:-1].strip(), [])
        elif current and "=" in line:
            key, value = line.split("=", 1)
            current[1].append((key.strip(), _unquoted(value)))
        else:
            raise ConfigError(f"{file}:{number} is {line!r}, want [section] or key = value")
    if current:
        yield current


def _unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] in "\"'" and value.count(value[:1]) >= 2:
        return value[1 : value.index(value[0], 1)]
    return value.split(" ;", 1)[0].strip()


def _values(sections: list[Section], name: str, key: str) -> list[str]:
    return [value for section, pairs in sections if section == name for k, value in pairs if k == key]


def _first(sections: list[Section], name: str, key: str) -> str | None:
    return next(iter(_values(sections, name, key)), None)


def _brokers(sections: list[Section], zone: str) -> list[str]:
    """The own zone's brokers; Kazoo uses the alphabetically smallest available one."""
    zones = [dict_of for section, dict_of in sections if section == "zone"]
    if not zones:
        zones = [pairs for section, pairs in sections if section == "amqp"]
    else:
        named = [pairs for pairs in zones if ("name", zone) in pairs]
        zones = named or zones[:1]
    uris = [value for pairs in zones for key, value in pairs if key in ("amqp_uri", "uri")]
    return sorted(uris) or [_DEFAULT_AMQP]


def _couch(sections: list[Section]) -> str | None:
    name = next((section for section, _ in sections if section in ("bigcouch", "couchdb")), None)
    if name is None:
        return None
    host = _first(sections, name, "ip") or "localhost"
    port = _first(sections, name, "port") or "5984"
    user, password = _first(sections, name, "username"), _first(sections, name, "password")
    login = f"{quote(user, safe='')}:{quote(password or '', safe='')}@" if user else ""
    return f"http://{login}{host}:{port}"
