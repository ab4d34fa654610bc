"""Whether a talk goes on whose end may have been told while nobody heard it.

Two events tell the end of a bridged talk, and a broken connection to the broker loses both. Then the call
would be silent up to the Dial's `timeLimit`. So each time when nothing was heard for long and the caller's
channel is found alive (`ChannelFound`, at growing intervals), the switch is asked after the other leg. A leg
that is not there is no proof: the switch may have put another in its place. The proof is a `noop` behind the
bridge, which the switch completes when the bridge is over and not before.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import ChannelFound, Event, Executed, TimerFired
from pivot.model.plain import plain
from pivot.model.switch import AskChannel, AskIdle

_ANSWER_S = 5.0
_TRIES = 2
"""An answer can be lost; the second one is not."""


@plain
@dataclass(slots=True)
class TalkWatch:
    """`over` is set when the talk is over. `leg` is the other one, empty when it is not known."""

    joined: bool = False
    """The legs were joined by `connect_leg`, which holds the caller's queue even when it is over: no `noop`
    can be asked, and a leg that is gone must do."""
    timer: str = ""
    """Set while an answer is waited for."""
    unanswered: int = 0
    misses: int = 0
    """How often the leg was not found."""
    idle_id: str = ""
    over: bool = False

    def receive(self, event: Event, leg: str, context: StepContext) -> Commands:
        """What to ask next; nothing is asked while no `ChannelFound` of the caller comes."""
        match event:
            case _ if self.over:
                return
            case ChannelFound(call_id) if call_id == context.leg and not self.timer:
                yield from self.ask(leg, context)
            case ChannelFound(call_id) if call_id == leg:
                self.misses = 0
                yield from self.stop()
            case TimerFired(name) if name == self.timer and self.timer:
                yield from self._ask(leg, context)
            case Executed(call_id, "noop", noop_id) if call_id == context.leg and self._is_own(noop_id):
                self.over = True
                yield from self.stop()

    def ask(self, leg: str, context: StepContext) -> Commands:
        """Whether it goes on, now."""
        self.timer = f"talk {context.draw_id()}"
        yield from self._ask(leg, context)

    def stop(self) -> Commands:
        """No answer is waited for any more."""
        if self.timer:
            yield CancelTimer(self.timer)
        self.timer, self.unanswered = "", 0

    def _is_own(self, noop_id: str | None) -> bool:
        return bool(self.idle_id) and noop_id == self.idle_id

    def _ask(self, leg: str, context: StepContext) -> Commands:
        if leg and self.unanswered < _TRIES:
            self.unanswered += 1
            yield AskChannel(context.draw_id(), leg)
            yield StartTimer(self.timer, _ANSWER_S)
            return
        self.timer, self.unanswered = "", 0
        self.misses += 1
        if self.joined:
            self.over = bool(leg)
        elif self.misses & (self.misses - 1) == 0:
            # Each waits behind the bridge, so there are few: after 1, 2, 4, 8 misses.
            self.idle_id = context.draw_id()
            yield AskIdle(self.idle_id)
