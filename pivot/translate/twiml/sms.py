"""Sms: a text message; a verb of old documents."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.codes import Code
from pivot.model.instructions import SmsVerb
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.number import dialable
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading


def read(element: Element, reading: Reading) -> Iterator[SmsVerb]:
    """One SmsVerb, or nothing without a text."""
    reading.no_children(element)
    with Attributes(element, reading) as given:
        verb = SmsVerb(
            body=element.text[:1600],
            to=_number(given, "to"),
            from_=_number(given, "from"),
            action=given.url("action"),
            method=given.method("method", Twilio.NOT_IN_SCHEMA),
            status_url=given.url("statusCallback"),
            at=element.at,
        )
    if verb.body:
        yield verb
    else:
        reading.unusable(element, Code.TWIML_VALUE, "has no text; skipped", Twilio.SMS_NO_BODY)


def _number(given: Attributes, name: str) -> str | None:
    written = given.text(name)
    number = dialable(written) if written else None
    if written and number is None:
        given.bad(name, "is no telephone number; ignored", Twilio.NUMBER_FORMAT)
    return number
