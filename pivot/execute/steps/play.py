"""Play: a file is heard, or keys are sent."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, Step, StepContext
from pivot.execute.step_result import GoOn, Result
from pivot.execute.steps.prompt import Media, PromptStep
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import CommandFailed, Event, Executed, TimerFired
from pivot.model.instructions import PlayVerb
from pivot.model.plain import plain
from pivot.model.switch import SendDigits, StopMedia

_KEY_S = 0.6
"""From one key to the next. Measured on FreeSWITCH 1.10.11: 0.52 to 0.58 s for tones of 0.2 s."""
_WAITS_S = {"w": 0.5, "W": 1.0}
_SPARE_S = 5.0
"""How much later than expected a leg may begin to send."""


def keys_s(digits: str) -> float:
    """How long the switch takes to send these keys and pauses, in seconds."""
    return sum(_WAITS_S.get(key, _KEY_S) for key in digits)


def play_step(verb: PlayVerb) -> Step:
    if verb.digits:
        return KeysStep(verb.digits, verb.times)
    return PromptStep((Media(verb.url),), verb.times, verb.terminators)


@plain
@dataclass(slots=True)
class KeysStep:
    """Presses keys towards the leg, and is over when the last one is out.

    The switch completes the command when the keys are queued, and sends them afterwards: how long that takes
    is counted here. A leg of our own that completes no command at all is given the same time.
    """

    digits: str
    times: int = 1
    sent: int = 0
    msg_id: str = ""
    noop_id: str = ""
    timer: str = ""
    accepted: bool = False
    """The switch has told that the keys are queued."""
    overdue: bool = False
    """It has not, and the keys should be out by now."""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        yield from context.pick_up()
        self.timer = f"keys {context.draw_id()}"
        yield from self._send_next(context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        match event:
            case Executed(response=noop_id) if noop_id == self.noop_id:
                self.accepted = True
                if self.overdue:
                    yield StartTimer(self.timer, keys_s(self.digits))
            case CommandFailed(message=why, msg_id=msg_id) if msg_id == self.msg_id:
                yield context.fault(f"the switch sends no keys: {why}", None)
                yield from self._end()
            case TimerFired(name) if name == self.timer:
                yield from self._time_is_up(context)

    def stop(self, context: StepContext) -> Commands:
        yield CancelTimer(self.timer)
        yield StopMedia(context.draw_id(), context.other_leg)

    def _time_is_up(self, context: StepContext) -> Commands:
        if self.accepted or not context.is_caller:
            if not self.accepted:
                yield context.warn("the switch tells nothing of the keys; by their time they are out", None)
            yield from self._send_next(context)
        elif not self.overdue:
            self.overdue = True
            yield StartTimer(self.timer, _SPARE_S)
        else:
            yield context.fault("the switch does not tell that the keys are sent", None)
            yield from self._end()

    def _send_next(self, context: StepContext) -> Commands:
        if self.sent == self.times:
            yield from self._end()
            return
        self.sent += 1
        self.accepted = self.overdue = False
        self.msg_id, self.noop_id = context.draw_id(), context.draw_id()
        yield SendDigits(self.msg_id, self.noop_id, self.digits, leg=context.other_leg)
        yield StartTimer(self.timer, keys_s(self.digits))

    def _end(self) -> Commands:
        yield CancelTimer(self.timer)
        self.result = GoOn()
