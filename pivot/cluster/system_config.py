"""Settings that Kazoo's nodes keep in the database `system_config`, and what we follow of them.

A category is a document. A key is looked for under the node's name, then its zone, then `default`; whoever
finds none uses the default of its code, which here are our own settings.

Source: kapps_config.erl, get_value; kz_http_util.erl, kzt_twiml_say.erl, kzt_twiml_util.erl, kazoo_tts.erl.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, TypeVar

from pivot.model.instructions import SwitchVoice
from pivot.model.json import Json, JsonObject

DATABASE = "system_config"
CATEGORIES = ("pivot", "kzt_twiml_util", "callflow", "kazoo_web", "speech")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the cluster's administrators have set of what we use; None: they have not."""

    request_timeout_s: float | None = None
    max_tts_bytes: int | None = None
    max_record_s: int | None = None
    recording_extension: str | None = None
    voice: SwitchVoice = field(default_factory=SwitchVoice)
    denied_networks: tuple[str, ...] | None = None
    denied_hosts: tuple[str, ...] | None = None
    problems: tuple[str, ...] = ()
    """What could not be used, for the log: `<category>.<key> is <value>, want <what>`."""


@dataclass(frozen=True, slots=True)
class SystemConfig:
    """The documents of the categories, as one node of one zone sees them."""

    documents: Mapping[str, JsonObject]
    node: str
    zone: str

    def value(self, category: str, key: str) -> Json:
        """What is set, None when nothing is. A dot in the key leads into an object."""
        for place in (self.node, self.zone, "default"):
            found = _inside(self.documents.get(category), [place, *key.split(".")])
            if found is not None:
                return found
        return None


def figures_of(config: SystemConfig) -> Figures:
    """What we use, checked: a value that makes no sense is as good as none."""
    reader = _Reader(config)
    usual = SwitchVoice()
    timeout_ms = reader.read("pivot", "request_timeout_ms", _whole_number)
    return Figures(
        request_timeout_s=None if timeout_ms is None else timeout_ms / 1000,
        max_tts_bytes=reader.read("pivot", "tts_texts_size", _whole_number),
        max_record_s=reader.read("kzt_twiml_util", "max_length", _whole_number),
        recording_extension=reader.read("callflow", "call_recording.extension", _extension),
        voice=SwitchVoice(
            reader.read("speech", "tts_voice", _gender) or usual.voice,
            reader.read("speech", "tts_language", _text) or usual.language,
            reader.read("speech", "tts_provider", _text) or usual.engine,
        ),
        denied_networks=reader.read("kazoo_web", "client.blacklist.cidrs", _networks),
        denied_hosts=reader.read("kazoo_web", "client.blacklist.hosts", _texts),
        problems=tuple(reader.problems),
    )


class _Reader:
    """Reads values and collects what is wrong with them."""

    def __init__(self, config: SystemConfig) -> None:
        self._config = config
        self.problems: list[str] = []

    def read(self, category: str, key: str, convert: Callable[[Any], T]) -> T | None:
        value = self._config.value(category, key)
        if value is None:
            return None
        try:
            return convert(value)
        except ValueError as error:
            self.problems.append(f"{category}.{key} is {str(value)[:80]!r}, want {error}")
            return None


def _inside(value: Any, path: list[str]) -> Json:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    found: Json = value
    return found


def _whole_number(value: Any) -> int:
    """Kazoo takes numbers in texts as well."""
    try:
        number = int(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0
    except (ValueError, OverflowError):
        number = 0
    if number <= 0:
        raise ValueError("a whole number above 0")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


def _gender(value: Any) -> str:
    if value not in ("male", "female"):
        raise ValueError("male or female, as the switch knows no other voice")
    return str(value)


def _extension(value: Any) -> str:
    if value not in ("mp3", "wav", "mp4"):
        raise ValueError("mp3, wav or mp4")
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts")
    return tuple(value)


def _networks(value: Any) -> tuple[str, ...]:
    texts = _texts(value)
    for text in texts:
        try:
            ip_network(text)
        except ValueError:
            raise ValueError(f"networks as 10.1.2.0/24, and {text[:40]!r} is none") from None
    return texts
