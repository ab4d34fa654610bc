"""A recording of the call, beside whatever it does.

Its file goes its own way when it has ended: see `recordings.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.dialling.call_recording import CallRecording
from pivot.execute.recordings import is_event_of
from pivot.execute.step_context import Commands, StepContext
from pivot.model.events import ChannelDestroyed, Event, RecordingStopped
from pivot.model.instructions import SideTask
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class SideRecording:
    """A recording that a Start began, while other verbs run."""

    call_recording: CallRecording
    done: bool = False

    @property
    def kind(self) -> SideTask:
        return SideTask.RECORDING

    @property
    def name(self) -> str:
        return self.call_recording.label

    def start(self, context: StepContext) -> Commands:
        yield from self.call_recording.start(context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        match event:
            case RecordingStopped() if is_event_of(self.call_recording.recording.key, event):
                self.done = True
            case ChannelDestroyed(call_id) if call_id == self.call_recording.recording.leg:
                self.done = True
            case _:
                yield from self.call_recording.receive(event, context)
                self.done = self.call_recording.refused

    def stop(self, context: StepContext) -> Commands:
        self.done = True
        yield from self.call_recording.stop(context)
