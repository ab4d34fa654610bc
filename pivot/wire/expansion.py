"""Texts and URLs as the switch may have them: what it would take for more than text is written otherwise.

FreeSWITCH expands the argument of whatever it executes, and the switch's side hands on media names and texts
as they are. So a document could read out a variable, run a command of the switch, or play its files.
Which characters are text where stands in `pivot/model/switch_text.py`, with the sources.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from pivot.model.switch_text import (
    KEYS,
    MEDIA_ID,
    URL,
    URL_ARGUMENT,
    WORD,
    Place,
    as_speech,
    is_kazoo_media,
    is_web_url,
)

_CUT: Final = re.compile("(?<=@)@")
"""Behind `@@` stands the sample at which a file begins."""


def spoken_as_written(text: str) -> str:
    """The text with nothing to expand, and no `|`, before which a voice would stand; it sounds the same."""
    return as_speech(text)


def named_as_written(media: str) -> str:
    """Media with nothing to expand: a URL means the same, an id or a stream stays as it is.

    Anything else could be a path of the media server: it becomes an id that nothing has, so that the switch
    tells of a missing file.
    """
    if is_kazoo_media(media):
        return media
    if is_web_url(media):
        return _CUT.sub("%40", _encoded(media, URL))
    return "".join(character if MEDIA_ID.allows(character) else "_" for character in media).replace(
        "..", "__"
    )


def one_argument(url: str) -> str:
    """The URL without blanks: what follows one would be the file that a media server sends there."""
    return _encoded(url, URL_ARGUMENT)


def word_or(text: str, instead: str) -> str:
    """The text when it is one plain word."""
    return text if WORD.takes(text) else instead


def keys_only(keys: str) -> str:
    """The keys without what is none."""
    return KEYS.cleaned(keys)


def _encoded(url: str, place: Place) -> str:
    return "".join(
        character if place.allows(character) else quote(character, safe="", errors="replace")
        for character in url
    )
