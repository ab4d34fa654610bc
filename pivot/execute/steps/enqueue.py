"""Enqueue: the caller waits in a queue of the account until somebody takes it out, and goes on afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.document_request import Texts
from pivot.execute.ids import call_sid, sid
from pivot.execute.leg_watch import LegWatch
from pivot.execute.side_document import Aside
from pivot.execute.step import AskFor, Finish, GoOn, Result
from pivot.execute.step_context import Course, Line
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
    announcement: Aside | None = None
    """What the caller hears before it is joined."""
    taken_by: str = ""
    joined: bool = False
    watch: LegWatch | None = None
    """Of the party's leg, when its worker is gone."""
    timer: str = ""
    result: Result | None = None

    def start(self, line: Line) -> Course:
        yield from line.pick_up()
        if not self.verb.name:
            yield from self._end("error", line)
            return
        self.queue = queue_id(line.state.request.call.account_id or "", self.verb.name)
        self.timer = f"queue {line.draw_id()}"
        yield EnterQueue(self.queue, self.verb.name, self.verb.max_size)
        yield StartTimer(self.timer, _SILENT_OWNER_S)

    def receive(self, event: Event, line: Line) -> Course:
        match event:
            case QueueNews(queue=queue) if queue == self.queue:
                yield from self._news(event, line)
            case ChannelDestroyed(call_id) if call_id == line.leg:
                yield from self._end("bridged" if self.joined else "hangup", line)
            case LegsBridged(call_id) if call_id == line.leg and self.taken_by:
                yield from self._talk(line)
            case LegsParted(call_id) if call_id == line.leg and self.joined:
                yield from self._end("bridged", line)
            case TimerFired(name) if name == self.timer:
                yield from self._timed(line)
            case _ if self.watch is not None:
                yield from self.watch.receive(event, line)
                if self.watch.over:
                    yield from self._end("bridged", line)
            case _ if self.announcement is not None:
                yield from self.announcement.receive(event, line)
                if self.announcement.result is not None:
                    self.announcement = None
                    yield from self._ready(line)
            case _ if self.treatment is not None:
                yield from self.treatment.receive(event, line)
                yield from self._follow(line)

    def stop(self, line: Line) -> Course:
        yield CancelTimer(self.timer)
        yield from self._silence(line)
        if self.watch is not None:
            yield from self.watch.stop()
            self.watch = None
        if self.queue:
            yield LeaveQueue(self.queue)
            self.queue = ""

    # Waiting

    def _news(self, news: QueueNews, line: Line) -> Course:
        match news.change:
            case QueueChange.FULL:
                self.queue = ""
                yield line.warn(f"the queue {self.verb.name!r} is full", _FULL)
                yield from self._end("queue-full", line)
            case QueueChange.ENTERED if self.entered_at_s is None:
                self.entered_at_s = line.at_s
                yield CancelTimer(self.timer)
                yield from self._silence(line)
                wait_url, method = self.verb.wait_url, self.verb.wait_method
                self.treatment = Treatment.of(wait_url, method, line, Place.QUEUE_WAIT)
                yield from self.treatment.start(line)
                yield from self._follow(line)
            case QueueChange.PLACE if self.treatment is not None:
                yield from self.treatment.ask(line, self._told(news, line))
            case QueueChange.TAKEN if not self.joined:
                self.taken_by = news.other
                yield from self._silence(line)
                yield from self._announce(news.whisper, line)
            case QueueChange.JOINED if not self.joined:
                if not self.taken_by:  # the talk began under another owner
                    yield from self._silence(line)
                self.taken_by = news.other
                yield from self._talk(line)
            case QueueChange.PARTED:
                self.queue = ""
                yield from self._end("bridged", line)
            case QueueChange.ABANDONED if self.joined and self.watch is None:
                self.watch = LegWatch(news.other)
                yield from self.watch.start(line)
            case QueueChange.LOST if self.taken_by and not self.joined:
                self.taken_by = ""
                yield CancelTimer(self.timer)
                yield from self._silence(line)
                if self.treatment is not None:
                    yield from self.treatment.start(line)
                    yield from self._follow(line)

    def _timed(self, line: Line) -> Course:
        """Somebody else is silent, and nobody may hear that."""
        if self.taken_by:
            yield line.fault("who took the caller from the queue never joined it", None)
            yield from self._end("system-error", line)
        elif self.treatment is None:
            self.treatment = Treatment(Place.QUEUE_WAIT)
            yield from self.treatment.play_music(line)
            yield StartTimer(self.timer, _LOST_OWNER_S)
        else:
            yield line.fault("the queue's owner does not answer", None)
            yield from self._end("system-error", line)

    def _follow(self, line: Line) -> Course:
        treatment = self.treatment
        if treatment is None:
            return
        if treatment.due:
            yield AskPlace(self.queue)
        elif treatment.failed:
            treatment.failed = False
            yield line.warn("the wait document cannot be had; there is music instead", 11200)
            yield from treatment.play_music(line)
        elif isinstance(treatment.result, Finish):
            yield from self.stop(line)
            self.result = treatment.result
        elif treatment.result is not None:
            yield from self._end("leave", line)

    def _told(self, place: QueueNews, line: Line) -> Texts:
        return (
            *self._queue_told(line),
            ("QueuePosition", str(place.position)),
            ("AvgQueueTime", str(int(place.average_s))),
            ("CurrentQueueSize", str(place.size)),
            ("MaxQueueSize", str(self.verb.max_size)),
        )

    # Taken

    def _announce(self, document: Callback | None, line: Line) -> Course:
        if document is None:
            yield from self._ready(line)
            return
        told = (*self._queue_told(line), ("DequeingCallSid", call_sid(line.profile, self.taken_by)))
        self.announcement = Aside(line.leg, Place.QUEUE_ANNOUNCE)
        yield from self.announcement.ask(document.url, document.method, line, told)

    def _ready(self, line: Line) -> Course:
        yield StartTimer(self.timer, _JOINING_S)
        yield SayReady(self.queue, self.taken_by)

    def _talk(self, line: Line) -> Course:
        """The waiting is over."""
        if not self.joined:
            self.joined, self.ended_at_s, self.treatment = True, line.at_s, None
            yield CancelTimer(self.timer)

    def _silence(self, line: Line) -> Course:
        if self.announcement is not None:
            yield from self.announcement.stop(line)
            self.announcement = None
        if self.treatment is not None:
            yield from self.treatment.stop(line)

    # The end

    def _end(self, word: str, line: Line) -> Course:
        told = (("QueueResult", word), *(self._queue_told(line) if self.entered_at_s is not None else ()))
        yield from self.stop(line)
        action = self.verb.action
        self.result = (
            GoOn() if action is None else AskFor(action, self.verb.method, told, outlives_caller=True)
        )

    def _queue_told(self, line: Line) -> Texts:
        until_s = line.at_s if self.ended_at_s is None else self.ended_at_s
        waited_s = 0.0 if self.entered_at_s is None else until_s - self.entered_at_s
        return (("QueueSid", sid(line.profile, "QU", self.queue)), ("QueueTime", str(int(waited_s + 0.01))))
