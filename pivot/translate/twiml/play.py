"""Play: a file, or keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import PlayVerb
from pivot.model.switch_text import URL, is_media_id, is_stream, is_web_url, sets_variables
from pivot.translate.twiml.attributes import Attributes, is_url
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_DIGITS: Final = re.compile(r"[0-9A-Da-d#*wW]{1,200}")
_BLANKS: Final = re.compile(r"(?<=[/.\w)-]) +(?=[\w(.-])")
"""Blanks within an address: they are sent as they stand, as by Kazoo, and media servers take them."""
_BLANK_IN_HOST: Final = re.compile(r"(?:https?:)?//[^/?]* ", re.IGNORECASE)
_EXPANDED: Final = re.compile(r"\$\{|^[{\[<$@!|&]")
_PLAYABLE: Final = (
    "an http or https URL, an id of letters, digits, '_', '.' and '-', or a tone_stream, silence_stream, "
    "prompt or local_stream is"
)


def read(element: Element, reading: Reading, *, in_gather: bool = False) -> Iterator[PlayVerb]:
    """One PlayVerb, or nothing when there is nothing that can be played."""
    with Attributes(element, reading) as given:
        times = given.times(Twilio.PLAY_LOOP)
        terminators = given.terminators()
        digits = given.written("digits")
        if digits and (in_gather or not _DIGITS.fullmatch(digits)):
            why = "are not sent inside Gather" if in_gather else "are no keys; 0-9, A-D, #, *, w and W are"
            given.bad("digits", f"{why}; skipped", Twilio.PLAY_DIGITS)
            return
    reading.no_children(element)
    if digits:
        yield PlayVerb(digits=digits, times=times, at=element.at)
    elif is_media(element.text):
        _tell_encoded(element, reading)
        yield PlayVerb(url=element.text, times=times, terminators=terminators, at=element.at)
    else:
        message = f"{element.text[:80]!r} is nothing that can be played; {_PLAYABLE}; skipped"
        number = Twilio.BAD_URL if element.text else Twilio.PLAY_CONTENT
        reading.unusable(element, Code.TWIML_VALUE, message, number)


def is_media(text: str) -> bool:
    """Whether a trimmed text can name media: a URL, a Kazoo media id, or a stream that the switch makes."""
    if not text or _EXPANDED.search(text) or sets_variables(text) or _BLANK_IN_HOST.match(text):
        return False
    if is_media_id(text) or is_stream(text):
        return True
    return is_url(_BLANKS.sub("%20", text)) and (is_web_url(text) or "://" not in text.partition("?")[0])


def _tell_encoded(element: Element, reading: Reading) -> None:
    """What of a URL the switch would take for more than text, it gets percent-encoded."""
    refused = None if is_stream(element.text) else URL.refuses(element.text)
    if refused is not None:
        message = f"Play has {refused} in its URL, which the switch gets percent-encoded"
        reading.warn(Code.TWIML_VALUE, element.at, message)
