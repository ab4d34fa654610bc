"""Connect: the caller talks with a WebSocket, through a gateway, until somebody ends it."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.dialling.attempt import Wishes
from pivot.execute.dialling.bridge import BridgeAttempt
from pivot.execute.dialling.caller_id import as_called
from pivot.execute.document_request import Texts
from pivot.execute.step import AskFor, GoOn, Result
from pivot.execute.step_context import Course, Line
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

    def start(self, line: Line) -> Course:
        if self.verb.noun is None:
            self._decide("failed", line)
            return
        self.stream = Stream.of(self.verb.noun, line)
        if not line.rules.stream_gateway:
            yield Unsupported(f"Connect {self.stream.word}", NO_GATEWAY)
            self._decide("failed", line)
            return
        yield from line.pick_up()
        party = self.stream.party(line, both_ways=True)
        # What goes on beside the call hears it on the switch, now or later.
        self.attempt = BridgeAttempt([party], Wishes(RINGS_S, as_called(line), process_media=True))
        yield from self.attempt.start(line)

    def receive(self, event: Event, line: Line) -> Course:
        attempt, stream = self.attempt, self.stream
        if attempt is None or stream is None:
            return
        if isinstance(event, ChannelDestroyed) and event.call_id == line.leg:
            yield from attempt.stop(line)
            yield from stream.ended(line)
            self._decide("completed", line)
            return
        yield from attempt.receive(event, line)
        if attempt.bridged and stream.started_at_s is None:
            yield from stream.started(line)
        if not attempt.done:
            return
        if stream.started_at_s is None:
            yield from stream.failed(attempt.parties[0].cause or "no answer", line)
            self._decide("failed", line)
        else:
            yield from stream.ended(line)
            self._decide("ended", line)

    def stop(self, line: Line) -> Course:
        if self.attempt is not None and self.stream is not None and not self.attempt.done:
            yield from self.attempt.stop(line)
            yield from self.stream.ended(line)

    def _decide(self, status: str, line: Line) -> None:
        if self.verb.action is None:
            self.result = GoOn()
        else:
            told = self._told(status, line)
            self.result = AskFor(self.verb.action, self.verb.method, told, outlives_caller=True)

    def _told(self, status: str, line: Line) -> Texts:
        """A relay's action is told of its session."""
        stream = self.stream
        if stream is None or not isinstance(stream.noun, RelayNoun):
            return ()
        began_s = line.at_s if stream.started_at_s is None else stream.started_at_s
        return (
            ("SessionId", stream.sid),
            ("SessionStatus", status),
            ("SessionDuration", str(int(line.at_s - began_s + _NEAREST_S))),
        )
