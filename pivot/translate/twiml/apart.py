"""What cannot be told to parties that are rung apart from the caller, each by a call of its own."""

from __future__ import annotations

from dataclasses import replace

from pivot.model.codes import Code
from pivot.model.instructions import ClientNoun, DialNoun, NameValue, NumberNoun, Position, QueueNoun, SipNoun
from pivot.model.switch_text import HEADER_APART
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.reading import Reading


def without_blanks(nouns: tuple[DialNoun, ...], one_by_one: bool, reading: Reading) -> tuple[DialNoun, ...]:
    """The nouns without headers that hold a blank, where a blank would end the switch's arguments.

    One noun that wants to be rung apart lets all that ring together be rung so.
    """
    together = not one_by_one and any(_is_apart(noun) for noun in nouns)
    return tuple(_fitting(noun, reading) if together or _is_apart(noun) else noun for noun in nouns)


def _is_apart(noun: DialNoun) -> bool:
    """A document for the party, or keys, before it is joined."""
    leg = getattr(noun, "leg", None)
    has_keys = isinstance(noun, NumberNoun) and bool(noun.send_digits)
    return has_keys or (not isinstance(noun, QueueNoun) and leg is not None and leg.url is not None)


def _fitting(noun: DialNoun, reading: Reading) -> DialNoun:
    match noun:
        case SipNoun():
            return replace(noun, headers=_kept(noun.headers, noun.at, reading))
        case ClientNoun():
            return replace(noun, parameters=_kept(noun.parameters, noun.at, reading))
    return noun


def _kept(headers: tuple[NameValue, ...], at: Position, reading: Reading) -> tuple[NameValue, ...]:
    kept = tuple(header for header in headers if HEADER_APART.takes(header.value))
    for header in headers:
        if header not in kept:
            message = (
                f"{header.name[:40]!r} holds a blank, which a party with url or sendDigits cannot be sent; "
                "left out, and the party is rung"
            )
            reading.warn(Code.TWIML_VALUE, at, message, Twilio.SIP_HEADER_NAME)
    return kept
