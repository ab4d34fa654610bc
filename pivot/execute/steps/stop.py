"""Stop: what a Start began ends."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.side.task import latest, stop
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import GoOn, Result
from pivot.model.events import Event
from pivot.model.instructions import StopVerb
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class StopStep:
    """Stop: end the latest side task of the kind and name given."""

    verb: StopVerb
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        self.result = GoOn()
        task = latest(self.verb.kind, self.verb.name, context)
        if task is not None:
            yield from stop(task, context)
            return
        named = f" called {self.verb.name!r}" if self.verb.name else ""
        yield context.warn(f"no {self.verb.kind.value}{named} is under way that Stop could end", None)

    def receive(self, event: Event, context: StepContext) -> Commands:
        return iter(())

    def stop(self, context: StepContext) -> Commands:
        return iter(())
