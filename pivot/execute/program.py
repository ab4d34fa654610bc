"""A document at work on one leg: its instructions, one step at a time."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, Step, StepContext
from pivot.execute.step_result import AskFor, Finish, GoOn, Linger, Result
from pivot.model.events import Event
from pivot.model.instructions import GatherVerb, Instruction, SayVerb
from pivot.model.plain import plain
from pivot.model.speech import PrepareSpeech


@plain
@dataclass(slots=True)
class Program:
    """Runs instructions in order until one of them ends the document, or all are done.

    The caller's document is one; so are a whisper for a dialled party and music for somebody who waits.
    """

    leg: str
    base_url: str
    instructions: tuple[Instruction, ...]
    position: int = 0
    """Of the next instruction."""
    step: Step | None = None
    result: Result | None = None
    """Set when the document is over: `AskFor` or `Finish`."""

    @property
    def verb(self) -> str:
        """The name of the verb at work, or of the last one that was: `Gather`."""
        started = self.instructions[: self.position][-1:]
        return type(started[0]).__name__.removesuffix("Verb") if started else ""

    def start(self, context: StepContext) -> Commands:
        """Begin the first instruction."""
        yield from self._advance(context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        """Give the event to the running step, and begin the next when the step has a result."""
        if self.step is not None:
            yield from self.step.receive(event, context)
            yield from self._advance(context)

    def stop(self, context: StepContext) -> Commands:
        """Nothing of this document may go on."""
        if self.step is not None:
            yield from self.step.stop(context)
            self.step = None

    def part(self, event: Event, context: StepContext, *, patient: bool = True) -> Commands:
        """The leg is gone: the step may have a last word or question; nothing further is started.

        A step that lingers sees what comes after the leg's end, too, until it has another result or, when we
        are not patient any more, is stopped.
        """
        step = self.step
        if step is None:
            return
        yield from step.receive(event, context)
        if isinstance(step.result, Linger) and patient:
            return
        yield from step.stop(context)
        self.step = None
        self.result = step.result if isinstance(step.result, AskFor) else None

    def _prepare_next(self) -> Commands:
        """What is synthesised is begun while the step before it runs, so that no silence comes between."""
        following = self.instructions[self.position] if self.position < len(self.instructions) else None
        if isinstance(following, GatherVerb) and following.prompts:
            following = following.prompts[0]
        if isinstance(following, SayVerb) and following.wish is not None:
            yield PrepareSpeech(following.wish)

    def _advance(self, context: StepContext) -> Commands:
        """Start steps as long as the running one is over at once."""
        while self.result is None:
            if self.step is not None:
                if self.step.result is None:
                    return
                if not isinstance(self.step.result, GoOn):
                    self.result = self.step.result
                self.step = None
            elif self.position == len(self.instructions):
                self.result = Finish(asked=False)
            else:
                self.step = context.step_for(self.instructions[self.position])
                self.position += 1
                yield from self.step.start(context)
                if self.step.result is None:
                    yield from self._prepare_next()
