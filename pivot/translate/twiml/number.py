"""Number inside Dial, and the number that is a Dial's text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from pivot.model.codes import Code
from pivot.model.emergency import is_emergency
from pivot.model.instructions import NumberNoun
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.leg import no_machine_detection, read_leg
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_TEL: Final = re.compile(r"tel:([^;]*)(;.*)?", re.IGNORECASE | re.DOTALL)
"""A URI of a telephone number; its parameters are no part of what is dialled. Source: RFC 3966."""
_SEPARATORS: Final = frozenset("./·•‧'\"′″−⁄")
_SEPARATING: Final = frozenset({"Cc", "Cf", "Mn", "Zs", "Zl", "Zp", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf"})
"""Unicode's categories: controls and invisible marks, blanks, dashes, brackets, quotation marks."""
_BEHIND: Final = " ,;:"
"""What a list or a sentence leaves at a number's end."""
_PLUS: Final = frozenset("+﹢＋")
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
        if number is not None and is_emergency(number):
            given.not_done("sendDigits", "url", why="is passed over: a call for help is connected at once")
            digits, leg = "", replace(leg, url=None)
    if number is None:
        message = f"{element.text[:80]!r} is no telephone number; skipped"
        reading.warn(Code.TWIML_VALUE, element.at, f"Number {message}", Twilio.NUMBER_FORMAT)  # also in Kazoo
        return
    yield NumberNoun(number, digits, leg, element.at)


def dialable(text: str) -> str | None:
    """Digits, with a leading `+` when there was one; None when the text holds anything but a number.

    Digits of every script count; separators, dashes of all kinds and invisible marks are removed.
    Differs: Kazoo drops letters and dials what is left, which may be somebody else's number.
    """
    tel = _TEL.fullmatch(text.strip())
    number = "".join(map(_plain, unquote(tel[1]) if tel else text.rstrip(_BEHIND)))
    return number if _NUMBER.fullmatch(number) else None


def _plain(character: str) -> str:
    """An ASCII digit or plus, nothing for what separates, and what is left of the rest as it is."""
    if character in _PLUS:
        return "+"
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return "" if category in _SEPARATING or character in _SEPARATORS else character
