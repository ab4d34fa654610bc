"""The text of a Say: what is spoken, and the markup around it for engines that understand it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

ELEMENTS: Final[dict[str, frozenset[str]]] = {
    "break": frozenset({"strength", "time"}),
    "emphasis": frozenset({"level"}),
    "lang": frozenset({"xml:lang"}),
    "p": frozenset(),
    "phoneme": frozenset({"alphabet", "ph"}),
    "prosody": frozenset({"volume", "rate", "pitch"}),
    "s": frozenset(),
    "say-as": frozenset({"interpret-as", "format"}),
    "sub": frozenset({"alias"}),
    "w": frozenset({"role"}),
}
"""SSML elements that Say takes, with their attributes."""

_APART: Final = frozenset({"break", "p", "s"})
_APART_ELSEWHERE: Final = re.compile(
    r"address|article|aside|blockquote|br|d[dlt]|div|footer|form|h[1-6r]|header|li|main|nav|ol|option|p|paragraph"
    r"|s|section|sentence|speak|table|t[dhr]|ul",
    re.IGNORECASE,
)
"""Elements that are none of Say's, whose text is apart from its neighbours: HTML's blocks and cells, and
SSML's sentences in other spellings."""
_WITHOUT_WORDS: Final = frozenset(
    {"Dial", "Enqueue", "Play", "Redirect", "Sip", "Sms", "desc", "metadata", "script", "style"}
)
"""Elements that are none of Say's, whose text is an address, a name or a program."""
_SENTENCE: Final = re.compile(r"\S(?:.*?[.!?;:…。！？]+(?=\s|$)|.*$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Speech:
    """What a Say says."""

    text: str
    """White space collapsed, without markup; may be empty."""
    ssml: str | None
    """None: the text has no markup."""


def read_speech(element: Element, reading: Reading) -> Speech:
    """The element's text with all markup taken out; warns of what is no SSML, whose words are kept."""
    text = " ".join(_spoken(element, reading).split())
    if not _has_markup(element):
        return Speech(text, None)
    return Speech(text, " ".join(_markup(element).split()))


def _has_markup(element: Element) -> bool:
    return any(
        child.name in ELEMENTS or (_keeps_words(child) and _has_markup(child)) for child in element.children
    )


def _keeps_words(element: Element) -> bool:
    return element.name not in _WITHOUT_WORDS


def _spoken(element: Element, reading: Reading) -> str:
    found: list[str] = []
    for item in element.content:
        if isinstance(item, str):
            found.append(item)
        elif item.name in ELEMENTS:
            _check_attributes(item, reading)
            inner = _spoken(item, reading)
            alias = item.attributes.get("alias") if item.name == "sub" else None
            around = " " if item.name in _APART else ""
            found.append(f"{around}{alias or inner}{around}")
        elif _keeps_words(item):
            reading.foreign(item, "its text is spoken")
            inner = _spoken(item, reading)
            found.append(f" {inner} " if _is_apart(item, inner) else inner)
        else:
            reading.foreign(item, "skipped")
    return "".join(found)


def _check_attributes(element: Element, reading: Reading) -> None:
    for name in element.attributes:
        if name not in ELEMENTS[element.name]:
            reading.attribute(element, name, "is no attribute of it; ignored", Twilio.NOT_IN_SCHEMA)


def _markup(element: Element) -> str:
    parts: list[str] = []
    for item in element.content:
        if isinstance(item, str):
            parts.append(escape(item))
        elif item.name in ELEMENTS:
            parts.append(_tagged(item))
        elif _keeps_words(item):
            parts.append(_untagged(item))
    return "".join(parts)


def _untagged(element: Element) -> str:
    """What is in an element that no engine knows."""
    inner = _markup(element)
    return f" {inner} " if _is_apart(element, inner) else inner


def _is_apart(element: Element, inner: str) -> bool:
    return not inner.strip() or _APART_ELSEWHERE.fullmatch(element.name) is not None


def _tagged(element: Element) -> str:
    attributes = "".join(
        f" {name}={quoteattr(value)}"
        for name, value in element.attributes.items()
        if name in ELEMENTS[element.name]
    )
    inner = _markup(element)
    return (
        f"<{element.name}{attributes}>{inner}</{element.name}>" if inner else f"<{element.name}{attributes}/>"
    )


def cut(text: str, max_bytes: int) -> tuple[str, ...]:
    """A text in parts of at most so many bytes of UTF-8: at sentences, else at words, else anywhere."""
    parts: list[str] = []
    for piece in _pieces(text, max_bytes):
        joined = f"{parts[-1]} {piece}" if parts else piece
        if parts and _size(joined) <= max_bytes:
            parts[-1] = joined
        else:
            parts.append(piece)
    return tuple(parts)


def _pieces(text: str, max_bytes: int) -> list[str]:
    """Sentences that are short enough; of longer ones the words, of longer words the letters."""
    if _size(text) <= max_bytes:
        return [text]
    pieces: list[str] = []
    for sentence in _SENTENCE.findall(text):
        if _size(sentence) <= max_bytes:
            pieces.append(sentence)
            continue
        for word in sentence.split():
            pieces.extend(_slices(word, max_bytes))
    return pieces


def _slices(word: str, max_bytes: int) -> Iterator[str]:
    """A word cut wherever the limit falls, between characters."""
    rest = word.encode("utf-8")
    while rest:
        head = rest[:max_bytes].decode("utf-8", "ignore") or rest.decode("utf-8")[0]
        yield head
        rest = rest[_size(head) :]


def _size(text: str) -> int:
    return len(text.encode("utf-8"))
