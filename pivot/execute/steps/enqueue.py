"""Enqueue: the caller waits in a queue of the account until somebody takes it out, and goes on afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.document_request import Texts
from pivot.execute.ids import call_sid, sid
from pivot.execute.leg_watch import LegWatch
from pivot.execute.side_document import SideDocument
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, Finish, GoOn, Result
from pivot.execute.treatment import Treatment
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.dialling import LegsBridged, LegsParted
from pivot.model.events import ChannelDestroyed, Event, TimerFired
from pivot.model.instructions import Callback, EnqueueVerb
from pivot.model.plain import plain
from pivot.model.queues import (
    AskPlace,
    EnterQueue,
    LeaveQueue,
    QueueChange,
    QueueNews,
    SayReady,
    queue_id,
)
from pivot.translate.twiml.places import Place

_FULL = 14207
_SILENT_OWNER_S = 2.0
"""The queue's owner has not answered for so long: the caller hears music meanwhile."""
_LOST_OWNER_S = 60.0
"""It never will."""
_JOINING_S = 15.0
"""How long the party who takes the caller may need to join it."""


@plain
@dataclass(slots=True)
class EnqueueStep:
    """Waiting, then taken, then perhaps hearing a document, then joined; a party who is lost before puts the
    caller back where it was.

    The switch tells of the talk on the party's leg alone, so the queue's owner tells the caller. Should the
    party's worker be gone, nobody would: then the party's leg is watched.
    """

    verb: EnqueueVerb
    queue: str = ""
    """Set as long as the owner may know of the caller."""
    entered_at_s: float | None = None
    ended_at_s: float | None = None
    """When the waiting ended."""
    treatment: Treatment | None = None
    announcement: SideDocument | None = None
    """What the caller hears before it is joined."""
    taken_by: str = ""
    joined: bool = False
    watch: LegWatch | None = None
    """Of the party's leg, when its worker is gone."""
    timer: str = ""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        yield from context.pick_up()
        if not self.verb.name:
            yield from self._end("error", context)
            return
        self.queue = queue_id(context.state.request.call.account_id or "", self.verb.name)
        self.timer = f"queue {context.draw_id()}"
        yield EnterQueue(self.queue, self.verb.name, self.verb.max_size)
        yield StartTimer(self.timer, _SILENT_OWNER_S)

    def receive(self, event: Event, context: StepContext) -> Commands:
        match event:
            case QueueNews(queue=queue) if queue == self.queue:
                yield from self._news(event, context)
            case ChannelDestroyed(call_id) if call_id == context.leg:
                yield from self._end("bridged" if self.joined else "hangup", context)
            case LegsBridged(call_id) if call_id == context.leg and self.taken_by:
                yield from self._talk(context)
            case LegsParted(call_id) if call_id == context.leg and self.joined:
                yield from self._end("bridged", context)
            case TimerFired(name) if name == self.timer:
                yield from self._timed(context)
            case _ if self.watch is not None:
                yield from self.watch.receive(event, context)
                if self.watch.over:
                    yield from self._end("bridged", context)
            case _ if self.announcement is not None:
                yield from self.announcement.receive(event, context)
                if self.announcement.result is not None:
                    self.announcement = None
                    yield from self._ready(context)
            case _ if self.treatment is not None:
                yield from self.treatment.receive(event, context)
                yield from self._follow(context)

    def stop(self, context: StepContext) -> Commands:
        yield CancelTimer(self.timer)
        yield from self._silence(context)
        if self.watch is not None:
            yield from self.watch.stop()
            self.watch = None
        if self.queue:
            yield LeaveQueue(self.queue)
            self.queue = ""

    # Waiting

    def _news(self, news: QueueNews, context: StepContext) -> Commands:
        match news.change:
            case QueueChange.FULL:
                self.queue = ""
                yield context.warn(f"the queue {self.verb.name!r} is full", _FULL)
                yield from self._end("queue-full", context)
            case QueueChange.ENTERED if self.entered_at_s is None:
                self.entered_at_s = context.at_s
                yield CancelTimer(self.timer)
                yield from self._silence(context)
                wait_url, method = self.verb.wait_url, self.verb.wait_method
                self.treatment = Treatment.of(wait_url, method, context, Place.QUEUE_WAIT)
                yield from self.treatment.start(context)
                yield from self._follow(context)
            case QueueChange.PLACE if self.treatment is not None:
                yield from self.treatment.ask(context, self._told(news, context))
            case QueueChange.TAKEN if not self.joined:
                self.taken_by = news.other
                yield from self._silence(context)
                yield from self._announce(news.whisper, context)
            case QueueChange.JOINED if not self.joined:
                if not self.taken_by:  # the talk began under another owner
                    yield from self._silence(context)
                self.taken_by = news.other
                yield from self._talk(context)
            case QueueChange.PARTED:
                self.queue = ""
                yield from self._end("bridged", context)
            case QueueChange.ABANDONED if self.joined and self.watch is None:
                self.watch = LegWatch(news.other)
                yield from self.watch.start(context)
            case QueueChange.LOST if self.taken_by and not self.joined:
                self.taken_by = ""
                yield CancelTimer(self.timer)
                yield from self._silence(context)
                if self.treatment is not None:
                    yield from self.treatment.start(context)
                    yield from self._follow(context)

    def _timed(self, context: StepContext) -> Commands:
        """Somebody else is silent, and nobody may hear that."""
        if self.taken_by:
            yield context.fault("who took the caller from the queue never joined it", None)
            yield from self._end("system-error", context)
        elif self.treatment is None:
            self.treatment = Treatment(Place.QUEUE_WAIT)
            yield from self.treatment.play_music(context)
            yield StartTimer(self.timer, _LOST_OWNER_S)
        else:
            yield context.fault("the queue's owner does not answer", None)
            yield from self._end("system-error", context)

    def _follow(self, context: StepContext) -> Commands:
        treatment = self.treatment
        if treatment is None:
            return
        if treatment.due:
            yield AskPlace(self.queue)
        elif treatment.failed:
            treatment.failed = False
            yield context.warn("the wait document cannot be had; there is music instead", 11200)
            yield from treatment.play_music(context)
        elif isinstance(treatment.result, Finish):
            yield from self.stop(context)
            self.result = treatment.result
        elif treatment.result is not None:
            yield from self._end("leave", context)

    def _told(self, place: QueueNews, context: StepContext) -> Texts:
        return (
            *self._queue_told(context),
            ("QueuePosition", str(place.position)),
            ("AvgQueueTime", str(int(place.average_s))),
            ("CurrentQueueSize", str(place.size)),
            ("MaxQueueSize", str(self.verb.max_size)),
        )

    # Taken

    def _announce(self, document: Callback | None, context: StepContext) -> Commands:
        if document is None:
            yield from self._ready(context)
            return
        told = (*self._queue_told(context), ("DequeingCallSid", call_sid(context.profile, self.taken_by)))
        self.announcement = SideDocument(context.leg, Place.QUEUE_ANNOUNCE)
        yield from self.announcement.ask(document.url, document.method, context, told)

    def _ready(self, context: StepContext) -> Commands:
        yield StartTimer(self.timer, _JOINING_S)
        yield SayReady(self.queue, self.taken_by)

    def _talk(self, context: StepContext) -> Commands:
        """The waiting is over."""
        if not self.joined:
            self.joined, self.ended_at_s, self.treatment = True, context.at_s, None
            yield CancelTimer(self.timer)

    def _silence(self, context: StepContext) -> Commands:
        if self.announcement is not None:
            yield from self.announcement.stop(context)
            self.announcement = None
        if self.treatment is not None:
            yield from self.treatment.stop(context)

    # The end

    def _end(self, word: str, context: StepContext) -> Commands:
        told = (("QueueResult", word), *(self._queue_told(context) if self.entered_at_s is not None else ()))
        yield from self.stop(context)
        action = self.verb.action
        self.result = (
            GoOn() if action is None else AskFor(action, self.verb.method, told, outlives_caller=True)
        )

    def _queue_told(self, context: StepContext) -> Texts:
        until_s = context.at_s if self.ended_at_s is None else self.ended_at_s
        waited_s = 0.0 if self.entered_at_s is None else until_s - self.entered_at_s
        return (
            ("QueueSid", sid(context.profile, "QU", self.queue)),
            ("QueueTime", str(int(waited_s + 0.01))),
        )
