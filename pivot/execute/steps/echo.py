"""Echo: the caller hears himself until he hangs up."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step import GoOn, Result
from pivot.execute.step_context import Course, Line
from pivot.model.events import CommandFailed, Event
from pivot.model.instructions import EchoVerb
from pivot.model.plain import plain
from pivot.model.switch import EchoLeg, StopMedia


@plain
@dataclass(slots=True)
class EchoStep:
    verb: EchoVerb
    msg_id: str = ""
    result: Result | None = None

    def start(self, line: Line) -> Course:
        yield from line.pick_up()
        self.msg_id = line.draw_id()
        yield EchoLeg(self.msg_id)

    def receive(self, event: Event, line: Line) -> Course:
        if isinstance(event, CommandFailed) and event.msg_id == self.msg_id:
            yield line.fault(f"the switch does not echo: {event.message}", None)
            self.result = GoOn()

    def stop(self, line: Line) -> Course:
        yield StopMedia(line.draw_id())
