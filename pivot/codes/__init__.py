"""The explanation of each code: `codes.md`, parsed once.

The terminal, the API and the pages all say the same, because they all read it here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_HEADING = re.compile(r"^## `([a-z_.]+)`$", re.MULTILINE)
_TWILIO = re.compile(r"^Twilio: (\d+|none)$", re.MULTILINE)
_PART = re.compile(r"^- \*\*(.+?):\*\* (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One code's explanation; texts are one paragraph each, with Markdown's backticks."""

    code: str
    twilio_code: int | None
    happened: str
    heard: str
    causes: str
    remedy: str


def entry_of(code: str) -> CodeEntry | None:
    """The explanation of a code, or None for a code that `codes.md` does not have."""
    return entries().get(code)


@cache
def entries() -> Mapping[str, CodeEntry]:
    """Every entry by its code.

    Raises:
        ValueError: an entry lacks one of its parts.
    """
    return read_entries((files("pivot.codes") / "codes.md").read_text("utf-8"))


def read_entries(text: str) -> dict[str, CodeEntry]:
    """The entries of a text in the form of `codes.md`."""
    _, *parts = _HEADING.split(text)
    return {code: _entry(code, body) for code, body in zip(parts[::2], parts[1::2], strict=True)}


def _entry(code: str, body: str) -> CodeEntry:
    told = dict(_PART.findall(body))
    number = _TWILIO.search(body)
    names = ("What happened", "The caller heard", "Likely causes", "What to do")
    if number is None or set(told) != set(names):
        raise ValueError(f"codes.md: the entry {code} wants a line for Twilio and one each for {names}")
    twilio_code = None if number[1] == "none" else int(number[1])
    return CodeEntry(code, twilio_code, *(told[name] for name in names))
