"""Pause: wait."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.instructions import PauseVerb
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_LONGEST_S = 86_400


def read(element: Element, reading: Reading) -> Iterator[PauseVerb]:
    """One PauseVerb, always."""
    reading.no_content(element)
    with Attributes(element, reading) as given:
        length_s = given.seconds("length", 1.0, 1, _LONGEST_S, Twilio.PAUSE_LENGTH)
    yield PauseVerb(length_s, element.at)
