"""Client inside Dial: a user or device of the account by its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import ClientNoun, NameValue
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.leg import read_leg
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parameters import read_parameters
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.sip import header_refused

_LONGEST_NAME: Final = 256


def read(element: Element, reading: Reading) -> Iterator[ClientNoun]:
    """One ClientNoun, or nothing without a name."""
    with Attributes(element, reading) as given:
        leg = read_leg(given)
    parameters = tuple(_sendable(read_parameters(element, reading, ("Identity",)), element, reading))
    identities = [child.text for child in element.children if child.name == "Identity"]
    identity = identities[0] if identities else element.text
    if 0 < len(identity) <= _LONGEST_NAME:
        yield ClientNoun(identity, parameters, leg, element.at)
    else:
        message = f"needs a name of 1 to {_LONGEST_NAME} characters; skipped"
        reading.unusable(element, Code.TWIML_VALUE, message, None)


def _sendable(parameters: tuple[NameValue, ...], element: Element, reading: Reading) -> Iterator[NameValue]:
    """Those that can travel as a header `X-<name>`."""
    for parameter in parameters:
        why = header_refused(NameValue(f"X-{parameter.name}", parameter.value))
        if why is None:
            yield parameter
        else:
            message = f"Parameter {parameter.name[:40]!r} {why}; left out"
            reading.warn(Code.TWIML_VALUE, element.at, message, Twilio.SIP_HEADER_NAME)
