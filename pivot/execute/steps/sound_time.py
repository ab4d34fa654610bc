"""How long a sound is taken to last where nobody tells its end: on a leg that completes no command.

Too short would cut a sound off, too long keeps two people waiting: so speech is counted slowly, with what
the switch needs to begin. Measured with its own voice on FreeSWITCH 1.10.11: 10 letters 1.1 s, 21 letters
1.6 s, all included; a text of 1,000 letters begins after 1.0 s.
"""

from __future__ import annotations

import re

_BEGINS_S = 2.0
_LETTER_S = 0.09
_DIGIT_S = 0.5
_SYLLABLE_S = 0.3
_SYLLABIC_FROM = "\u2e80"
"""Scripts in which a sign is a syllable or a word."""
FILE_S = 10.0
"""What a sound of unknown length is given."""
_SILENCE = re.compile(r"silence_stream://(\d{1,9})")


def speech_s(text: str) -> float:
    """At most how long the switch speaks a text, in seconds."""
    return _BEGINS_S + sum(map(_spoken_s, text))


def media_s(name: str) -> float | None:
    """At most how long a stream lasts, in seconds; None: as of every file, nobody knows it."""
    silence = _SILENCE.match(name)
    return None if silence is None else int(silence[1]) / 1000 + _BEGINS_S


def _spoken_s(letter: str) -> float:
    if letter.isdigit():
        return _DIGIT_S
    return _SYLLABLE_S if letter >= _SYLLABIC_FROM else _LETTER_S
