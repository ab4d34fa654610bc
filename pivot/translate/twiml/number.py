"""Number inside Dial, and the number that is a Dial's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import NumberNoun
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.leg import no_machine_detection, read_leg
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_SEPARATORS: Final = re.compile(r"[\s().\-/]+")
_NUMBER: Final = re.compile(r"\+?[0-9]{1,32}")
_SEND_DIGITS: Final = re.compile(r"[0-9A-Da-d#*wW]{1,200}")


def read(element: Element, reading: Reading) -> Iterator[NumberNoun]:
    """One NumberNoun, or nothing when the text is no number."""
    reading.no_children(element)
    with Attributes(element, reading) as given:
        given.not_done("byoc")
        no_machine_detection(given)
        digits = given.written("sendDigits") or ""
        if digits and not _SEND_DIGITS.fullmatch(digits):
            given.bad("sendDigits", "are no keys; nothing is sent", Twilio.NUMBER_SEND_DIGITS)
            digits = ""
        leg = read_leg(given)
    number = dialable(element.text)
    if number is None:
        message = f"{element.text[:80]!r} is no telephone number; skipped"
        reading.warn(Code.TWIML_VALUE, element.at, f"Number {message}", Twilio.NUMBER_FORMAT)  # also in Kazoo
        return
    yield NumberNoun(number, digits, leg, element.at)


def dialable(text: str) -> str | None:
    """Digits, with a leading `+` when there was one; None when the text holds anything but a number.

    Differs: Kazoo drops letters and dials what is left, which may be somebody else's number.
    """
    number = _SEPARATORS.sub("", text)
    return number if _NUMBER.fullmatch(number) else None
