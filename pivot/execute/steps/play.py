"""Play: a file is heard, or keys are sent."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step import GoOn, Result, Step
from pivot.execute.step_context import Course, Line
from pivot.execute.steps.prompt import Media, PromptStep
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import CommandFailed, Event, Executed, TimerFired
from pivot.model.instructions import PlayVerb
from pivot.model.plain import plain
from pivot.model.switch import SendDigits, StopMedia

_KEY_AT_MOST_S = 1.0
"""A pause of a second is the longest of them."""
_SPARE_S = 5.0


def play_step(verb: PlayVerb) -> Step:
    if verb.digits:
        return KeysStep(verb.digits, verb.times)
    return PromptStep((Media(verb.url),), verb.times, verb.terminators)


@plain
@dataclass(slots=True)
class KeysStep:
    """Presses keys towards the leg; does not wait for ever for the switch to have done so."""

    digits: str
    times: int = 1
    sent: int = 0
    msg_id: str = ""
    noop_id: str = ""
    timer: str = ""
    result: Result | None = None

    def start(self, line: Line) -> Course:
        yield from line.pick_up()
        self.timer = f"keys {line.draw_id()}"
        yield from self._send_next(line)

    def receive(self, event: Event, line: Line) -> Course:
        match event:
            case Executed(response=noop_id) if noop_id == self.noop_id:
                yield from self._send_next(line)
            case CommandFailed(message=why, msg_id=msg_id) if msg_id == self.msg_id:
                yield line.fault(f"the switch sends no keys: {why}", None)
                yield from self._end()
            case TimerFired(name) if name == self.timer:
                yield line.fault("the switch does not tell that the keys are sent", None)
                yield from self._end()

    def stop(self, line: Line) -> Course:
        yield CancelTimer(self.timer)
        yield StopMedia(line.draw_id(), line.other_leg)

    def _send_next(self, line: Line) -> Course:
        if self.sent == self.times:
            yield from self._end()
            return
        self.sent += 1
        self.msg_id, self.noop_id = line.draw_id(), line.draw_id()
        yield SendDigits(self.msg_id, self.noop_id, self.digits, leg=line.other_leg)
        yield StartTimer(self.timer, len(self.digits) * _KEY_AT_MOST_S + _SPARE_S)

    def _end(self) -> Course:
        yield CancelTimer(self.timer)
        self.result = GoOn()
