"""Pause: nothing is heard for a while."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step import GoOn, Result
from pivot.execute.step_context import Course, Line
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import Event, TimerFired
from pivot.model.instructions import PauseVerb
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class PauseStep:
    length_s: float
    timer: str = ""
    result: Result | None = None

    def start(self, line: Line) -> Course:
        if line.profile.answer_on_pause:
            yield from line.pick_up()
        self.timer = f"pause {line.draw_id()}"
        yield StartTimer(self.timer, self.length_s)

    def receive(self, event: Event, line: Line) -> Course:
        if event == TimerFired(self.timer):
            self.result = GoOn()
        return iter(())

    def stop(self, line: Line) -> Course:
        yield CancelTimer(self.timer)


def pause_step(verb: PauseVerb) -> PauseStep:
    return PauseStep(verb.length_s)
