"""Echo: the caller hears himself until he hangs up."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import GoOn, Result
from pivot.model.events import CommandFailed, Event
from pivot.model.instructions import EchoVerb
from pivot.model.plain import plain
from pivot.model.switch import EchoLeg, StopMedia


@plain
@dataclass(slots=True)
class EchoStep:
    """Echo: the caller hears the own voice."""

    verb: EchoVerb
    msg_id: str = ""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        yield from context.pick_up()
        self.msg_id = context.draw_id()
        yield EchoLeg(self.msg_id)

    def receive(self, event: Event, context: StepContext) -> Commands:
        if isinstance(event, CommandFailed) and event.msg_id == self.msg_id:
            yield context.fault(f"the switch does not echo: {event.message}", None)
            self.result = GoOn()

    def stop(self, context: StepContext) -> Commands:
        yield StopMedia(context.draw_id())
