"""Redirect: go on with another document."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.codes import Code
from pivot.model.instructions import RedirectVerb
from pivot.translate.twiml.attributes import Attributes, is_url
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.set import read_variables


def read(element: Element, reading: Reading) -> Iterator[RedirectVerb]:
    """One RedirectVerb, or nothing when the text is no URL."""
    variables = read_variables(element, reading)
    with Attributes(element, reading) as given:
        method = given.method("method", Twilio.REDIRECT_METHOD)
    if is_url(element.text):
        yield RedirectVerb(element.text, method, variables, element.at)
    else:
        message = f"{element.text[:80]!r} is no http or https URL; skipped"
        reading.unusable(element, Code.TWIML_VALUE, message, Twilio.BAD_URL)
