"""Leave: the caller stops waiting in the queue; elsewhere it means nothing."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step import GoOn, Result, StopWaiting
from pivot.execute.step_context import Course, Line
from pivot.model.events import Event
from pivot.model.instructions import LeaveVerb
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class LeaveStep:
    verb: LeaveVerb
    result: Result | None = None

    def start(self, line: Line) -> Course:
        self.result = StopWaiting() if line.queued else GoOn()
        return iter(())

    def receive(self, event: Event, line: Line) -> Course:
        return iter(())

    def stop(self, line: Line) -> Course:
        return iter(())
