"""Recordings of a call, from the beginning until the file is stored, for all verbs that record.

They outlive their verb: the next one runs while the media server still puts the file to its URL, and the
caller may be gone by then. The URL that applications are told is where the file will be.
"""

from __future__ import annotations

from pivot.execute.call_data import Recording
from pivot.execute.ids import call_sid, sid
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.times import whole_seconds
from pivot.model.call import Method
from pivot.model.events import Event, FileSent, RecordingStarted, RecordingStopped
from pivot.model.switch import SendFile

_COMPLETED = "completed"
FILE_WAIT_S = 2.0
"""How long a caller who is there waits for a file to lie where it belongs."""


def recording_parameters(recording: Recording, context: StepContext) -> tuple[tuple[str, str], ...]:
    """What a verb's own request is told of its recording."""
    parameters = _parameters(recording, context)
    return parameters if context.profile.recordings_have_sid else parameters[:2]


def _parameters(recording: Recording, context: StepContext) -> tuple[tuple[str, str], ...]:
    return (
        ("RecordingUrl", recording.url),
        ("RecordingDuration", str(whole_seconds(recording.length_s))),
        ("RecordingSid", sid(context.profile, "RE", recording.key)),
    )


def file_url(key: str, place: str, context: StepContext) -> str:
    """Where the file of this key is put and fetched, under a place that is an absolute URL."""
    path, mark, query = place.partition("#")[0].partition("?")
    return f"{path.rstrip('/')}/{key}.{context.rules.recording_extension}{mark}{query}"


def begin_recording(recording: Recording, context: StepContext) -> None:
    """From now on events are watched for it."""
    recording.extension = context.rules.recording_extension
    context.state.recordings.append(recording)


def drop_recording(recording: Recording, context: StepContext) -> None:
    """Nobody wants it: it is not sent anywhere, and nobody is told."""
    context.state.recordings = [each for each in context.state.recordings if each.key != recording.key]


def lose_recording(recording: Recording, context: StepContext) -> Commands:
    """There is and will be no file; who waits for it is told."""
    drop_recording(recording, context)
    yield from _tell(recording, "absent", context)


def receive(event: Event, context: StepContext) -> Commands:
    """What the recordings of this call do because of `event`."""
    for recording in context.state.recordings:
        match event:
            case RecordingStarted(call_id, path) if (
                _is_of(recording, call_id, path) and not recording.started
            ):
                recording.started = True
                recording.began = dict(context.timestamp()).get("Timestamp", "")
                yield from _tell(recording, "in-progress", context)
            case RecordingStopped() if _is_of(recording, event.call_id, event.path):
                yield from _stopped(recording, event, context)
            case FileSent(msg_id, ok) if msg_id == recording.upload_id:
                recording.done = True
                yield from _tell(recording, _COMPLETED if ok else "absent", context)
    context.state.recordings = [each for each in context.state.recordings if not each.done]


def is_event_of(recording_key: str, event: RecordingStopped | RecordingStarted) -> bool:
    """Whether an event is about the recording of this key; an old switch names no file."""
    return not event.path or recording_key in event.path


def is_filed(recording_key: str, event: Event, context: StepContext) -> bool:
    """Whether the file of this key lies at its URL, or never will, when `event` has happened.

    Until then a server that is told the URL would find nothing there: the media server puts the file some
    20 to 70 ms after the recording's end.
    """
    recording = next((each for each in context.state.recordings if each.key == recording_key), None)
    match event:
        case FileSent(msg_id) if recording is not None:
            return bool(recording.upload_id) and msg_id == recording.upload_id
        case RecordingStopped() if recording is not None:
            return not event.path and is_event_of(recording_key, event)
    return recording is None


def _is_of(recording: Recording, call_id: str, path: str) -> bool:
    return recording.key in path if path else (recording.leg == call_id and not recording.upload_id)


def _stopped(recording: Recording, event: RecordingStopped, context: StepContext) -> Commands:
    recording.length_s = event.length_s
    if event.path:
        recording.upload_id = context.draw_id()
        yield SendFile(recording.upload_id, event.path, recording.url, event.node)
    else:
        recording.done = True
        yield from _tell(recording, _COMPLETED, context)


def _tell(recording: Recording, word: str, context: StepContext) -> Commands:
    status = recording.status
    if status is None or word not in (status.events or (_COMPLETED,)):
        return
    told = (
        ("RecordingStatus", word),
        *_parameters(recording, context),
        ("RecordingChannels", str(recording.channels)),
        *((("RecordingStartTime", recording.began),) if recording.began else ()),
        ("RecordingSource", recording.source),
        ("RecordingTrack", recording.track),
        ("CallSid", call_sid(context.profile, recording.leg)),
        *((("ConferenceSid", recording.conference_sid),) if recording.conference_sid else ()),
    )
    yield from context.notify(status.url, status.method or Method.POST, told)
