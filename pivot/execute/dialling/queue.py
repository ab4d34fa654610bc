"""The caller of a queue who has waited longest, instead of somebody who is rung.

The queue's owner gives it to us, at once or when the next one comes. It may hear a document first; then its
leg is joined with ours. The switch tells of the talk on our leg alone: that it begins and ends is told to the
caller by way of the owner. When both part, each goes on with its own document.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pivot.execute.after_join import empty_queue
from pivot.execute.dialling.attempt import PARTING_S, Wishes
from pivot.execute.dialling.party import DialledParty
from pivot.execute.step_context import Course, Line
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.dialling import (
    Endpoint,
    EndpointKind,
    JoinLeg,
    LegsBridged,
    LegsParted,
    PartLegs,
    RingBack,
)
from pivot.model.events import CommandFailed, Event, TimerFired
from pivot.model.instructions import Callback, QueueNoun
from pivot.model.plain import plain
from pivot.model.queues import (
    LeaveQueue,
    QueueChange,
    QueueNews,
    SayJoined,
    TakeFromQueue,
    queue_id,
)
from pivot.model.switch import StopMedia

_NOT_FOUND = "UNALLOCATED_NUMBER"


@plain
@dataclass(slots=True)
class QueueAttempt:
    """Takes one caller out of a queue."""

    parties: list[DialledParty]
    """One: the caller, whose Call-ID is known once the owner has given it to us."""
    wishes: Wishes
    queue: str = ""
    timer: str = ""
    rings: bool = False
    """Our caller hears ringing."""
    join_id: str = ""
    winner: int | None = None
    bridged: bool = False
    done: bool = False

    def start(self, line: Line) -> Course:
        noun = self.parties[0].noun
        assert isinstance(noun, QueueNoun)
        self.queue = queue_id(line.state.request.call.account_id or "", noun.name)
        self.timer = f"dial {line.draw_id()}"
        url = noun.leg.url
        announcement = None if url is None else Callback(line.resolve(url), noun.leg.method)
        yield TakeFromQueue(self.queue, noun.name, announcement)
        yield StartTimer(self.timer, self.wishes.timeout_s)
        yield from self._ring(line)

    def receive(self, event: Event, line: Line) -> Course:
        match event:
            case QueueNews(queue=queue) if queue == self.queue and not self.bridged:
                yield from self._news(event, line)
            case LegsBridged(call_id) if call_id == line.leg and self.join_id:
                self.winner, self.bridged = 0, True
                yield CancelTimer(self.timer)
                yield SayJoined(self.queue, self.parties[0].call_id)
                yield from self.parties[0].answers(line)
            case LegsParted(call_id) if call_id == line.leg and self.bridged:
                yield from self._end(line, "NORMAL_CLEARING")
            case CommandFailed(msg_id=msg_id) if msg_id is not None and msg_id == self.join_id:
                yield from self._end(line, "NORMAL_TEMPORARY_FAILURE")
            case TimerFired(name) if name == self.timer:
                yield from self._end(line, "NORMAL_TEMPORARY_FAILURE" if self.join_id else "NO_ANSWER")

    def end_talk(self, line: Line) -> Course:
        """The other one is a caller in its own right, who goes on with its own document."""
        if self.bridged and not self.done:
            yield PartLegs(line.draw_id())
            yield StartTimer(self.timer, PARTING_S)

    def stop(self, line: Line) -> Course:
        yield from self._end(line, "ORIGINATOR_CANCEL")

    def _news(self, news: QueueNews, line: Line) -> Course:
        match news.change:
            case QueueChange.UNKNOWN:
                yield line.fault("nobody ever entered a queue of this name", None)
                yield from self._end(line, _NOT_FOUND)
            case QueueChange.MATCHED:
                self._is_for(news.other)
                self.parties[0].waited_s = news.waited_s
                yield CancelTimer(self.timer)
            case QueueChange.READY if not self.join_id and news.other == self.parties[0].call_id:
                yield from self._join(line)
            case QueueChange.LOST:
                self._is_for("")
                self.join_id = ""
                yield StartTimer(self.timer, self.wishes.timeout_s)
                yield from self._ring(line)

    def _is_for(self, call_id: str) -> None:
        party = self.parties[0]
        party.call_id, party.endpoint = call_id, replace(party.endpoint, call_id=call_id)

    def _ring(self, line: Line) -> Course:
        if not self.rings:
            self.rings = True
            yield RingBack(line.draw_id(), self.wishes.ringback, answered=line.state.answered)

    def _join(self, line: Line) -> Course:
        party, self.join_id = self.parties[0], line.draw_id()
        yield from self._silence(line)
        yield JoinLeg(self.join_id, party.call_id, party.label)
        yield StartTimer(self.timer, PARTING_S)

    def _silence(self, line: Line) -> Course:
        if self.rings:
            self.rings = False
            yield StopMedia(line.draw_id())

    def _end(self, line: Line, cause: str) -> Course:
        if self.done:
            return
        self.done = True
        yield CancelTimer(self.timer)
        yield from self._silence(line)
        if self.join_id:
            yield from empty_queue(line)
        yield LeaveQueue(self.queue)
        yield from self.parties[0].ends(line, cause)


def queue_party(noun: QueueNoun) -> DialledParty:
    """Whoever comes out of the queue."""
    return DialledParty(noun, Endpoint(f"queue:{noun.name}", "", EndpointKind.ROUTE, ""), "")
