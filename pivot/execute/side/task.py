"""Something that goes on beside the call's documents, and the list of those of one call.

Each belongs to the call and not to a document: documents come and go meanwhile. A Stop finds it by its kind
and name. With the caller's channel it is over, whatever it was.
"""

from __future__ import annotations

from pivot.execute.state import Task
from pivot.execute.step_context import Commands, StepContext
from pivot.model.events import Event
from pivot.model.instructions import SideTask


def begin(task: Task, context: StepContext) -> Commands:
    """From now on it goes on beside the call."""
    context.state.side.append(task)
    yield from task.start(context)


def latest(kind: SideTask, name: str | None, context: StepContext) -> Task | None:
    """The task of this kind and name that was begun last; `name` None: whatever its name is."""
    found = (task for task in reversed(context.state.side) if task.kind is kind and name in (None, task.name))
    return next(found, None)


def receive(event: Event, context: StepContext) -> Commands:
    """What the tasks of this call do because of `event`."""
    for task in tuple(context.state.side):
        yield from task.receive(event, context)
    _forget_done(context)


def stop(task: Task, context: StepContext) -> Commands:
    """End one of them."""
    yield from task.stop(context)
    _forget_done(context)


def stop_all(context: StepContext) -> Commands:
    """The call is no longer ours: nothing of it may go on."""
    for task in tuple(context.state.side):
        yield from task.stop(context)
    context.state.side = []


def _forget_done(context: StepContext) -> None:
    context.state.side = [task for task in context.state.side if not task.done]
