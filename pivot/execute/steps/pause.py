"""Pause: nothing is heard for a while."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step import GoOn, Result
from pivot.execute.step_context import Course, Line
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

    def start(self, line: Line) -> Course:
        if line.profile.answer_on_pause:
            yield from line.pick_up()
        self.timer = f"pause {line.draw_id()}"
        if line.state.answered or not line.is_caller:
            self.silent = True
            silence = f"silence_stream://{round(self.length_s * 1000)}"
            yield PlayMedia(line.draw_id(), line.draw_id(), silence, leg=line.other_leg)
        yield StartTimer(self.timer, self.length_s)

    def receive(self, event: Event, line: Line) -> Course:
        if event == TimerFired(self.timer):
            self.result = GoOn()
        return iter(())

    def stop(self, line: Line) -> Course:
        yield CancelTimer(self.timer)
        if self.silent:
            yield StopMedia(line.draw_id(), line.other_leg)


def pause_step(verb: PauseVerb) -> PauseStep:
    return PauseStep(verb.length_s)
