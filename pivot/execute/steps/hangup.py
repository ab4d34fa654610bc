"""Hangup: the call is over."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import Finish, Result
from pivot.model.events import Event
from pivot.model.instructions import HangupVerb
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class HangupStep:
    """Hangup: end the call."""

    verb: HangupVerb
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        if self.verb.answer:
            yield from context.pick_up()
        self.result = Finish()

    def receive(self, event: Event, context: StepContext) -> Commands:
        return iter(())

    def stop(self, context: StepContext) -> Commands:
        return iter(())
