"""Reject: an unanswered call is declined."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.line import Course, Line
from pivot.execute.step import Finish, Result
from pivot.model.events import Event
from pivot.model.instructions import RejectReason, RejectVerb
from pivot.model.plain import plain
from pivot.model.switch import Respond

_BUSY_HERE = 486


@plain
@dataclass(slots=True)
class RejectStep:
    """The switch ends the call by itself; an answered call is hung up instead."""

    verb: RejectVerb
    result: Result | None = None

    def start(self, line: Line) -> Course:
        if line.state.answered:
            self.result = Finish()
            return
        busy = self.verb.reason is RejectReason.BUSY
        code = _BUSY_HERE if busy else line.profile.reject_code
        yield Respond(line.draw_id(), line.draw_id(), code, self.verb.reason.value, self.verb.prompt)
        self.result = Finish(hang_up=False, call_status="busy" if busy else "no-answer")

    def receive(self, event: Event, line: Line) -> Course:
        return iter(())

    def stop(self, line: Line) -> Course:
        return iter(())
