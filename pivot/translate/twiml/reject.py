"""Reject: decline the call unanswered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pivot.model.instructions import RejectReason, RejectVerb
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parameters import read_parameters
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.play import is_media
from pivot.translate.twiml.reading import Reading

_REASONS: Final = {reason.value: reason for reason in RejectReason}


def read(element: Element, reading: Reading) -> Iterator[RejectVerb]:
    """One RejectVerb, always; its parameters go nowhere."""
    read_parameters(element, reading)
    with Attributes(element, reading) as given:
        reason = given.choice("reason", _REASONS, RejectReason.REJECTED, Twilio.REJECT_REASON)
        prompt = given.text("prompt", max_length=4096)
        if prompt and not is_media(prompt):
            given.bad("prompt", "is nothing that can be played; ignored", Twilio.NOT_IN_SCHEMA)
            prompt = None
    yield RejectVerb(reason, prompt, element.at)
