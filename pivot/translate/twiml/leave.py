"""Leave: stop waiting in a queue."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.instructions import LeaveVerb
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading


def read(element: Element, reading: Reading) -> Iterator[LeaveVerb]:
    """One LeaveVerb, always."""
    reading.no_content(element)
    with Attributes(element, reading):
        yield LeaveVerb(element.at)
