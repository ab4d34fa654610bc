"""Say: speak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pivot.model.codes import Code
from pivot.model.instructions import SayVerb
from pivot.model.speech import SpeechWish
from pivot.model.switch_text import speech_refuses
from pivot.translate.twiml import voices
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.ssml import Speech, cut, read_speech
from pivot.translate.twiml.voices import Choice, Fit

MAX_SSML_CHARACTERS = 16_384
"""Longer markup is left out, and its text is spoken; documents are limited before."""


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
        terminators = given.terminators()
        voice, language = given.text("voice", max_length=100), given.text("language", max_length=100)
        choice = voices.choose(voice, language, given.text("engine"), reading.rules.voice)
        tag = language if language and voices.is_language_tag(language) else None
        speaker = reading.rules.speech.voice_for(voice)
        has_it = bool(speaker) and speaker == voice
        if not has_it:
            _judge_voice(given, choice, speaker, numbers)
        if choice.language is Fit.UNKNOWN and not (speaker and tag):
            given.bad("language", "is no language the switch speaks; English is used", Twilio.SAY_LANGUAGE)
    if not speech.text:
        reading.unusable(element, Code.TWIML_VALUE, "has no text; skipped", Twilio.SAY_EMPTY)
        return
    text, wish = _short_enough(speech, element, reading), None
    if speaker:
        # A named voice knows its own language; the default one has many, so it is told the switch's.
        told = tag or ("" if has_it else choice.switch.language)
        wish = SpeechWish(text, speaker, told, _marked_up(speech, text))
    elif speech.ssml:
        message = "Say holds SSML, which the switch speaks as plain text; a speech plug-in gets it whole"
        reading.warn(Code.TWIML_NESTING, element.at, message)
    refused = None if wish else speech_refuses(text)
    if refused is not None:
        message = (
            f"Say has {refused}, which the switch would take for more than text; a blank is spoken instead"
        )
        reading.warn(Code.TWIML_VALUE, element.at, message)
    yield SayVerb(
        parts=cut(text, reading.rules.max_tts_bytes),
        ssml=speech.ssml,
        voice=voice if has_it or choice.voice is not Fit.UNKNOWN else None,
        language=tag,
        wish=wish,
        switch_voice=choice.switch,
        times=times,
        terminators=terminators,
        at=element.at,
    )


def _marked_up(speech: Speech, text: str) -> str | None:
    """The text's markup, unless one of the two was too long."""
    if speech.ssml is None or len(speech.ssml) > MAX_SSML_CHARACTERS or text != speech.text:
        return None
    return f"<speak>{speech.ssml}</speak>"


def _judge_voice(given: Attributes, choice: Choice, speaker: str, numbers: Numbers) -> None:
    """Warn of a voice that nobody here has."""
    instead = f"the plug-in's {speaker}" if speaker else f"the switch's {choice.switch.voice} voice"
    if choice.voice is Fit.UNKNOWN:
        given.bad("voice", "is no voice we know; the default is used", numbers.voice)
    if choice.voice is Fit.NEAREST:
        given.bad("voice", f"needs a speech plug-in that has it; {instead} speaks", None)


def _short_enough(speech: Speech, element: Element, reading: Reading) -> str:
    limit = reading.rules.max_say_characters
    if len(speech.text) > limit:
        message = f"Say has {len(speech.text)} characters, and {limit} are spoken"
        reading.warn(Code.TWIML_VALUE, element.at, message, Twilio.SAY_TOO_LONG)
    return speech.text[:limit].rstrip()
