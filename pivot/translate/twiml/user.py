"""User inside Dial: every device of a Kazoo user, by id. Kazoo only."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.instructions import UserNoun
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.ids import read_id
from pivot.translate.twiml.leg import read_leg
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading


def read(element: Element, reading: Reading) -> Iterator[UserNoun]:
    """One UserNoun, or nothing when the text cannot be an id."""
    reading.no_children(element)
    with Attributes(element, reading) as given:
        leg = read_leg(given)
    user_id = read_id(element, reading)
    if user_id is not None:
        yield UserNoun(user_id, leg, element.at)
