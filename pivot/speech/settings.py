"""Settings of speech plug-ins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

AT_RUN_TIME = frozenset({"wait_s"})
"""What may change while calls run."""


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """Who speaks, for how long it may think, and what is kept."""

    engine: str = ""  # name of the plug-in's entry point; empty: the switch speaks
    options: dict[str, Any] = field(default_factory=dict)
    default_voice: str = ""  # for each Say that names no voice of the plug-in; empty: the switch speaks those
    base_url: str = ""  # where media servers reach the port that serves the sounds
    wait_s: float = 3.0  # of a caller
    timeout_s: float = 10.0  # of one synthesis
    at_once: int = 8
    per_account: int = 2
    cache_dir: str = ""  # empty: a temporary one
    cache_bytes: int = 268_435_456
    cache_age_s: float = 604_800.0
    max_sound_bytes: int = 8_388_608

    def problems(self) -> Iterator[tuple[str, str]]:
        """Keys of `[speech]` with a value that cannot be, each with what is wrong."""
        if self.engine and not self.base_url:
            yield "base_url", "is empty, want where media servers reach our port, as http://10.0.0.5:8090"
        if self.base_url and not _is_base(self.base_url):
            yield "base_url", "is no plain http URL, want http://host:port without query and password"
        for key in ("wait_s", "timeout_s", "cache_age_s"):
            if getattr(self, key) <= 0:
                yield key, f"is {getattr(self, key):g}, want more than 0"
        for key in ("at_once", "per_account", "max_sound_bytes"):
            if getattr(self, key) < 1:
                yield key, f"is {getattr(self, key)}, want at least 1"
        if self.cache_bytes < self.max_sound_bytes:
            yield (
                "cache_bytes",
                f"is {self.cache_bytes}, want at least max_sound_bytes ({self.max_sound_bytes})",
            )


def _is_base(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0  # reading it raises for what is no port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or any(map(str.isspace, url)))
    return parts.scheme in ("http", "https") and bool(parts.hostname) and has_port and plain
