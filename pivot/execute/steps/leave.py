"""Leave: the caller stops waiting in the queue; elsewhere it means nothing."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import GoOn, Result, StopWaiting
from pivot.model.events import Event
from pivot.model.instructions import LeaveVerb
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class LeaveStep:
    """Leave: out of the queue, on with what follows the Enqueue."""

    verb: LeaveVerb
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        self.result = StopWaiting() if context.queued else GoOn()
        return iter(())

    def receive(self, event: Event, context: StepContext) -> Commands:
        return iter(())

    def stop(self, context: StepContext) -> Commands:
        return iter(())
