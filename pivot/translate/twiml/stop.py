"""Stop: end what a Start began."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pivot.model.instructions import SideTask, StopVerb
from pivot.translate.twiml.attributes import no_attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_KINDS: Final = {kind.value: kind for kind in SideTask}


def read(element: Element, reading: Reading) -> Iterator[StopVerb]:
    """One StopVerb per noun; of a noun only its name matters."""
    no_attributes(element, reading)
    for child in element.children:
        kind = _KINDS.get(child.name)
        if kind is None:
            reading.misplaced(child, element, Twilio.START_NOUN)
        else:
            yield StopVerb(kind, child.attributes.get("name", "").strip() or None, element.at)
