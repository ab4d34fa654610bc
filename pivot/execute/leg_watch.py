"""Whether somebody else's leg still exists, when nobody is left who would tell of its end.

Its events are bound, and the switch is asked after it from time to time: its end may have come before.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.model.commands import BindCall, CancelTimer, StartTimer, UnbindCall
from pivot.model.dialling import LegsParted
from pivot.model.events import ChannelDestroyed, ChannelFound, Event, TimerFired
from pivot.model.plain import plain
from pivot.model.switch import AskChannel

_ASK_S = 5.0
_SILENT_TIMES = 2
"""An answer can be lost; the second one is not."""


@plain
@dataclass(slots=True)
class LegWatch:
    """`over` is set when the leg is gone, or hears no other leg any more."""

    leg: str
    timer: str = ""
    silent: int = 0
    """Questions in a row that have no answer."""
    over: bool = False

    def start(self, context: StepContext) -> Commands:
        """Bind the leg's events, and ask the switch whether the leg exists."""
        self.timer = f"leg {context.draw_id()}"
        yield BindCall(self.leg)
        yield from self._ask(context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        """Ask again while the switch is silent; set `over` when the leg has ended."""
        match event:
            case ChannelDestroyed(call_id) | LegsParted(call_id) if call_id == self.leg:
                self.over = True
            case ChannelFound(call_id) if call_id == self.leg:
                self.silent = 0
            case TimerFired(name) if name == self.timer and self.silent >= _SILENT_TIMES:
                self.over = True
            case TimerFired(name) if name == self.timer:
                yield from self._ask(context)

    def stop(self) -> Commands:
        """Stop asking and unbind the leg's events."""
        yield CancelTimer(self.timer)
        yield UnbindCall(self.leg)

    def _ask(self, context: StepContext) -> Commands:
        self.silent += 1
        yield AskChannel(context.draw_id(), self.leg)
        yield StartTimer(self.timer, _ASK_S)
