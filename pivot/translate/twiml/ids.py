"""Ids of Kazoo's database as an element's text."""

from __future__ import annotations

import re
from typing import Final

from pivot.model.codes import Code
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

# An id becomes part of a database URL: nothing that could leave its path.
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_id(element: Element, reading: Reading) -> str | None:
    """The id; None, and a warning, when the text cannot be one."""
    if _ID.fullmatch(element.text):
        return element.text
    message = f"{element.text[:80]!r} is no id of this account; skipped"
    reading.unusable(element, Code.TWIML_VALUE, message, None)
    return None
