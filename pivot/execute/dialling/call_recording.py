"""A recording of both sides of a call, beside whatever goes on."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.call_data import Recording
from pivot.execute.document_request import Texts
from pivot.execute.recordings import (
    begin_recording,
    file_url,
    is_event_of,
    lose_recording,
    recording_parameters,
)
from pivot.execute.step_context import Commands, StepContext
from pivot.model.dialling import StartRecording, StopRecording
from pivot.model.events import CommandFailed, Event, RecordingStopped
from pivot.model.instructions import ConferenceNoun, DialVerb, RecordingNoun
from pivot.model.plain import plain

_LONGEST_S = 86_400.0


@plain
@dataclass(slots=True)
class CallRecording:
    """One recording that a verb has begun and may stop."""

    recording: Recording
    began_s: float = 0.0
    label: str = ""
    stopped: bool = False
    msg_id: str = ""
    """Of the command that begins it."""
    refused: bool = False
    """The switch does not record: there is and will be no file."""

    @classmethod
    def of_dial(cls, verb: DialVerb, context: StepContext) -> CallRecording:
        """As a Dial wants it."""
        return cls(
            Recording(
                key := context.draw_id(),
                context.leg,
                "DialVerb",
                file_url(key, _place(verb.action or "", context), context),
                context.resolved(verb.recording_status),
                channels=2 if verb.record_dual else 1,
                track=verb.recording_track,
            )
        )

    @classmethod
    def of_start(cls, noun: RecordingNoun, context: StepContext) -> CallRecording:
        """As a Start wants it."""
        return cls(
            Recording(
                key := context.draw_id(),
                context.leg,
                "StartCallRecordingTwiML",
                file_url(key, _place("", context), context),
                context.resolved(noun.status),
                channels=2 if noun.dual else 1,
                track=noun.track,
            ),
            label=noun.name or "",
        )

    @classmethod
    def of_conference(cls, noun: ConferenceNoun, conference_sid: str, context: StepContext) -> CallRecording:
        """What this member says and hears, which is the whole conference."""
        key = context.draw_id()
        url, status = file_url(key, _place("", context), context), context.resolved(noun.recording_status)
        return cls(Recording(key, context.leg, "Conference", url, status, conference_sid=conference_sid))

    def start(self, context: StepContext) -> Commands:
        """Begin to record the leg, for at most `_LONGEST_S` seconds."""
        self.began_s = context.at_s
        begin_recording(self.recording, context)
        self.msg_id = context.draw_id()
        yield StartRecording(
            self.msg_id,
            self.recording.name,
            self.recording.key,
            _LONGEST_S,
            stereo=self.recording.channels == 2,
            leg=context.other_leg,
            label=self.label,
        )

    def receive(self, event: Event, context: StepContext) -> Commands:
        """See whether the switch refuses it."""
        match event:
            case RecordingStopped() if is_event_of(self.recording.key, event):
                self.recording.length_s = event.length_s
            case CommandFailed(message=message, msg_id=msg_id) if msg_id == self.msg_id:
                self.stopped = self.refused = True
                yield context.fault(f"the switch does not record: {message}", None)
                yield from lose_recording(self.recording, context)

    def stop(self, context: StepContext) -> Commands:
        """End the recording and note its length in seconds; nothing happens the second time."""
        if not self.stopped:
            self.stopped = True
            self.recording.length_s = context.at_s - self.began_s
            yield StopRecording(context.draw_id(), self.recording.name, context.other_leg, self.label)

    def parameters(self, context: StepContext) -> Texts:
        """What an action is told of it."""
        if self.refused:
            return ()
        self.recording.length_s = self.recording.length_s or context.at_s - self.began_s
        return recording_parameters(self.recording, context)


def _place(written: str, context: StepContext) -> str:
    """Where the operator wants recordings, else below a URL of the document."""
    return context.rules.recordings_url or context.resolve(written)
