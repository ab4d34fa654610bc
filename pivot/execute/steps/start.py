"""Start: something begins beside the call, and the document goes on at once."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.dialling.call_recording import CallRecording
from pivot.execute.side.listener import Listener
from pivot.execute.side.recording import SideRecording
from pivot.execute.side.task import begin
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import GoOn, Result
from pivot.execute.streams import NO_GATEWAY, Stream
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.dialling import LegFailed, LegPrepared
from pivot.model.events import CommandFailed, Event, TimerFired
from pivot.model.instructions import RecordingNoun, SiprecNoun, StartVerb, StreamNoun, TranscriptionNoun
from pivot.model.notes import Unsupported
from pivot.model.plain import plain

_PREPARING_S = 1.0
"""How long the next verb waits for the gateway to be rung, so that the gateway misses little of it."""
_MOST_AT_ONCE = 20
"""Of one call: each costs a file on the media server or a call to the gateway."""


@plain
@dataclass(slots=True)
class StartStep:
    """Waits for nobody, but shortly for the switch to have heard of a gateway."""

    verb: StartVerb
    msg_id: str = ""
    """Of the command that prepares the gateway's leg."""
    timer: str = ""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        if len(context.state.side) >= _MOST_AT_ONCE:
            yield context.fault(f"{_MOST_AT_ONCE} things go on beside this call already; not begun", None)
            self.result = GoOn()
            return
        match self.verb.noun:
            case RecordingNoun() as noun:
                yield from context.pick_up()
                yield from begin(SideRecording(CallRecording.of_start(noun, context)), context)
                self.result = GoOn()
            case StreamNoun() | TranscriptionNoun() as noun:
                yield from self._listen(noun, context)
            case SiprecNoun():
                yield Unsupported("Start Siprec", "the bus has no SIPREC client")
                self.result = GoOn()

    def _listen(self, noun: StreamNoun | TranscriptionNoun, context: StepContext) -> Commands:
        stream = Stream.of(noun, context)
        if not context.rules.stream_gateway:
            yield Unsupported(f"Start {stream.word}", NO_GATEWAY)
            self.result = GoOn()
            return
        yield from context.pick_up()
        if noun.track != "both_tracks":
            yield context.warn(f"the gateway hears both sides mixed, not {noun.track} alone", None)
        listener = Listener(stream)
        yield from begin(listener, context)
        self.msg_id, self.timer = listener.msg_id, f"start {listener.msg_id}"
        yield StartTimer(self.timer, _PREPARING_S)

    def receive(self, event: Event, context: StepContext) -> Commands:
        match event:
            case LegPrepared(msg_id=msg_id) | LegFailed(msg_id=msg_id) | CommandFailed(msg_id=msg_id) if (
                msg_id == self.msg_id
            ):
                yield CancelTimer(self.timer)
                self.result = GoOn()
            case TimerFired(name) if name == self.timer:
                self.result = GoOn()

    def stop(self, context: StepContext) -> Commands:
        if self.timer:
            yield CancelTimer(self.timer)
