"""Hangup: end the call."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.instructions import HangupVerb
from pivot.translate.twiml.attributes import no_attributes
from pivot.translate.twiml.parameters import read_parameters
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading


def read(element: Element, reading: Reading) -> Iterator[HangupVerb]:
    """One HangupVerb, always; its parameters go nowhere."""
    read_parameters(element, reading)
    no_attributes(element, reading)
    yield HangupVerb(at=element.at)
