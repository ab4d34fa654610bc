"""Connect: the caller talks with a WebSocket, through a gateway, until somebody ends it."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.dialling.attempt import Wishes
from pivot.execute.dialling.bridge import BridgeAttempt
from pivot.execute.dialling.caller_id import as_called
from pivot.execute.document_request import Texts
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, GoOn, Result
from pivot.execute.streams import NO_GATEWAY, RINGS_S, Stream
from pivot.model.events import ChannelDestroyed, Event
from pivot.model.instructions import ConnectVerb, RelayNoun
from pivot.model.notes import Unsupported
from pivot.model.plain import plain

_NEAREST_S = 0.5


@plain
@dataclass(slots=True)
class ConnectStep:
    """The gateway is bridged like a party of a Dial; its end, or the caller's, leads to the action."""

    verb: ConnectVerb
    stream: Stream | None = None
    attempt: BridgeAttempt | None = None
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        if self.verb.noun is None:
            self._decide("failed", context)
            return
        self.stream = Stream.of(self.verb.noun, context)
        if not context.rules.stream_gateway:
            yield Unsupported(f"Connect {self.stream.word}", NO_GATEWAY)
            self._decide("failed", context)
            return
        yield from context.pick_up()
        party = self.stream.party(context, both_ways=True)
        # What goes on beside the call hears it on the switch, now or later.
        self.attempt = BridgeAttempt([party], Wishes(RINGS_S, as_called(context), process_media=True))
        yield from self.attempt.start(context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        attempt, stream = self.attempt, self.stream
        if attempt is None or stream is None:
            return
        if isinstance(event, ChannelDestroyed) and event.call_id == context.leg:
            yield from attempt.stop(context)
            yield from stream.ended(context)
            self._decide("completed", context)
            return
        yield from attempt.receive(event, context)
        if attempt.bridged and stream.started_at_s is None:
            yield from stream.started(context)
        if not attempt.done:
            return
        if stream.started_at_s is None:
            yield from stream.failed(attempt.parties[0].cause or "no answer", context)
            self._decide("failed", context)
        else:
            yield from stream.ended(context)
            self._decide("ended", context)

    def stop(self, context: StepContext) -> Commands:
        if self.attempt is not None and self.stream is not None and not self.attempt.done:
            yield from self.attempt.stop(context)
            yield from self.stream.ended(context)

    def _decide(self, status: str, context: StepContext) -> None:
        if self.verb.action is None:
            self.result = GoOn()
        else:
            told = self._told(status, context)
            self.result = AskFor(self.verb.action, self.verb.method, told, outlives_caller=True)

    def _told(self, status: str, context: StepContext) -> Texts:
        """A relay's action is told of its session."""
        stream = self.stream
        if stream is None or not isinstance(stream.noun, RelayNoun):
            return ()
        began_s = context.at_s if stream.started_at_s is None else stream.started_at_s
        return (
            ("SessionId", stream.sid),
            ("SessionStatus", status),
            ("SessionDuration", str(int(context.at_s - began_s + _NEAREST_S))),
        )
