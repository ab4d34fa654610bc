"""Reading the moments of a timeline, which are JSON that may be damaged: a member is there or it is not."""

from __future__ import annotations

import math
from collections.abc import Iterable
from urllib.parse import urlsplit

from pivot.debug.call_text import clean
from pivot.debug.redact import MASK
from pivot.model.json import Json, JsonObject

HIDDEN = MASK
_MAX_URL = 120
_DEFAULT_PORTS = {"http": 80, "https": 443}


def kind(moment: JsonObject) -> str:
    return text(moment, "what")


def text(value: JsonObject, name: str) -> str:
    item = value.get(name)
    return item if isinstance(item, str) else ""


def number(value: JsonObject, name: str) -> float | None:
    item = value.get(name)
    is_number = isinstance(item, int | float) and not isinstance(item, bool)
    return float(item) if is_number and math.isfinite(item) else None  # type: ignore[arg-type]


def items(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []


def at_s(moment: JsonObject) -> float | None:
    """Seconds since the call's request came."""
    at_ms = number(moment, "at_ms")
    return None if at_ms is None else at_ms / 1000


def last(moments: Iterable[JsonObject], *kinds: str) -> JsonObject | None:
    found = None
    for moment in moments:
        if kind(moment) in kinds:
            found = moment
    return found


def seconds(value: float) -> str:
    """`0.04 s`, `1.2 s`, `95 s`: as exact as anybody wants to know."""
    if value < 0.1:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if value < 60 else f"{value:.0f} s"


def cut(value: str, most: int = 60) -> str:
    """One line of at most so many characters, without anything that steers a terminal."""
    line = clean(" ".join(value[: 4 * most].split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def place_of(url: str) -> str:
    """Host and path of a URL, with the port when it is not the usual one; never its query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return cut(url, _MAX_URL)
    if not host:
        return cut(url, _MAX_URL)
    shown = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        shown = f"{shown}:{port}"
    return cut(shown + (parts.path or "/"), _MAX_URL)


def host_of(url: str) -> str:
    return place_of(url).partition("/")[0]


def counted(count: int, word: str) -> str:
    """`1 prompt`, `2 prompts`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
