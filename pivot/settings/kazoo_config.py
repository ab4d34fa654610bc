"""Kazoo's own `config.ini`: where its broker and its database are.

Source: kz_config.erl, kz_amqp_bootstrap.erl (read). One file may serve all machines of a cluster: a section
with `host` counts on that machine only, one with `zone` in that zone only (a `[zone]` section by its `name`),
and one with neither where no other counts. The format repeats sections and keys on purpose, which the
standard library's parser cannot read.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pivot.errors import ConfigError

Pairs = list[tuple[str, str]]
Section = tuple[str, Pairs]

_DEFAULT_AMQP = "amqp://guest:guest@localhost:5672"


def read(
    file: Path,
    environment: Mapping[str, str] | None = None,
    node_section: str = "kazoo_apps",
    hosts: frozenset[str] | None = None,
) -> dict[str, Any]:
    """The settings that Kazoo's file implies: `bus.url`, `bus.urls`, `debug.couch_url`, `kazoo.zone`.

    Args:
        file: Kazoo's `config.ini`.
        environment: may name the own zone in `KAZOO_ZONE`; None for the process's own.
        node_section: the section of this host's Kazoo node, which may name its zone.
        hosts: names of this machine; None for those that the system gives.

    Raises:
        ConfigError: the file cannot be read, or has a line that is no section, key or comment.
    """
    sections = list(_sections(file))
    names = hosts if hosts is not None else frozenset({socket.gethostname(), socket.getfqdn()})
    zone = (os.environ if environment is None else environment).get("KAZOO_ZONE")
    zone = zone or _first(_local(sections, node_section, names, None), "zone") or "local"
    first, *others = _brokers(sections, names, zone)
    settings: dict[str, Any] = {"kazoo": {"zone": zone}, "bus": {"url": first, "urls": others}}
    couch = _couch(sections, names, zone)
    if couch:
        settings["debug"] = {"couch_url": couch}
    return settings


def _local(sections: list[Section], name: str, hosts: frozenset[str], zone: str | None) -> list[Pairs]:
    """The sections of this name that count on this machine: its own, else its zone's, else the general ones.

    `zone` None: the zone is not known yet, and no section is left out because of it.
    """
    zone_key = "name" if name == "zone" else "zone"
    of_zone, general = [], []
    for pairs in (pairs for section, pairs in sections if section == name):
        told = dict(reversed(pairs))
        if "host" in told:
            if told["host"] in hosts:
                return [pairs]
        elif zone is None or zone_key not in told:
            general.append(pairs)
        elif told[zone_key] == zone:
            of_zone.append(pairs)
    return of_zone or general


def _sections(file: Path) -> Iterator[Section]:
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
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


def _values(local: list[Pairs], *keys: str) -> list[str]:
    return [value for pairs in local for key, value in pairs if key in keys]


def _first(local: list[Pairs], key: str) -> str | None:
    return next(iter(_values(local, key)), None)


def _brokers(sections: list[Section], hosts: frozenset[str], zone: str) -> list[str]:
    """The own zone's brokers, else those of `[amqp]`. Kazoo prefers the alphabetically smallest."""
    uris = _values(_local(sections, "zone", hosts, zone), "amqp_uri", "uri")
    return sorted(uris or _values(_local(sections, "amqp", hosts, zone), "amqp_uri", "uri")) or [
        _DEFAULT_AMQP
    ]


def _couch(sections: list[Section], hosts: frozenset[str], zone: str) -> str | None:
    local = next(
        filter(None, (_local(sections, name, hosts, zone) for name in ("bigcouch", "couchdb"))), None
    )
    if local is None:
        return None
    host, port = _first(local, "ip") or "localhost", _first(local, "port") or "5984"
    user, password = _first(local, "username"), _first(local, "password")
    login = f"{quote(user, safe='')}:{quote(password or '', safe='')}@" if user else ""
    return f"http://{login}{host}:{port}"
