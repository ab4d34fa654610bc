"""Echo: the caller hears themselves."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.instructions import EchoVerb
from pivot.translate.twiml.attributes import no_attributes
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading


def read(element: Element, reading: Reading) -> Iterator[EchoVerb]:
    """One EchoVerb, always."""
    reading.no_content(element)
    no_attributes(element, reading)
    yield EchoVerb(element.at)
