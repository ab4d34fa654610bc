"""Pay: not done, by choice, and told as failed. Card data would cross the bus in clear."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, GoOn, Result
from pivot.model.events import Event
from pivot.model.instructions import PayVerb
from pivot.model.notes import Unsupported
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class PayStep:
    """Pay: not done, and told as failed."""

    verb: PayVerb
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        yield Unsupported("Pay", "card data are not collected over the bus")
        if self.verb.action is None:
            self.result = GoOn()
        else:
            self.result = AskFor(self.verb.action, self.verb.method, (("Result", "internal-error"),))

    def receive(self, event: Event, context: StepContext) -> Commands:
        return iter(())

    def stop(self, context: StepContext) -> Commands:
        return iter(())
