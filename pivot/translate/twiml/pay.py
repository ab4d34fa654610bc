"""Pay: not done. Card data would cross the bus in clear, which no operator may allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import PayVerb
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_UNREAD: Final = (
    "input bankAccountType statusCallback statusCallbackMethod timeout maxAttempts securityCode "
    "postalCode minPostalCodeLength paymentConnector paymentMethod tokenType chargeAmount currency "
    "description validCardTypes language"
)


def read(element: Element, reading: Reading) -> Iterator[PayVerb]:
    """One PayVerb, always; of its attributes only where to report matters."""
    with Attributes(element, reading) as given:
        given.rest(*_UNREAD.split())
        action = given.url("action")
        method = given.method("method", Twilio.NOT_IN_SCHEMA)
    reading.unusable(element, Code.TWIML_VERB, "is not done: card data are never collected", None)
    yield PayVerb(action, method, element.at)
