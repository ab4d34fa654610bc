"""Device inside Dial: one Kazoo device, by id. Kazoo only."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.instructions import DeviceNoun
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.ids import read_id
from pivot.translate.twiml.leg import read_leg
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading


def read(element: Element, reading: Reading) -> Iterator[DeviceNoun]:
    """One DeviceNoun, or nothing when the text cannot be an id."""
    reading.no_children(element)
    with Attributes(element, reading) as given:
        leg = read_leg(given)
    device_id = read_id(element, reading)
    if device_id is not None:
        yield DeviceNoun(device_id, leg, element.at)
