"""What ringing sounds like in a country, as tone streams of the switch.

Cadence in milliseconds (on, off), then frequencies in Hz. Source: ITU-T E.180, supplement 2.
"""

from __future__ import annotations

_EUROPE = "%(1000,4000,425)"
_TONES = {
    "at": "%(1000,5000,420)",
    "au": "%(400,200,400,450);%(400,2000,400,450)",
    "be": "%(1000,3000,425)",
    "br": "%(1000,4000,425)",
    "cn": "%(1000,4000,450)",
    "dk": "%(1000,4000,425)",
    "fr": "%(1500,3500,440)",
    "hu": "%(1250,3750,425)",
    "in": "%(400,200,400,425);%(400,2000,400,425)",
    "jp": "%(1000,2000,400)",
    "mx": "%(1000,4000,425)",
    "my": "%(400,200,425);%(400,2000,425)",
    "nz": "%(400,200,400,450);%(400,2000,400,450)",
    "sg": "%(400,200,425);%(400,2000,425)",
    "th": "%(1000,4000,420)",
    "tw": "%(1000,2000,440,480)",
    "uk": "%(400,200,400,450);%(400,2000,400,450)",
    "us": "%(2000,4000,440,480)",
    "us-old": "%(2000,4000,420,460)",
    "za": "%(400,200,400,425);%(400,2000,400,425)",
}


def ring_tone(country: str | None) -> str | None:
    """The tone stream; None: no country is named. Most of the others ring as most of Europe does."""
    return None if country is None else f"tone_stream://{_TONES.get(country, _EUROPE)};loops=-1"
