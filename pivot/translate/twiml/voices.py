"""Voices and languages: which of the switch's comes nearest to what a document names.

The switch speaks as `male` or `female` in a language of its engine. Twilio's documents name voices of Amazon
and Google, which only a plug-in can have; without one the nearest voice is better than a dead call.

Source: Twilio's list of voices for Say; kzt_twiml_util.erl, get_voice; kazoo_tts_ispeech.erl for languages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pivot.model.instructions import SwitchVoice

_DEFAULT: Final = SwitchVoice()

ALIASES: Final = {
    "man": "male",
    "woman": "female",
    "alice": "female",
    "male": "male",
    "female": "female",
}

_POLLY_MEN: Final = {
    "en-US": "Joey Justin Kevin Matthew Gregory Stephen Patrick",
    "en-GB": "Brian Arthur Geraint",
    "en-AU": "Russell",
    "de-DE": "Hans Daniel",
    "es-ES": "Enrique Sergio Raul",
    "es-MX": "Andres",
    "es-US": "Miguel Pedro",
    "fr-FR": "Mathieu Remi",
    "fr-CA": "Liam",
    "it-IT": "Giorgio Adriano",
    "pt-BR": "Ricardo Thiago",
    "pt-PT": "Cristiano",
    "nl-NL": "Ruben",
    "pl-PL": "Jacek Jan",
    "ru-RU": "Maxim",
    "ja-JP": "Takumi",
    "da-DK": "Mads",
    "is-IS": "Karl",
}
_POLLY_WOMEN: Final = {
    "en-US": "Ivy Joanna Kendra Kimberly Salli Ruth Danielle",
    "en-GB": "Amy Emma",
    "en-AU": "Nicole Olivia",
    "en-IN": "Aditi Raveena Kajal",
    "en-IE": "Niamh",
    "en-NZ": "Aria",
    "en-SG": "Jasmine",
    "en-ZA": "Ayanda",
    "de-DE": "Marlene Vicki",
    "de-AT": "Hannah",
    "de-CH": "Sabrina",
    "es-ES": "Conchita Lucia Alba",
    "es-MX": "Mia",
    "es-US": "Penelope Lupe",
    "fr-FR": "Celine Lea",
    "fr-CA": "Chantal Gabrielle",
    "fr-BE": "Isabelle",
    "it-IT": "Carla Bianca",
    "pt-BR": "Vitoria Camila",
    "pt-PT": "Ines",
    "nl-NL": "Lotte Laura",
    "nl-BE": "Lisa",
    "pl-PL": "Ewa Maja Ola",
    "ru-RU": "Tatyana",
    "ja-JP": "Mizuki Kazuha Tomoko",
    "ko-KR": "Seoyeon Jihye",
    "cmn-CN": "Zhiyu",
    "yue-CN": "Hiujin",
    "da-DK": "Naja Sofie",
    "nb-NO": "Liv Ida",
    "sv-SE": "Astrid Elin",
    "fi-FI": "Suvi",
    "tr-TR": "Filiz Burcu",
    "cs-CZ": "Jitka",
    "ca-ES": "Arlet",
    "ro-RO": "Carmen",
    "cy-GB": "Gwyneth",
    "is-IS": "Dora",
    "arb": "Zeina",
    "ar-AE": "Hala",
}
_POLLY: Final = {
    name.lower(): (gender, language)
    for gender, names_by_language in (("male", _POLLY_MEN), ("female", _POLLY_WOMEN))
    for language, names in names_by_language.items()
    for name in names.split()
}

_SPOKEN: Final = (
    "en en-us en-ca en-au en-gb es es-us es-es fr fr-ca fr-fr de de-de it it-it zh-cn zh-hk zh-tw ja-jp "
    "ko-kr da-dk ca-es fi-fi nb-no nl-nl pl-pl pt-br pt-pt ru-ru sv-se hu-hu cs-cz tr-tr"
)
_SWITCH_LANGUAGES: Final = frozenset(_SPOKEN.split())
_AS_KAZOO_WRITES: Final = {"en": "en-US", "en-gb": "en-GB"}
"""Engines hear these so from Kazoo's own translator. Source: kzt_twiml_util.erl, get_lang."""
_BY_PRIMARY: Final = {
    "en": "en-us",
    "es": "es",
    "fr": "fr",
    "de": "de",
    "it": "it",
    "zh": "zh-cn",
    "cmn": "zh-cn",
    "yue": "zh-hk",
    "ja": "ja-jp",
    "ko": "ko-kr",
    "da": "da-dk",
    "ca": "ca-es",
    "fi": "fi-fi",
    "nb": "nb-no",
    "no": "nb-no",
    "nl": "nl-nl",
    "pl": "pl-pl",
    "pt": "pt-br",
    "ru": "ru-ru",
    "sv": "sv-se",
    "hu": "hu-hu",
    "cs": "cs-cz",
    "tr": "tr-tr",
}
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_POLLY_NAME: Final = re.compile(r"Polly\.([A-Za-zéíóãÉ]+)(-(Neural|Generative|Bilingual|Long-Form))*")
_GOOGLE_NAME: Final = re.compile(r"Google\.([a-z]{2,3}-[A-Z]{2})-([A-Za-z0-9-]{1,60})")
_GOOGLE_MEN: Final = frozenset({"B", "D", "I", "J"})
_ACCENTS: Final = str.maketrans("éíóã", "eioa")


class Fit(Enum):
    """How well the switch serves a wish."""

    EXACT = "exact"
    NEAREST = "nearest"
    """Known, and only a plug-in has it."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Choice:
    """The switch's voice and how well it fits the named voice and language."""

    switch: SwitchVoice
    voice: Fit = Fit.EXACT
    language: Fit = Fit.EXACT


def choose(
    voice: str | None, language: str | None, engine: str | None, usual: SwitchVoice = _DEFAULT
) -> Choice:
    """The nearest of the switch's voices; absent wishes fit the usual one."""
    gender, spoken, voice_fit = _voice(voice, usual) if voice else (usual.voice, None, Fit.EXACT)
    wished = language or spoken
    tag, language_fit = _language(wished, usual) if wished else (usual.language, Fit.EXACT)
    switch = SwitchVoice(gender, tag, engine or usual.engine)
    return Choice(switch, voice_fit, language_fit if language else Fit.EXACT)


def is_language_tag(tag: str) -> bool:
    """Whether a text has the form of a language tag, known or not."""
    return _TAG.fullmatch(tag) is not None


def _voice(name: str, usual: SwitchVoice) -> tuple[str, str | None, Fit]:
    alias = ALIASES.get(name.lower())
    if alias:
        return alias, None, Fit.EXACT
    polly = _POLLY_NAME.fullmatch(name)
    if polly:
        known = _POLLY.get(polly[1].lower().translate(_ACCENTS))
        if known:
            return *known, Fit.NEAREST
    google = _GOOGLE_NAME.fullmatch(name)
    if google:
        letter = google[2].rpartition("-")[2]
        return "male" if letter in _GOOGLE_MEN else "female", google[1], Fit.NEAREST
    return usual.voice, None, Fit.UNKNOWN


def _language(tag: str, usual: SwitchVoice) -> tuple[str, Fit]:
    folded = tag.lower().replace("_", "-")
    if folded in _SWITCH_LANGUAGES:
        return _AS_KAZOO_WRITES.get(folded, folded), Fit.EXACT
    nearest = _BY_PRIMARY.get(folded.partition("-")[0])
    if is_language_tag(folded) and nearest:
        return nearest, Fit.EXACT
    return usual.language, Fit.UNKNOWN
