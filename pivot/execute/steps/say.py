"""Say: the switch speaks, or plays what a plug-in has made of the text."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, Step, StepContext
from pivot.execute.step_result import GoOn, Result
from pivot.execute.steps.prompt import Media, PromptStep, Spoken
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import CommandFailed, DigitPressed, Event, Executed, TimerFired
from pivot.model.instructions import ALL_KEYS, SayVerb
from pivot.model.plain import plain
from pivot.model.speech import DropSpeech, Synthesise, Synthesised, SynthesisFailed


def say_step(verb: SayVerb) -> Step:
    """The step of a Say: by a speech plug-in when translation chose a voice of it, else by the switch."""
    return _by_switch(verb, verb.times) if verb.wish is None else SynthesisedStep(verb)


def _by_switch(verb: SayVerb, times: int) -> PromptStep:
    """A prompt of the text's parts, each as long as the switch takes."""
    voice = verb.switch_voice
    parts = tuple(Spoken(part, voice.voice, voice.language, voice.engine) for part in verb.parts)
    return PromptStep(parts, times, verb.terminators)


@plain
@dataclass(slots=True)
class SynthesisedStep:
    """Waits for the plug-in's sound and plays it; the switch speaks when there is none.

    The sound is made once and played as often as the Say is to be heard. A key that would stop the Say
    also ends the waiting for it.
    """

    verb: SayVerb
    speech_id: str = ""
    timer: str = ""
    prompt: PromptStep | None = None
    """What is heard; None: the sound is waited for."""
    by_plugin: bool = False
    """The prompt is the plug-in's sound."""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        yield from context.pick_up()
        assert self.verb.wish is not None
        self.speech_id = context.draw_id()
        self.timer = f"speech {self.speech_id}"
        yield Synthesise(self.speech_id, self.verb.wish)
        yield StartTimer(self.timer, context.rules.speech_wait_s)

    def receive(self, event: Event, context: StepContext) -> Commands:
        if self.prompt is None:
            yield from self._waiting(event, context)
        elif self.by_plugin and (why := _unheard(event, self.prompt, context)):
            yield context.warn(f"the synthesised speech is not heard: {why}; the switch speaks", 11200)
            yield from self._speak(context, self.verb.times - self.prompt.played + 1)
        else:
            yield from self.prompt.receive(event, context)
            self.result = self.prompt.result

    def stop(self, context: StepContext) -> Commands:
        if self.prompt is not None:
            yield from self.prompt.stop(context)
        else:
            yield from self._forget()

    def _waiting(self, event: Event, context: StepContext) -> Commands:
        match event:
            case Synthesised(speech_id, url) if speech_id == self.speech_id:
                yield CancelTimer(self.timer)
                self.by_plugin = True
                self.prompt = PromptStep((Media(url),), self.verb.times, self.verb.terminators)
                yield from self.prompt.start(context)
            case SynthesisFailed(speech_id, message) if speech_id == self.speech_id:
                yield CancelTimer(self.timer)
                yield context.warn(f"no speech was synthesised: {message}; the switch speaks", None)
                yield from self._speak(context, self.verb.times)
            case TimerFired(name) if name == self.timer:
                yield DropSpeech(self.speech_id)
                yield context.warn("no speech was synthesised in time; the switch speaks", None)
                yield from self._speak(context, self.verb.times)
            case DigitPressed(call_id, digit) if call_id == context.leg and digit in self._keys(context):
                yield from self._forget()
                self.result = GoOn()

    def _speak(self, context: StepContext, times: int) -> Commands:
        self.by_plugin = False
        self.prompt = _by_switch(self.verb, times)
        yield from self.prompt.start(context)

    def _forget(self) -> Commands:
        yield CancelTimer(self.timer)
        yield DropSpeech(self.speech_id)

    def _keys(self, context: StepContext) -> tuple[str, ...]:
        if self.verb.terminators is not None:
            return self.verb.terminators
        return ALL_KEYS if context.profile.say_interruptible else ()


def _unheard(event: Event, prompt: PromptStep, context: StepContext) -> str:
    """The switch's complaint about the sound that it should play; empty: none."""
    match event:
        case Executed(call_id, "play", "FILE NOT FOUND" | "PLAYBACK ERROR" as complaint):
            return complaint if call_id == context.leg else ""
        case CommandFailed(message=message, msg_id=msg_id) if msg_id == prompt.msg_id:
            return message or "refused"
    return ""
