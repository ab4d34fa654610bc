"""Pause: nothing is heard for a while."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import GoOn, Result
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import Event, TimerFired
from pivot.model.instructions import PauseVerb
from pivot.model.plain import plain
from pivot.model.switch import PlayMedia, StopMedia


@plain
@dataclass(slots=True)
class PauseStep:
    """Waits by its own time, while an answered leg is sent silence.

    Without it the switch sends no packet at all: a phone or its network takes the line for dead, and the
    pause is missing in a recording. Measured on FreeSWITCH 1.10.11. A leg that is not answered goes on
    ringing.
    """

    length_s: float
    timer: str = ""
    silent: bool = False
    """The switch sends silence."""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        if context.profile.answer_on_pause:
            yield from context.pick_up()
        self.timer = f"pause {context.draw_id()}"
        if context.state.answered or not context.is_caller:
            self.silent = True
            silence = f"silence_stream://{round(self.length_s * 1000)}"
            yield PlayMedia(context.draw_id(), context.draw_id(), silence, leg=context.other_leg)
        yield StartTimer(self.timer, self.length_s)

    def receive(self, event: Event, context: StepContext) -> Commands:
        if event == TimerFired(self.timer):
            self.result = GoOn()
        return iter(())

    def stop(self, context: StepContext) -> Commands:
        yield CancelTimer(self.timer)
        if self.silent:
            yield StopMedia(context.draw_id(), context.other_leg)


def pause_step(verb: PauseVerb) -> PauseStep:
    return PauseStep(verb.length_s)
