"""Refer: ask the caller's phone to call somebody else."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.codes import Code
from pivot.model.instructions import ReferVerb
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.sip import read_address


def read(element: Element, reading: Reading) -> Iterator[ReferVerb]:
    """One ReferVerb, always; without a usable address it fails when it runs."""
    with Attributes(element, reading) as given:
        action = given.url("action")
        method = given.method("method", Twilio.NOT_IN_SCHEMA)
    yield ReferVerb(_uri(element, reading), action, method, element.at)


def _uri(element: Element, reading: Reading) -> str:
    targets = []
    for child in element.children:
        if child.name == "Sip":
            targets.append(child)
        else:
            reading.misplaced(child, element, Twilio.NOT_IN_SCHEMA)
    if not targets:
        reading.unusable(element, Code.TWIML_NESTING, "has no Sip to refer to", Twilio.SIP_URI)
        return ""
    return targets[0].text if read_address(targets[0], reading) else ""
