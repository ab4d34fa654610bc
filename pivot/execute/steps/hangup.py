"""Hangup: the call is over."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step import Finish, Result
from pivot.execute.step_context import Course, Line
from pivot.model.events import Event
from pivot.model.instructions import HangupVerb
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class HangupStep:
    verb: HangupVerb
    result: Result | None = None

    def start(self, line: Line) -> Course:
        if self.verb.answer:
            yield from line.pick_up()
        self.result = Finish()

    def receive(self, event: Event, line: Line) -> Course:
        return iter(())

    def stop(self, line: Line) -> Course:
        return iter(())
