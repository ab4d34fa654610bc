"""Refer: ask the caller's phone to call somebody else."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.codes import Code
from pivot.model.instructions import ReferVerb, SipNoun
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.sip import fitting, read_address


def read(element: Element, reading: Reading) -> Iterator[ReferVerb]:
    """One ReferVerb, always; without a usable address it fails when it runs."""
    with Attributes(element, reading) as given:
        action = given.url("action")
        method = given.method("method", Twilio.NOT_IN_SCHEMA)
    yield ReferVerb(_target(element, reading), action, method, element.at)


def _target(element: Element, reading: Reading) -> SipNoun | None:
    targets = []
    for child in element.children:
        if child.name == "Sip":
            targets.append(child)
        else:
            reading.misplaced(child, element, Twilio.NOT_IN_SCHEMA)
    if not targets:
        reading.unusable(element, Code.TWIML_NESTING, "has no Sip to refer to", Twilio.SIP_URI)
        return None
    target = targets[0]
    address = read_address(target, reading)
    if address is None:
        return None
    headers = fitting(address.headers, target, reading)
    return SipNoun(address.uri, target.text, address.transport, headers, at=target.at)
