"""Redirect: another document."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, Result
from pivot.model.events import Event
from pivot.model.instructions import RedirectVerb
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class RedirectStep:
    """Redirect: ask for the next document."""

    verb: RedirectVerb
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        if context.profile.answer_on_redirect:
            yield from context.pick_up()
        yield from context.set_variables(self.verb.variables)
        self.result = AskFor(self.verb.url, self.verb.method)

    def receive(self, event: Event, context: StepContext) -> Commands:
        return iter(())

    def stop(self, context: StepContext) -> Commands:
        return iter(())
