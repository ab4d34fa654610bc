"""Reject: an unanswered call is declined."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import Finish, Result
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import CommandFailed, Event, Executed, TimerFired
from pivot.model.instructions import RejectReason, RejectVerb
from pivot.model.plain import plain
from pivot.model.switch import Respond

_BUSY_HERE = 486


_PROMPT_AT_MOST_S = 60.0


@plain
@dataclass(slots=True)
class RejectStep:
    """The switch ends the call by itself, after its prompt; an answered call is hung up instead."""

    verb: RejectVerb
    msg_id: str = ""
    noop_id: str = ""
    timer: str = ""
    """While the prompt is heard."""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        if context.state.answered:
            self.result = Finish()
            return
        self.msg_id, self.noop_id = context.draw_id(), context.draw_id()
        code = _BUSY_HERE if self._is_busy else context.profile.reject_code
        prompt = None if self.verb.prompt is None else context.media(self.verb.prompt)
        yield Respond(self.msg_id, self.noop_id, code, self.verb.reason.value, prompt)
        if prompt is None:
            self._finish()
        else:
            self.timer = f"reject {self.msg_id}"
            yield StartTimer(self.timer, _PROMPT_AT_MOST_S)

    def receive(self, event: Event, context: StepContext) -> Commands:
        match event:
            case Executed(call_id, application, response) if call_id == context.leg and (
                application == "play" or response == self.noop_id
            ):
                yield CancelTimer(self.timer)
                self._finish()
            case TimerFired(name) if name == self.timer:
                self._finish()
            case CommandFailed(msg_id=msg_id) if msg_id == self.msg_id:
                yield CancelTimer(self.timer)
                self._finish(hang_up=True)

    def stop(self, context: StepContext) -> Commands:
        yield CancelTimer(self.timer)

    @property
    def _is_busy(self) -> bool:
        return self.verb.reason is RejectReason.BUSY

    def _finish(self, *, hang_up: bool = False) -> None:
        self.result = Finish(hang_up=hang_up, call_status="busy" if self._is_busy else "no-answer")
