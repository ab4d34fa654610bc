"""Something that plays, perhaps several times: what Say and Play have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from pivot.execute.after_join import empty_queue
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import GoOn, Result
from pivot.execute.steps.sound_time import FILE_S, media_s, speech_s
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import (
    ChannelFound,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    TimerFired,
)
from pivot.model.hot import hot_dataclass
from pivot.model.instructions import ALL_KEYS
from pivot.model.plain import plain
from pivot.model.switch import AskIdle, PlayMedia, SpeakText, StopMedia


@plain
@hot_dataclass(frozen=True, slots=True)
class Spoken:
    """One part of a Say, for one of the switch's voices."""

    text: str
    voice: str
    language: str
    engine: str


@plain
@hot_dataclass(frozen=True, slots=True)
class Media:
    """One file or media id."""

    name: str


Sound: TypeAlias = Spoken | Media
_LATE_S = 5.0
"""So much longer than it should last no speech takes."""
_ANSWER_S = 3.0
"""An idle leg says so within this."""


@plain
@dataclass(slots=True)
class PromptStep:
    """Plays sounds one after the other; the switch tells the end of each by the noop behind it.

    Should that word be lost, the caller would hear nothing more: when all that is heard of the channel is
    that it exists, the switch is asked. When it does not answer either and speech must be over, something
    holds the leg's queue, which is emptied once. On a leg that we dialled the word may never come: there the
    sound is given its time, and then taken for ended.
    """

    sounds: tuple[Sound, ...]
    """All of them in order, repetitions included only in `times`."""
    times: int = 1
    terminators: tuple[str, ...] | None = None
    """Keys that stop it; None: what the profile says."""
    played: int = 0
    msg_id: str = ""
    noop_id: str = ""
    idle_id: str = ""
    """Of the question whether the sound has ended."""
    flush_id: str = ""
    """Of the command that empties the queue."""
    began_s: float = 0.0
    """When the sound was sent to the switch."""
    timer: str = ""
    """Of a sound whose end nobody may tell."""
    cut: bool = field(default=False)
    """A key stopped the switch; nothing further of this round is played."""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        if self.terminators is None:
            self.terminators = ALL_KEYS if context.profile.say_interruptible else ()
        yield from context.pick_up()
        yield from self._play_next(context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        match event:
            case Executed(call_id, response=noop_id) if call_id == context.leg and self._is_end(noop_id):
                yield from self._play_next(context)
            case TimerFired(name) if name == self.timer:
                yield from self._time_is_up(context)
            case ChannelFound() if context.is_caller:
                yield from self._ask(context)
            case Executed(call_id, "play", "FILE NOT FOUND" as complaint) if call_id == context.leg:
                yield context.fault(f"a file could not be fetched: {complaint}", 11200)
            case Executed(call_id, "play", "PLAYBACK ERROR" as complaint) if call_id == context.leg:
                yield context.fault(f"a file is no sound that the switch knows: {complaint}", 13420)
            case DigitPressed(call_id, digit) if call_id == context.leg and digit in (self.terminators or ()):
                self.cut = True
            case CommandFailed(message=message, msg_id=msg_id) if msg_id == self.msg_id:
                yield context.fault(f"the switch does not play: {message}", None)
                yield from self._play_next(context)

    def stop(self, context: StepContext) -> Commands:
        if self.timer:
            yield CancelTimer(self.timer)
        yield StopMedia(context.draw_id(), context.other_leg)

    def _is_end(self, noop_id: str | None) -> bool:
        return bool(noop_id) and noop_id in (self.noop_id, self.idle_id, self.flush_id)

    def _ask(self, context: StepContext) -> Commands:
        """A sound of unknown length may still play: only speech is broken off."""
        if context.state.flush_id:
            # The join before this sound still holds the queue: the sound was never played.
            self.played -= 1
            yield from empty_queue(context)
            context.state.flush_id = ""
            yield from self._play_next(context)
            return
        self.idle_id = context.draw_id()
        yield AskIdle(self.idle_id)
        lasts_s = _lasts_s(self._sound())
        if lasts_s is not None and context.at_s - self.began_s > lasts_s + _LATE_S:
            self.timer = f"sound {self.msg_id}"
            yield StartTimer(self.timer, _ANSWER_S)

    def _time_is_up(self, context: StepContext) -> Commands:
        if not context.is_caller:
            what = "the switch tells this leg no end of a sound; by its time it is over"
            yield context.warn(what, None)
            yield from self._play_next(context)
        elif not self.flush_id:
            self.flush_id = context.draw_id()
            yield StopMedia(self.flush_id)
            yield StartTimer(self.timer, _ANSWER_S)
        else:
            yield context.fault("the switch does not tell that a sound has ended", None)
            yield from self._play_next(context)

    def _sound(self) -> Sound:
        """The one that plays."""
        return self.sounds[(self.played - 1) % len(self.sounds)]

    def _skip(self, context: StepContext) -> None:
        """A key has ended this round of the loop, or all of them."""
        rounds = -(-self.played // len(self.sounds)) if context.profile.key_ends_round else self.times
        self.played, self.cut = rounds * len(self.sounds), False

    def _play_next(self, context: StepContext) -> Commands:
        if self.timer:
            yield CancelTimer(self.timer)
        if self.cut:
            self._skip(context)
        if self.played == len(self.sounds) * self.times:
            self.result = GoOn()
            return
        self.played += 1
        self.msg_id, self.noop_id, self.idle_id, self.flush_id = context.draw_id(), context.draw_id(), "", ""
        self.began_s = context.at_s
        sound = self._sound()
        keys = self.terminators or ()
        match sound:
            case Spoken(text, voice, language, engine):
                yield SpeakText(
                    self.msg_id, self.noop_id, text, voice, language, engine, keys, context.other_leg
                )
            case Media(name):
                yield PlayMedia(self.msg_id, self.noop_id, context.media(name), keys, context.other_leg)
        if not context.is_caller:
            self.timer = f"sound {self.msg_id}"
            yield StartTimer(self.timer, _lasts_s(sound) or FILE_S)


def _lasts_s(sound: Sound) -> float | None:
    return speech_s(sound.text) if isinstance(sound, Spoken) else media_s(sound.name)
