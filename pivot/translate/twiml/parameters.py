"""`Parameter` children: pairs of name and value that travel with a noun."""

from __future__ import annotations

from collections.abc import Container, Iterator

from pivot.model.codes import Code
from pivot.model.instructions import NameValue
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_MOST_PARAMETERS = 100
_MOST_CHARACTERS = 8_192
"""Of all names and values of one noun: they become headers of an INVITE, which is no place for more."""


def read_parameters(element: Element, reading: Reading, others: Container[str] = ()) -> tuple[NameValue, ...]:
    """The parameters; `others` names children that somebody else reads."""
    kept: list[NameValue] = []
    left = _MOST_CHARACTERS
    for pair in _parameters(element, reading, others):
        left -= len(pair.name) + len(pair.value)
        if left < 0 or len(kept) == _MOST_PARAMETERS:
            message = f"{element.name} has more parameters than travel with a call; the rest is left out"
            reading.warn(Code.TWIML_VALUE, element.at, message, Twilio.NOT_IN_SCHEMA)
            break
        kept.append(pair)
    return tuple(kept)


def _parameters(element: Element, reading: Reading, others: Container[str]) -> Iterator[NameValue]:
    for child in element.children:
        if child.name == "Parameter":
            yield from read_pair(child, reading, "name")
        elif child.name not in others:
            reading.misplaced(child, element, Twilio.NOT_IN_SCHEMA)


def read_pair(element: Element, reading: Reading, key: str) -> Iterator[NameValue]:
    """One pair of attributes, `key` and `value`; nothing when it has no name."""
    with Attributes(element, reading) as given:
        name, value = given.text(key, max_length=256), given.written("value")
    if name:
        yield NameValue(name, value or "")
    else:
        message = f"{element.name} has no {key}; skipped"
        reading.warn(Code.TWIML_VALUE, element.at, message, Twilio.NOT_IN_SCHEMA)
