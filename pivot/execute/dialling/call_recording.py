"""A recording of both sides of a call, beside whatever goes on."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.document_request import Texts
from pivot.execute.recordings import (
    Recording,
    begin_recording,
    file_url,
    is_event_of,
    lose_recording,
    recording_parameters,
)
from pivot.execute.step_context import Course, Line
from pivot.model.dialling import StartRecording, StopRecording
from pivot.model.events import CommandFailed, Event, RecordingStopped
from pivot.model.instructions import ConferenceNoun, DialVerb, RecordingNoun
from pivot.model.plain import plain

_LONGEST_S = 86_400.0


@plain
@dataclass(slots=True)
class Tape:
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
    def of_dial(cls, verb: DialVerb, line: Line) -> Tape:
        """As a Dial wants it."""
        return cls(
            Recording(
                key := line.draw_id(),
                line.leg,
                "DialVerb",
                file_url(key, _place(verb.action or "", line), line),
                line.resolved(verb.recording_status),
                channels=2 if verb.record_dual else 1,
                track=verb.recording_track,
            )
        )

    @classmethod
    def of_start(cls, noun: RecordingNoun, line: Line) -> Tape:
        """As a Start wants it."""
        return cls(
            Recording(
                key := line.draw_id(),
                line.leg,
                "StartCallRecordingTwiML",
                file_url(key, _place("", line), line),
                line.resolved(noun.status),
                channels=2 if noun.dual else 1,
                track=noun.track,
            ),
            label=noun.name or "",
        )

    @classmethod
    def of_conference(cls, noun: ConferenceNoun, conference_sid: str, line: Line) -> Tape:
        """What this member says and hears, which is the whole conference."""
        key = line.draw_id()
        url, status = file_url(key, _place("", line), line), line.resolved(noun.recording_status)
        return cls(Recording(key, line.leg, "Conference", url, status, conference_sid=conference_sid))

    def start(self, line: Line) -> Course:
        self.began_s = line.at_s
        begin_recording(self.recording, line)
        self.msg_id = line.draw_id()
        yield StartRecording(
            self.msg_id,
            self.recording.name,
            self.recording.key,
            _LONGEST_S,
            stereo=self.recording.channels == 2,
            leg=line.other_leg,
            label=self.label,
        )

    def receive(self, event: Event, line: Line) -> Course:
        """See whether the switch refuses it."""
        match event:
            case RecordingStopped() if is_event_of(self.recording.key, event):
                self.recording.length_s = event.length_s
            case CommandFailed(message=message, msg_id=msg_id) if msg_id == self.msg_id:
                self.stopped = self.refused = True
                yield line.fault(f"the switch does not record: {message}", None)
                yield from lose_recording(self.recording, line)

    def stop(self, line: Line) -> Course:
        if not self.stopped:
            self.stopped = True
            self.recording.length_s = line.at_s - self.began_s
            yield StopRecording(line.draw_id(), self.recording.name, line.other_leg, self.label)

    def parameters(self, line: Line) -> Texts:
        """What an action is told of it."""
        if self.refused:
            return ()
        self.recording.length_s = self.recording.length_s or line.at_s - self.began_s
        return recording_parameters(self.recording, line)


def _place(written: str, line: Line) -> str:
    """Where the operator wants recordings, else below a URL of the document."""
    return line.rules.recordings_url or line.resolve(written)
