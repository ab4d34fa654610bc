"""Which step runs which instruction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pivot.execute.line import Course, Line
from pivot.execute.step import GoOn, Result, Step
from pivot.execute.steps.hangup import HangupStep
from pivot.execute.steps.pause import pause_step
from pivot.execute.steps.play import play_step
from pivot.execute.steps.redirect import RedirectStep
from pivot.execute.steps.reject import RejectStep
from pivot.execute.steps.say import say_step
from pivot.execute.steps.set import SetStep
from pivot.model.events import Event
from pivot.model.instructions import (
    HangupVerb,
    Instruction,
    PauseVerb,
    PlayVerb,
    RedirectVerb,
    RejectVerb,
    SayVerb,
    SetVerb,
)
from pivot.model.plain import plain

_MAKERS: dict[type, Callable[[Any], Step]] = {
    SayVerb: say_step,
    PlayVerb: play_step,
    PauseVerb: pause_step,
    RedirectVerb: RedirectStep,
    RejectVerb: RejectStep,
    HangupVerb: HangupStep,
    SetVerb: SetStep,
}


def step_for(instruction: Instruction) -> Step:
    """The step that runs `instruction`."""
    maker = _MAKERS.get(type(instruction))
    return maker(instruction) if maker else PassedOver(type(instruction).__name__)


@plain
@dataclass(slots=True)
class PassedOver:
    """An instruction that nothing on the bus can carry out: the next one's turn."""

    verb: str
    result: Result | None = None

    def start(self, line: Line) -> Course:
        self.result = GoOn()
        return iter(())

    def receive(self, event: Event, line: Line) -> Course:
        return iter(())

    def stop(self, line: Line) -> Course:
        return iter(())
