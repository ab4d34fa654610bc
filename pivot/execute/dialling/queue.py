"""The caller of a queue who has waited longest, instead of somebody who is rung.

The queue's owner gives it to us, at once or when the next one comes. It may hear a document first; then its
leg is joined with ours. The switch tells of the talk on our leg alone: that it begins and ends is told to the
caller by way of the owner. When both part, each goes on with its own document.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pivot.execute.after_join import empty_queue
from pivot.execute.dialling.attempt import PARTING_S, Wishes
from pivot.execute.dialling.party import DialledParty
from pivot.execute.dialling.talk_watch import TalkWatch
from pivot.execute.step_context import Commands, StepContext
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
    watch: TalkWatch = field(default_factory=lambda: TalkWatch(joined=True))
    done: bool = False

    def start(self, context: StepContext) -> Commands:
        noun = self.parties[0].noun
        assert isinstance(noun, QueueNoun)
        self.queue = queue_id(context.state.request.call.account_id or "", noun.name)
        self.timer = f"dial {context.draw_id()}"
        url = noun.leg.url
        announcement = None if url is None else Callback(context.resolve(url), noun.leg.method)
        yield TakeFromQueue(self.queue, noun.name, announcement)
        yield StartTimer(self.timer, self.wishes.timeout_s)
        yield from self._ring(context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        if self.bridged and not self.done:
            yield from self.watch.receive(event, self.parties[0].call_id, context)
            if self.watch.over:
                yield from self._end(context, "NORMAL_CLEARING")
                return
        match event:
            case QueueNews(queue=queue) if queue == self.queue and not self.bridged:
                yield from self._news(event, context)
            case LegsBridged(call_id) if call_id == context.leg and self.join_id:
                self.winner, self.bridged = 0, True
                yield CancelTimer(self.timer)
                yield SayJoined(self.queue, self.parties[0].call_id)
                yield from self.parties[0].answers(context)
            case LegsParted(call_id) if call_id == context.leg and self.bridged:
                yield from self._end(context, "NORMAL_CLEARING")
            case CommandFailed(msg_id=msg_id) if msg_id is not None and msg_id == self.join_id:
                yield from self._end(context, "NORMAL_TEMPORARY_FAILURE")
            case TimerFired(name) if name == self.timer:
                yield from self._end(context, "NORMAL_TEMPORARY_FAILURE" if self.join_id else "NO_ANSWER")

    def end_talk(self, context: StepContext) -> Commands:
        """The other one is a caller in its own right, who goes on with its own document."""
        if self.bridged and not self.done:
            yield PartLegs(context.draw_id())
            yield StartTimer(self.timer, PARTING_S)

    def stop(self, context: StepContext) -> Commands:
        """Leave the queue; a talk ends."""
        yield from self._end(context, "ORIGINATOR_CANCEL")

    def _news(self, news: QueueNews, context: StepContext) -> Commands:
        match news.change:
            case QueueChange.UNKNOWN:
                yield context.fault("nobody ever entered a queue of this name", None)
                yield from self._end(context, _NOT_FOUND)
            case QueueChange.MATCHED:
                self._is_for(news.other)
                self.parties[0].waited_s = news.waited_s
                yield CancelTimer(self.timer)
            case QueueChange.READY if not self.join_id and news.other == self.parties[0].call_id:
                yield from self._join(context)
            case QueueChange.LOST:
                self._is_for("")
                self.join_id = ""
                yield StartTimer(self.timer, self.wishes.timeout_s)
                yield from self._ring(context)

    def _is_for(self, call_id: str) -> None:
        party = self.parties[0]
        party.call_id, party.endpoint = call_id, replace(party.endpoint, call_id=call_id)

    def _ring(self, context: StepContext) -> Commands:
        if not self.rings:
            self.rings = True
            yield RingBack(context.draw_id(), self.wishes.ringback, answered=context.state.answered)

    def _join(self, context: StepContext) -> Commands:
        party, self.join_id = self.parties[0], context.draw_id()
        yield from self._silence(context)
        yield JoinLeg(self.join_id, party.call_id, party.label)
        yield StartTimer(self.timer, PARTING_S)

    def _silence(self, context: StepContext) -> Commands:
        if self.rings:
            self.rings = False
            yield StopMedia(context.draw_id())

    def _end(self, context: StepContext, cause: str) -> Commands:
        if self.done:
            return
        self.done = True
        yield CancelTimer(self.timer)
        yield from self.watch.stop()
        yield from self._silence(context)
        if self.join_id:
            yield from empty_queue(context)
        yield LeaveQueue(self.queue)
        yield from self.parties[0].ends(context, cause)


def queue_party(noun: QueueNoun) -> DialledParty:
    """Whoever comes out of the queue."""
    return DialledParty(noun, Endpoint(f"queue:{noun.name}", "", EndpointKind.ROUTE, ""), "")
