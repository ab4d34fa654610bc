"""A recording of the call, beside whatever it does.

Its file goes its own way when it has ended: see `recordings.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.dialling.call_recording import Tape
from pivot.execute.recordings import is_event_of
from pivot.execute.step_context import Course, Line
from pivot.model.events import ChannelDestroyed, Event, RecordingStopped
from pivot.model.instructions import SideTask
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class SideRecording:
    tape: Tape
    done: bool = False

    @property
    def kind(self) -> SideTask:
        return SideTask.RECORDING

    @property
    def name(self) -> str:
        return self.tape.label

    def start(self, line: Line) -> Course:
        yield from self.tape.start(line)

    def receive(self, event: Event, line: Line) -> Course:
        match event:
            case RecordingStopped() if is_event_of(self.tape.recording.key, event):
                self.done = True
            case ChannelDestroyed(call_id) if call_id == self.tape.recording.leg:
                self.done = True
            case _:
                yield from self.tape.receive(event, line)
                self.done = self.tape.refused

    def stop(self, line: Line) -> Course:
        self.done = True
        yield from self.tape.stop(line)
