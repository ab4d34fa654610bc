"""Say: the switch speaks."""

from __future__ import annotations

from pivot.execute.steps.prompt import PromptStep, Spoken
from pivot.model.instructions import SayVerb


def say_step(verb: SayVerb) -> PromptStep:
    """A prompt of the text's parts, each as long as the switch takes."""
    voice = verb.switch_voice
    parts = tuple(Spoken(part, voice.voice, voice.language, voice.engine) for part in verb.parts)
    return PromptStep(parts, verb.times, verb.terminators)
