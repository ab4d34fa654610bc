"""When the events of a simulated switch are told: at once, or as late as its behaviour has it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from pivot.model.events import Event
from pivot.sim.behaviour import Ending, SwitchBehaviour


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """Time that may be real or virtual; an asyncio loop is one."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Handle: ...


class EventPublisher:
    """Tells what happened on one switch.

    Args:
        clock: what lateness is measured by.
        emit: is given every event with the Call-ID of the leg it is about.
        behaviour: how late events are, and in which order they come.
    """

    def __init__(self, clock: Clock, emit: Callable[[str, Event], None], behaviour: SwitchBehaviour) -> None:
        self.behaviour = behaviour
        self._clock = clock
        self._emit = emit
        self._random = None if behaviour.seed is None else Random(behaviour.seed)
        self._hang_ups = 0

    def tell(self, call_id: str, event: Event, after_s: float = 0.0) -> None:
        """This event, so many seconds from now and as much later as it is overtaken."""
        late_s = after_s + self.up_to(self.behaviour.overtake_s, drawn_only=True)
        if late_s <= 0.0:
            self._emit(call_id, event)
        else:
            self._clock.call_later(late_s, self._emit, call_id, event)

    def ending(self) -> Ending:
        """How the next hang-up is told."""
        known = self.behaviour.endings
        if self._random is None:
            self._hang_ups += 1
            return known[(self._hang_ups - 1) % len(known)]
        if self._random.random() < 0.5:
            return self._random.choice(known)
        parts = [self._random.uniform(0.0, self.behaviour.ending_spread_s) for _ in range(4)]
        return Ending(*parts)

    def up_to(self, limit_s: float, *, drawn_only: bool = False) -> float:
        """Seconds between 0 and the limit that are drawn; without a seed the limit itself, or nothing."""
        if self._random is None:
            return 0.0 if drawn_only else limit_s
        return self._random.uniform(0.0, limit_s)
