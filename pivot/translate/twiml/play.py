"""Play: a file, or keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import PlayVerb
from pivot.translate.twiml.attributes import Attributes, is_url
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_DIGITS: Final = re.compile(r"[0-9A-Da-d#*wW]{1,200}")
# Media that Kazoo documents name and that the switch makes itself; file and shell streams are not among them.
# A local stream is a recording's name: one with a slash becomes a path of the media server there, and a tone
# stream of `path=` reads a file. Source: ecallmgr_util.erl, recording_directory; mod_tone_stream.
_KAZOO_MEDIA: Final = re.compile(
    r"(tone_stream|silence_stream|prompt)://(?!(?i:path=))[^\s\x00-\x1f\x7f]{1,500}"
    r"|local_stream://[^\s\x00-\x1f\x7f/]{1,500}"
)
_BLANKS: Final = re.compile(r"(?<=[/.\w)-]) +(?=[\w(.-])")
"""Blanks within an address: they are sent as they stand, as by Kazoo, and media servers take them."""
_BLANK_IN_HOST: Final = re.compile(r"(?:https?:)?//[^/?]* ", re.IGNORECASE)
_EXPANDED: Final = re.compile(r"\$\{|^[{\[<$@!|&]")


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
        yield PlayVerb(url=element.text, times=times, terminators=terminators, at=element.at)
    else:
        message = f"{element.text[:80]!r} is nothing that can be played; skipped"
        number = Twilio.BAD_URL if element.text else Twilio.PLAY_CONTENT
        reading.unusable(element, Code.TWIML_VALUE, message, number)


def is_media(text: str) -> bool:
    """Whether a trimmed text can name media: a URL, a Kazoo media id, or a stream that the switch makes."""
    if not text or _EXPANDED.search(text) or _BLANK_IN_HOST.match(text):
        return False
    return is_url(_BLANKS.sub("%20", text)) or _KAZOO_MEDIA.fullmatch(text) is not None
