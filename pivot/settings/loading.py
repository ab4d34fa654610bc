"""Settings: typed, read once at start, passed on in parts to the rooms that need them.

Defaults, then a TOML file, then Kazoo's own `config.ini`, then the environment; what comes later wins.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from pivot.bus.settings import BusSettings
from pivot.debug.settings import DebugSettings
from pivot.errors import ConfigError
from pivot.fetch.settings import FetchSettings
from pivot.pool.settings import PoolSettings
from pivot.settings.values import value_of, wanted
from pivot.speech.settings import SpeechSettings
from pivot.web.settings import WebSettings

DEFAULT_FILE = Path("/etc/pivot/pivot.toml")
ENVIRONMENT_PREFIX = "PIVOT_"
_SIP_URI = re.compile(r"sips?:[^\s@,<>\[\]]+@[^\s@,<>]+")
_HTTP_URL = re.compile(r"https?://[^\s/?#@]+[^\s#]*")
_NOT_SETTINGS = ("PIVOT_TEST_",)
"""Environment names of the test suite that share our prefix."""


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """Health and metrics without the web part."""

    host: str = "127.0.0.1"
    port: int = 0  # 0: no port of their own

    def problems(self) -> Iterator[tuple[str, str]]:
        if not 0 <= self.port <= 65535:
            yield "port", f"is {self.port}, want 0 to 65535"


@dataclass(frozen=True, slots=True)
class TwimlSettings:
    """How TwiML is run."""

    profile: Literal["kazoo", "twilio"] = "kazoo"
    accounts: dict[str, str] = field(default_factory=dict)  # account id to profile
    max_iterations: int = 200  # documents of one call before call.loop
    apology: str = ""  # said before we hang up on a call that cannot go on; empty: nothing
    max_xml_depth: int = 64
    max_xml_nodes: int = 1000
    sms: Literal["off", "kazoo"] = "off"  # kazoo: Sms goes to the cluster's messaging application
    refer: Literal["off", "dial"] = "off"  # dial: Refer rings its target and connects the caller with it
    stream_gateway: str = ""  # SIP URI that carries audio to WebSockets; empty: there is none
    recordings_url: str = ""  # where media servers PUT recordings; empty: below the verb's action

    def problems(self) -> Iterator[tuple[str, str]]:
        for account, profile in self.accounts.items():
            if profile not in ("kazoo", "twilio"):
                yield f"accounts.{account}", f'is "{profile}", want "kazoo" or "twilio"'
        if self.stream_gateway and not _SIP_URI.fullmatch(self.stream_gateway):
            yield "stream_gateway", f'is "{self.stream_gateway}", want sip:user@host, or nothing'
        if self.recordings_url and not _HTTP_URL.fullmatch(self.recordings_url):
            yield (
                "recordings_url",
                "is no http URL without user, blanks and fragment, want https://host/folder",
            )
        yield from _too_small(self, "max_iterations", "max_xml_depth", "max_xml_nodes")


@dataclass(frozen=True, slots=True)
class CompatSettings:
    """Where Kazoo's behaviour and its documentation differ."""

    failures: Literal["documented", "kazoo"] = "documented"


@dataclass(frozen=True, slots=True)
class SchemasSettings:
    """Where the schemas of callflow modules come from."""

    source: Literal["bundled", "couch"] = "bundled"
    max_depth: int = 200  # levels of objects and lists in a flow; an action takes two
    max_nodes: int = 1_000  # objects and lists in a flow; an action takes about three

    def problems(self) -> Iterator[tuple[str, str]]:
        return _too_small(self, "max_depth", "max_nodes")


@dataclass(frozen=True, slots=True)
class KazooSettings:
    """What we say of ourselves in the cluster, and what we read of it."""

    node: str = ""  # our node's name on the bus; empty: pivot@<host name>
    zone: str = ""  # empty: KAZOO_ZONE, else local
    system_config: bool = False  # read request_timeout_ms and its like from the cluster's database
    couch_url: str = (
        ""  # the cluster's database for accounts, schemas and system_config; empty: debug.couch_url
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.couch_url and not self.couch_url.startswith(("http://", "https://")):
            yield "couch_url", "is no http URL, want http://user:password@host:port"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, and how it looks."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"  # auto: console on a terminal, else json


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; a room is given its own part only."""

    bus: BusSettings = field(default_factory=BusSettings)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    debug: DebugSettings = field(default_factory=DebugSettings)
    web: WebSettings = field(default_factory=WebSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    twiml: TwimlSettings = field(default_factory=TwimlSettings)
    speech: SpeechSettings = field(default_factory=SpeechSettings)
    pool: PoolSettings = field(default_factory=PoolSettings)
    compat: CompatSettings = field(default_factory=CompatSettings)
    schemas: SchemasSettings = field(default_factory=SchemasSettings)
    kazoo: KazooSettings = field(default_factory=KazooSettings)
    log: LogSettings = field(default_factory=LogSettings)


def _too_small(settings: object, *keys: str) -> Iterator[tuple[str, str]]:
    for key in keys:
        if getattr(settings, key) < 1:
            yield key, f"is {getattr(settings, key)}, want at least 1"


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
    tree: dict[str, Any] = {}
    _merge(tree, defaults or {}, "this command")
    if file is None and DEFAULT_FILE.exists():
        file = DEFAULT_FILE
    if file is not None:
        _merge(tree, _read_toml(file), str(file))
    _merge(tree, kazoo or {}, "Kazoo's config.ini")
    _merge(tree, _from_environment(os.environ if environment is None else environment), "the environment")
    return _build(Settings, tree, ())


@dataclass(frozen=True, slots=True)
class _Sourced:
    """A raw value and where it stands, for the error message."""

    value: Any
    source: str


def _merge(tree: dict[str, Any], more: Mapping[str, Any], source: str) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(tree.setdefault(key, {}), dict):
            _merge(tree[key], value, source)
        else:
            tree[key] = _Sourced(value, source)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror}; name a readable file with --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is no TOML: {error}; mend that line") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX) or name.startswith(_NOT_SETTINGS):
            continue
        *path, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if not path:
            raise ConfigError(f"{name} is no setting; write PIVOT_<SECTION>__<KEY>, or unset it")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[key] = text
    return tree


T = TypeVar("T")


def _build(cls: type[T], tree: Mapping[str, Any], path: tuple[str, ...]) -> T:
    known = wanted(cls)
    for key, raw in tree.items():
        if key not in known:
            source = raw.source if isinstance(raw, _Sourced) else _source_of(raw)
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
        if isinstance(raw, _Sourced):
            raise ConfigError(f"{'.'.join(path)} in {raw.source} is {raw.value!r}, want a table of settings")
        return _build(kind, raw, path)
    if isinstance(raw, dict):
        raw = _Sourced(_unsourced(raw), _source_of(raw))
    try:
        return value_of(kind, raw.value)
    except ValueError as error:
        shown = "hidden" if is_secret(path[-1]) else repr(raw.value)
        raise ConfigError(f"{'.'.join(path)} in {raw.source} is {shown}, want {error}") from None


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


def _unsourced(tree: Any) -> Any:
    if isinstance(tree, _Sourced):
        return tree.value
    return {key: _unsourced(value) for key, value in tree.items()}


def _source_of(tree: Mapping[str, Any]) -> str:
    for value in tree.values():
        return value.source if isinstance(value, _Sourced) else _source_of(value)
    return "the settings"


def _did_you_mean(key: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""
