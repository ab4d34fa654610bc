"""Set: variables that later requests of the call carry."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import GoOn, Result
from pivot.model.events import Event
from pivot.model.instructions import SetVerb
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class SetStep:
    """Set: keep variables for later requests."""

    verb: SetVerb
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        if context.profile.answer_on_set:
            yield from context.pick_up()
        yield from context.set_variables(self.verb.variables)
        self.result = GoOn()

    def receive(self, event: Event, context: StepContext) -> Commands:
        return iter(())

    def stop(self, context: StepContext) -> Commands:
        return iter(())
