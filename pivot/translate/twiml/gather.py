"""Gather: collect keys or words while prompts play."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pivot.model.instructions import Callback, GatherVerb, Prompt, SpeechInput
from pivot.translate.twiml import pause, play, say
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.voices import is_language_tag

_INPUTS: Final = {
    "dtmf": (True, False),
    "speech": (False, True),
    "dtmf speech": (True, True),
    "speech dtmf": (True, True),
}
_LONGEST_S: Final = 3600
_MOST_HINTS: Final = 500
_LONGEST_HINT: Final = 100


def read(element: Element, reading: Reading) -> Iterator[GatherVerb]:
    """One GatherVerb, always."""
    with Attributes(element, reading) as given:
        dtmf, words = given.choice("input", _INPUTS, (True, False), Twilio.GATHER_INPUT)
        speech = _speech(given)
        if words:
            given.unserved("input", "words are not heard, as no speech recognition is connected")
        given.written("debug")
        verb = GatherVerb(
            prompts=tuple(_prompts(element, reading)),
            action=given.url("action") or "",
            method=given.method("method", Twilio.GATHER_METHOD),
            dtmf=dtmf,
            speech=speech if words else None,
            timeout_s=given.seconds("timeout", 5.0, 0, _LONGEST_S, Twilio.GATHER_TIMEOUT),
            num_digits=given.whole("numDigits", None, 1, 10_000, Twilio.GATHER_NUM_DIGITS),
            finish_on_key=_finish_key(given),
            action_on_empty_result=given.boolean("actionOnEmptyResult", False, Twilio.GATHER_EMPTY_RESULT),
            barge_in=given.boolean("bargeIn", True, Twilio.GATHER_BARGE_IN),
            at=element.at,
        )
    yield verb


def _prompts(element: Element, reading: Reading) -> Iterator[Prompt]:
    for child in element.children:
        match child.name:
            case "Say":
                yield from say.read(child, reading, say.IN_GATHER)
            case "Play":
                yield from play.read(child, reading, in_gather=True)
            case "Pause":
                yield from pause.read(child, reading)
            case _:
                reading.misplaced(child, element, Twilio.GATHER_CHILD)


def _finish_key(given: Attributes) -> str | None:
    keys = given.keys("finishOnKey", ("#",), Twilio.GATHER_FINISH_ON_KEY)
    if len(keys) > 1:
        given.bad("finishOnKey", "is more than one key; # is used", Twilio.GATHER_FINISH_ON_KEY)
        return "#"
    return keys[0] if keys else None


def _speech(given: Attributes) -> SpeechInput:
    """The speech attributes; read, and judged, also when only keys are wanted."""
    url = given.url("partialResultCallback")
    method = given.method("partialResultCallbackMethod", Twilio.GATHER_PARTIAL_METHOD)
    given.boolean("enhanced", False, Twilio.GATHER_SPEECH_MODEL)
    return SpeechInput(
        timeout_s=_speech_timeout(given),
        max_s=given.seconds("maxSpeechTime", 60.0, 1, _LONGEST_S, Twilio.GATHER_MAX_SPEECH_TIME),
        language=_language(given),
        hints=_hints(given),
        model=given.text("speechModel", max_length=100, twilio=Twilio.GATHER_SPEECH_MODEL) or "default",
        profanity_filter=given.boolean("profanityFilter", True, Twilio.GATHER_PROFANITY_FILTER),
        partial=Callback(url, method) if url is not None else None,
    )


def _speech_timeout(given: Attributes) -> float | None:
    if given.written("speechTimeout") == "auto":
        return None
    timeout_s = given.whole("speechTimeout", None, 1, _LONGEST_S, Twilio.GATHER_SPEECH_TIMEOUT)
    return None if timeout_s is None else float(timeout_s)


def _language(given: Attributes) -> str:
    tag = given.text("language") or "en-US"
    if is_language_tag(tag):
        return tag
    given.bad("language", "is no language tag; en-US is used", Twilio.GATHER_LANGUAGE)
    return "en-US"


def _hints(given: Attributes) -> tuple[str, ...]:
    hints = [hint.strip() for hint in re.split(",", given.written("hints") or "") if hint.strip()]
    if len(hints) > _MOST_HINTS or any(len(hint) > _LONGEST_HINT for hint in hints):
        given.bad(
            "hints", f"has more than {_MOST_HINTS} or longer ones; these are ignored", Twilio.GATHER_HINTS
        )
    return tuple(hint for hint in hints if len(hint) <= _LONGEST_HINT)[:_MOST_HINTS]
