"""Something that goes on beside the call's documents, and the list of those of one call.

Each belongs to the call and not to a document: documents come and go meanwhile. A Stop finds it by its kind
and name. With the caller's channel it is over, whatever it was.
"""

from __future__ import annotations

from typing import Protocol

from pivot.execute.step_context import Course, Line
from pivot.model.events import Event
from pivot.model.instructions import SideTask


class Task(Protocol):
    """One of them, plain data; it is about the caller's leg."""

    done: bool
    """Nothing of it goes on."""

    @property
    def kind(self) -> SideTask: ...

    @property
    def name(self) -> str:
        """How the document names it; empty: not at all."""

    def start(self, line: Line) -> Course:
        """Begin."""

    def receive(self, event: Event, line: Line) -> Course:
        """React; events that are not for this task are ignored."""

    def stop(self, line: Line) -> Course:
        """End before the call's end."""


def begin(task: Task, line: Line) -> Course:
    """From now on it goes on beside the call."""
    line.state.side.append(task)
    yield from task.start(line)


def latest(kind: SideTask, name: str | None, line: Line) -> Task | None:
    """The task of this kind and name that was begun last; `name` None: whatever its name is."""
    found = (task for task in reversed(line.state.side) if task.kind is kind and name in (None, task.name))
    return next(found, None)


def receive(event: Event, line: Line) -> Course:
    """What the tasks of this call do because of `event`."""
    for task in tuple(line.state.side):
        yield from task.receive(event, line)
    _forget_done(line)


def stop(task: Task, line: Line) -> Course:
    """End one of them."""
    yield from task.stop(line)
    _forget_done(line)


def stop_all(line: Line) -> Course:
    """The call is no longer ours: nothing of it may go on."""
    for task in tuple(line.state.side):
        yield from task.stop(line)
    line.state.side = []


def _forget_done(line: Line) -> None:
    line.state.side = [task for task in line.state.side if not task.done]
