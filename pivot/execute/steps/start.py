"""Start: something begins beside the call, and the document goes on at once."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.dialling.tape import Tape
from pivot.execute.line import Course, Line
from pivot.execute.side.recording import SideRecording
from pivot.execute.side.task import begin
from pivot.execute.step import GoOn, Result
from pivot.model.events import Event
from pivot.model.instructions import RecordingNoun, StartVerb
from pivot.model.notes import Unsupported
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class StartStep:
    verb: StartVerb
    result: Result | None = None

    def start(self, line: Line) -> Course:
        self.result = GoOn()
        match self.verb.noun:
            case RecordingNoun() as noun:
                yield from line.pick_up()
                yield from begin(SideRecording(Tape.of_start(noun, line)), line)
            case noun:
                name = type(noun).__name__.removesuffix("Noun")
                yield Unsupported(f"Start {name}", "nothing on the bus can do it")

    def receive(self, event: Event, line: Line) -> Course:
        return iter(())

    def stop(self, line: Line) -> Course:
        return iter(())
