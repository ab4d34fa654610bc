"""The settings of every section; a room that has settings of its own declares them itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pivot.bus.settings import BusSettings
from pivot.debug.settings import DebugSettings
from pivot.fetch.settings import FetchSettings
from pivot.pool.settings import PoolSettings
from pivot.speech.settings import SpeechSettings
from pivot.web.settings import WebSettings

_SIP_URI = re.compile(r"sips?:[^\s@,<>\[\]]+@[^\s@,<>]+")
_HTTP_URL = re.compile(r"https?://[^\s/?#@]+[^\s#]*")


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """Health and metrics without the web part."""

    host: str = "127.0.0.1"
    port: int = 0  # 0: no port of their own

    def problems(self) -> Iterator[tuple[str, str]]:
        """Keys of `[health]` with a value that cannot be, each with what is wrong."""
        if not 0 <= self.port <= 65535:
            yield "port", f"is {self.port}, want 0 to 65535"


@dataclass(frozen=True, slots=True)
class TwimlSettings:
    """How TwiML is run."""

    profile: Literal["kazoo", "twilio"] = "kazoo"
    accounts: dict[str, str] = field(default_factory=dict)  # account id to profile
    max_iterations: int = 200  # documents in a row that nobody hears, before call.loop
    apology: str = ""  # said before we hang up on a call that cannot go on; empty: nothing
    max_xml_depth: int = 64
    max_xml_nodes: int = 1000
    sms: Literal["off", "kazoo"] = "off"  # kazoo: Sms goes to the cluster's messaging application
    refer: Literal["off", "dial"] = "off"  # dial: Refer rings its target and connects the caller with it
    stream_gateway: str = ""  # SIP URI that carries audio to WebSockets; empty: there is none
    recordings_url: str = ""  # where media servers PUT recordings; empty: below the verb's action

    def problems(self) -> Iterator[tuple[str, str]]:
        """Keys of `[twiml]` with a value that cannot be, each with what is wrong."""
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
        """Keys of `[schemas]` with a value that cannot be, each with what is wrong."""
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
        """Keys of `[kazoo]` with a value that cannot be, each with what is wrong."""
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
