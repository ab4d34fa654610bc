"""Queue inside Dial: the caller who has waited longest."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.codes import Code
from pivot.model.instructions import Leg, QueueNoun
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading


def read(element: Element, reading: Reading) -> Iterator[QueueNoun]:
    """One QueueNoun, or nothing without a name."""
    reading.no_children(element)
    with Attributes(element, reading) as given:
        given.not_done("reservationSid", "postWorkActivitySid", why="has no effect: there is no task router")
        noun = QueueNoun(
            name=element.text,
            leg=Leg(url=given.url("url") or None, method=given.method("method", Twilio.QUEUE_METHOD)),
            at=element.at,
        )
    if noun.name:
        yield noun
    else:
        reading.unusable(element, Code.TWIML_VALUE, "has no name; skipped", Twilio.ENQUEUE_NAME_MISSING)
