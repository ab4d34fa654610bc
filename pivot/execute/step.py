"""One running instruction: a small object whose state is plain fields.

A step begins with `start`, sees every event of its call in `receive`, and is over when `result` is set.
`stop` takes back what is under way when something else ends it: no timer and no sound outlives its step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pivot.execute.line import Course, Line
from pivot.model.call import Method
from pivot.model.events import Event
from pivot.model.plain import plain


@plain
@dataclass(frozen=True, slots=True)
class GoOn:
    """The next instruction's turn."""


@plain
@dataclass(frozen=True, slots=True)
class AskFor:
    """Another document takes this one's place."""

    url: str
    """As written in the document."""
    method: Method = Method.POST
    parameters: tuple[tuple[str, str], ...] = ()
    """What the verb adds to its request."""


@plain
@dataclass(frozen=True, slots=True)
class Finish:
    """The document is over."""

    cause: str | None = None
    """Hang-up cause; None: the switch's normal one."""
    hang_up: bool = True
    """False: the call ends by itself."""
    asked: bool = True
    """False: no verb asked for it, nothing was left to do."""


Result: TypeAlias = GoOn | AskFor | Finish


class Step(Protocol):
    """A running instruction."""

    result: Result | None

    def start(self, line: Line) -> Course:
        """Begin."""

    def receive(self, event: Event, line: Line) -> Course:
        """React; events that are not for this step are ignored."""

    def stop(self, line: Line) -> Course:
        """End before the time: nothing of this step may go on."""
