"""Set: variables that ride on later requests."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step import GoOn, Result
from pivot.execute.step_context import Course, Line
from pivot.model.events import Event
from pivot.model.instructions import SetVerb
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class SetStep:
    verb: SetVerb
    result: Result | None = None

    def start(self, line: Line) -> Course:
        if line.profile.answer_on_set:
            yield from line.pick_up()
        yield from line.set_variables(self.verb.variables)
        self.result = GoOn()

    def receive(self, event: Event, line: Line) -> Course:
        return iter(())

    def stop(self, line: Line) -> Course:
        return iter(())
