"""Prompt: means something inside Pay only, and Pay is not done."""

from __future__ import annotations

from collections.abc import Iterator

from pivot.model.codes import Code
from pivot.model.instructions import Instruction
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading


def read(element: Element, reading: Reading) -> Iterator[Instruction]:
    """Nothing, and a warning."""
    reading.unusable(element, Code.TWIML_NESTING, "is allowed inside Pay only; skipped", Twilio.NOT_IN_SCHEMA)
    yield from ()
