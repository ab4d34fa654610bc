"""The templates, and what they use to show strangers' texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, Undefined
from markupsafe import Markup, escape

from pivot.debug.call_text import clean
from pivot.model.json import Json, JsonObject

PARTS = ("queue", "dns", "connect", "tls", "first_byte", "body")


def make_environment() -> Environment:
    """Everything that is printed is escaped; there is no way around it in any template."""
    environment = Environment(
        loader=PackageLoader("pivot.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Callable[..., object]] = {
        "clean": shown_text,
        "segment": lambda text: quote(str(text), safe=""),
        "prose": prose,
        "pretty": lambda value: clean(json.dumps(value, indent=2, ensure_ascii=False)),
        "words": lambda value: clean(words(value)),
        "told": lambda moment: clean(words({k: v for k, v in moment.items() if k not in ("at_ms", "what")})),
        "warnings": warnings_of,
        "waterfall": waterfall,
    }
    environment.filters |= filters
    return environment


def style_sheet() -> str:
    """The style sheet of the pages, as text."""
    return (files("pivot.web") / "templates" / "style.css").read_text("utf-8")


def shown_text(value: object) -> str:
    """Nothing for what is not there."""
    return "" if value is None or isinstance(value, Undefined) else clean(str(value))


def prose(text: str) -> Markup:
    """Our own sentences, with what stands in backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def words(value: Json) -> str:
    """A value on one line: `name value, name value`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {words(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return " ".join(words(item) for item in value)
    return "" if value is None or isinstance(value, Undefined) else str(value)


def warnings_of(exchange: JsonObject) -> list[Json]:
    """The warnings in an exchange's notes, or none."""
    warnings = _notes(exchange).get("warnings")
    return list(warnings) if isinstance(warnings, list | tuple) else []


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of an exchange's time, in per cent of the whole."""

    name: str
    x: float
    width: float
    text: str


def waterfall(exchange: JsonObject) -> list[Bar]:
    """Where the time went; nothing when no times are known."""
    times = _notes(exchange).get("times_ms")
    known = times if isinstance(times, Mapping) else {}
    parts = [(name, float(ms)) for name in PARTS if isinstance(ms := known.get(name), int | float) and ms > 0]
    whole = sum(ms for _, ms in parts)
    bars, x = list[Bar](), 0.0
    for name, ms in parts if whole > 0 else ():
        width = 100 * ms / whole
        bars.append(Bar(name, round(x, 2), round(width, 2), f"{name.replace('_', ' ')} {ms:g} ms"))
        x += width
    return bars


def _notes(exchange: JsonObject) -> JsonObject:
    notes = exchange.get("notes")
    return notes if isinstance(notes, Mapping) else {}
