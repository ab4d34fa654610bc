"""Say: speak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pivot.model.codes import Code
from pivot.model.instructions import SayVerb
from pivot.translate.twiml import voices
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.ssml import Speech, cut, read_speech
from pivot.translate.twiml.voices import Fit


@dataclass(frozen=True, slots=True)
class Numbers:
    """Twilio's numbers for a Say's attributes differ inside a Gather."""

    voice: Twilio = Twilio.SAY_VOICE
    loop: Twilio = Twilio.SAY_LOOP


TOP = Numbers()
IN_GATHER = Numbers(Twilio.GATHER_SAY_VOICE, Twilio.GATHER_SAY_LOOP)


def read(element: Element, reading: Reading, numbers: Numbers = TOP) -> Iterator[SayVerb]:
    """One SayVerb, or nothing when there is no text."""
    speech = read_speech(element, reading)
    with Attributes(element, reading) as given:
        times = given.times(numbers.loop)
        terminators = given.keys("terminators", None, Twilio.NOT_IN_SCHEMA)
        voice, language = given.text("voice", max_length=100), given.text("language", max_length=100)
        choice = voices.choose(voice, language, given.text("engine"), reading.rules.voice)
        if choice.voice is Fit.UNKNOWN:
            given.bad("voice", "is no voice we know; the default is used", numbers.voice)
        if choice.voice is Fit.NEAREST:
            nearest = f"needs a speech plug-in; without one the switch's {choice.switch.voice} voice speaks"
            given.bad("voice", nearest, None)
        if choice.language is Fit.UNKNOWN:
            given.bad("language", "is no language the switch speaks; English is used", Twilio.SAY_LANGUAGE)
    if not speech.text:
        reading.unusable(element, Code.TWIML_VALUE, "has no text; skipped", Twilio.SAY_EMPTY)
        return
    yield SayVerb(
        parts=cut(_short_enough(speech, element, reading), reading.rules.max_tts_bytes),
        ssml=speech.ssml,
        voice=None if choice.voice is Fit.UNKNOWN else voice,
        language=language if language and voices.is_language_tag(language) else None,
        switch_voice=choice.switch,
        times=times,
        terminators=terminators,
        at=element.at,
    )


def _short_enough(speech: Speech, element: Element, reading: Reading) -> str:
    limit = reading.rules.max_say_characters
    if len(speech.text) > limit:
        message = f"Say has {len(speech.text)} characters, and {limit} are spoken"
        reading.warn(Code.TWIML_VALUE, element.at, message, Twilio.SAY_TOO_LONG)
    return speech.text[:limit].rstrip()
