"""Record: the caller speaks into a file."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.call_data import Recording
from pivot.execute.recordings import (
    FILE_WAIT_S,
    begin_recording,
    file_url,
    is_event_of,
    is_filed,
    lose_recording,
    recording_parameters,
)
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, GoOn, Linger, Result
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import (
    ChannelDestroyed,
    ChannelFound,
    CommandFailed,
    Event,
    Executed,
    RecordingStarted,
    RecordingStopped,
    TimerFired,
)
from pivot.model.instructions import RecordVerb
from pivot.model.notes import Unsupported
from pivot.model.plain import plain
from pivot.model.switch import AskIdle, Beep, RecordLeg, StopMedia

_HANGUP_FOLLOWS_S = 2.0
"""A recording that ended for no other reason has ended with its channel, whose own event is still to come."""
_SHORTEST_WORD_S = 0.25
"""A silence that ended a recording is as long as was allowed, and the recording longer by what was said."""
_CUT_SHORT_S = 0.1
"""A switch that stops at the limit may have recorded some milliseconds less, usually up to a second more.

Source: measured with FreeSWITCH 1.10.
"""


@plain
@dataclass(slots=True)
class RecordStep:
    """Ends by a key, by silence, by its limit or with the call; then the action is requested.

    Silence alone is no recording: then the next verb's turn comes. Source: kzt_twiml.erl, record_call.
    Differs: Kazoo counts whole seconds, and loses a word in the first one.
    """

    verb: RecordVerb
    recording: Recording | None = None
    msg_id: str = ""
    timer: str = ""
    began_s: float = 0.0
    stopped: bool = False
    filing: bool = False
    """The recording has ended, and its file is on its way."""
    digits: str | None = None
    """What the action is told of its end."""
    idle_id: str = ""
    """Of the question whether the switch still records."""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        yield from context.pick_up()
        if self.verb.transcribe:
            yield Unsupported("Record transcribe", "no transcription is connected; nobody is called back")
        key, self.msg_id = context.draw_id(), context.draw_id()
        self.recording = Recording(
            key,
            context.leg,
            "RecordVerb",
            file_url(key, _place(self.verb, context), context),
            context.resolved(self.verb.status),
        )
        begin_recording(self.recording, context)
        if self.verb.play_beep:
            yield Beep(context.draw_id(), leg=context.other_leg)
        self.began_s = context.at_s
        yield RecordLeg(
            self.msg_id,
            self.recording.name,
            self.verb.finish_on_keys,
            self.verb.max_length_s,
            self.verb.timeout_s,
            context.other_leg,
        )

    def receive(self, event: Event, context: StepContext) -> Commands:
        recording = self.recording
        assert recording is not None
        if self.filing:
            yield from self._file(event, recording, context)
            return
        match event:
            case RecordingStarted() if is_event_of(recording.key, event):
                self.began_s = context.at_s
            case RecordingStopped(call_id=call_id) if call_id == context.leg and is_event_of(
                recording.key, event
            ):
                if not self.stopped:  # the bus may deliver the same end twice
                    yield from self._ended(event, recording, context)
            case ChannelDestroyed(call_id) if call_id == context.leg:
                if not self.stopped:
                    recording.length_s = max(0.0, context.at_s - self.began_s)
                self.digits, self.filing, self.result = "hangup", True, Linger()
            case ChannelFound() if not self.stopped:
                self.idle_id = context.draw_id()
                yield AskIdle(self.idle_id, context.other_leg)
            case Executed(call_id, response=noop_id) if (
                call_id == context.leg and self.idle_id and noop_id == self.idle_id and not self.stopped
            ):
                self.timer = f"record {context.draw_id()}"
                yield StartTimer(self.timer, _HANGUP_FOLLOWS_S)
            case TimerFired(name) if name == self.timer and not self.stopped:
                yield from lose_recording(recording, context)
                yield context.fault("the switch does not tell what it has recorded", None)
                self.result = GoOn()
            case TimerFired(name) if name == self.timer:
                yield from self._await_file(recording, None, event, context)
            case CommandFailed(message=message, msg_id=msg_id) if msg_id == self.msg_id:
                if self.timer:
                    yield CancelTimer(self.timer)
                yield from lose_recording(recording, context)
                yield context.fault(f"the switch does not record: {message}", None)
                self.result = GoOn()

    def stop(self, context: StepContext) -> Commands:
        yield CancelTimer(self.timer)
        if isinstance(self.result, Linger):
            assert self.recording is not None
            self._tell(self.recording, context)
        elif not self.stopped:
            yield StopMedia(context.draw_id(), context.other_leg)

    def _ended(self, event: RecordingStopped, recording: Recording, context: StepContext) -> Commands:
        self.stopped = True
        if self.timer:
            yield CancelTimer(self.timer)
        recording.length_s = event.length_s
        by_limit = event.length_s >= self.verb.max_length_s - _CUT_SHORT_S
        if event.by_silence and event.length_s <= self.verb.timeout_s + _SHORTEST_WORD_S:
            yield from lose_recording(recording, context)
            context.take_typed()
            self.result = GoOn()
        elif event.terminator or event.by_silence or by_limit:
            yield from self._await_file(recording, event.terminator, event, context)
        else:
            self.timer = f"record {context.draw_id()}"
            yield StartTimer(self.timer, _HANGUP_FOLLOWS_S)

    def _await_file(
        self, recording: Recording, digits: str | None, event: Event, context: StepContext
    ) -> Commands:
        """The action hears of the file when it is there."""
        self.digits, self.filing = digits, True
        if is_filed(recording.key, event, context):
            self._tell(recording, context)
        else:
            self.timer = f"file {context.draw_id()}"
            yield StartTimer(self.timer, FILE_WAIT_S)

    def _file(self, event: Event, recording: Recording, context: StepContext) -> Commands:
        match event:
            case RecordingStopped() if not self.stopped and is_event_of(recording.key, event):
                self.stopped, recording.length_s = True, event.length_s
            case ChannelDestroyed(call_id) if call_id == context.leg:
                self.result = Linger()
        if event == TimerFired(self.timer) or is_filed(recording.key, event, context):
            yield CancelTimer(self.timer)
            self._tell(recording, context)

    def _tell(self, recording: Recording, context: StepContext) -> None:
        context.take_typed()
        parameters = recording_parameters(recording, context)
        if self.digits:
            parameters = (*parameters, ("Digits", self.digits))
        self.result = AskFor(self.verb.action, self.verb.method, parameters, outlives_caller=True)


def _place(verb: RecordVerb, context: StepContext) -> str:
    """What the document or the operator says, else below the action."""
    if verb.upload_url or not context.rules.recordings_url:
        return context.resolve(verb.upload_url or verb.action)
    return context.rules.recordings_url
