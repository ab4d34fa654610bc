"""The owner of one shard: the only one who decides in its places, for calls of all workers.

What it knows is lost with it. The next owner is told by every worker how its calls stand and makes the places
anew; for a short while it decides nothing that depends on who is not back yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

import structlog

from pivot.meeting.membership import ENTERS, LEAVES, Command, Membership, News, ends, place_of, way_out
from pivot.meeting.messages import (
    Alive,
    AsksAll,
    IsOver,
    Renews,
    Resumed,
    Resumes,
    Says,
    Stands,
    Tells,
    ToOwner,
    ToWorkerItem,
)
from pivot.meeting.queues import QueueTable
from pivot.meeting.rooms import RoomTable
from pivot.model.queues import EnterQueue, LeaveQueue, TakeFromQueue
from pivot.model.rooms import (
    EndReason,
    EnterRoom,
    LeaveRoom,
    RoomChange,
    RoomCommand,
    RoomNews,
    RoomNotice,
)

log = structlog.get_logger()

Mail: TypeAlias = Callable[[str, int, ToWorkerItem], None]
"""Puts an item into a message to this inbox, in this session; returns at once."""

REMEMBERED_ENDS_S = 60.0

_Key: TypeAlias = tuple[str, str]
"""Call-ID and place."""


@dataclass(slots=True, eq=False)
class _Worker:
    name: str
    inbox: str
    session: int
    seen_s: float
    stays: dict[int, _Stay] = field(default_factory=dict)
    resumed: set[int] | None = None
    """Stays told of in the resumption that goes on now."""


@dataclass(slots=True, eq=False)
class _Stay:
    worker: str
    number: int
    call_id: str
    place: str
    way_out: Command


class Owner:
    """Rooms and queues of one shard.

    Args:
        now: seconds since 1970.
        clock: seconds on a clock that does not jump.
        mail: how workers are told.
        patience_s: how long a worker may be silent before its calls are gone from their places.
    """

    def __init__(
        self, now: Callable[[], float], clock: Callable[[], float], mail: Mail, patience_s: float
    ) -> None:
        self.rooms = RoomTable()
        self.queues = QueueTable(now)
        self.rooms.holding = self.queues.holding = self.queues.patient = True
        self._now = now
        self._clock = clock
        self._mail = mail
        self._patience_s = patience_s
        self._workers: dict[str, _Worker] = {}
        self._stays: dict[_Key, _Stay] = {}
        self._ended: dict[tuple[str, int], tuple[float, ToWorkerItem]] = {}
        self._ended_late: dict[str, str] = {}
        """Rooms whose conference a member ended under an earlier owner, perhaps unseen; by Call-ID, or empty
        when the room's callback has been told."""

    @property
    def places(self) -> int:
        """Rooms and queues that somebody is in."""
        return self.rooms.places + self.queues.places

    def receive(self, message: ToOwner) -> None:
        """Do what a worker writes."""
        for item in message.items:
            if isinstance(item, Resumes):
                self._begin(message, item)
                continue
            worker = self._workers.get(message.worker)
            if worker is None or worker.session != message.session:
                self._mail(message.inbox, message.session, AsksAll())
                return
            self._do(worker, item)

    def gone(self, inbox: str) -> None:
        """Nobody has this inbox any more."""
        for worker in [each for each in self._workers.values() if each.inbox == inbox]:
            self._drop(worker)

    def release(self) -> None:
        """Those who live have had the time to resume."""
        self.rooms.release()
        self.queues.release()

    def stop_expecting(self) -> None:
        """Those who have not resumed by now are gone."""
        self._ended_late.clear()
        self.queues.stop_expecting()

    def tick(self) -> None:
        """From time to time: workers that fell silent, and what need not be remembered any longer."""
        clock_s = self._clock()
        for worker in [each for each in self._workers.values() if clock_s - each.seen_s > self._patience_s]:
            self._drop(worker)
        for key in [key for key, (at_s, _) in self._ended.items() if clock_s - at_s > REMEMBERED_ENDS_S]:
            del self._ended[key]
        self.queues.forget_unused()

    # Sessions

    def _begin(self, message: ToOwner, item: Resumes) -> None:
        worker = self._workers.get(message.worker)
        if worker is None:
            worker = _Worker(message.worker, message.inbox, message.session, self._clock())
            self._workers[message.worker] = worker
        worker.inbox, worker.session, worker.seen_s = message.inbox, message.session, self._clock()
        worker.resumed = set()
        for queue_id, used_s in item.known:
            self.queues.know(queue_id, used_s)

    def _do(self, worker: _Worker, item: Stands | Resumed | Says | Renews) -> None:
        match item:
            case Stands(membership):
                self._resume(worker, membership)
            case Resumed():
                told, worker.resumed = worker.resumed or set(), None
                for stay in [each for number, each in worker.stays.items() if number not in told]:
                    self._leave(stay)
            case Says(number, call_id, command):
                self._perform(worker, number, call_id, command)
            case Renews(number):
                worker.seen_s = self._clock()
                self._mail(worker.inbox, worker.session, Alive(number))

    def _drop(self, worker: _Worker) -> None:
        """Its calls are gone from their places."""
        if worker.stays:
            log.warning("meeting.worker_gone", worker=worker.name, members=len(worker.stays))
        del self._workers[worker.name]
        for stay in tuple(worker.stays.values()):
            self._leave(stay)

    # Stays

    def _perform(self, worker: _Worker, number: int, call_id: str, command: Command) -> None:
        if isinstance(command, ENTERS):
            self._begin_stay(worker, number, call_id, command)
            self._ended_late.pop(place_of(command), None)
        stay = self._stays.get((call_id, place_of(command)))
        if stay is None or (stay.worker, stay.number) != (worker.name, number):
            return  # a late word: the call is out, or in by way of another session
        self._let(call_id, command, stay)
        if isinstance(command, LEAVES):
            self._end(stay, IsOver(number))

    def _let(self, call_id: str, command: Command, stay: _Stay) -> None:
        tell = partial(self._tell, stay)
        if isinstance(command, RoomCommand):
            self.rooms.perform(call_id, command, tell)
        else:
            self.queues.perform(call_id, command, tell)

    def _resume(self, worker: _Worker, membership: Membership) -> None:
        ended = self._ended.get((worker.name, membership.stay))
        if ended is not None:
            self._mail(worker.inbox, worker.session, ended[1])
            return
        if worker.resumed is not None:
            worker.resumed.add(membership.stay)
        if membership.has_left and membership.stay not in worker.stays:
            self._end_late(membership)
            return
        first, *later = membership.words
        if membership.news is None:
            self._ended_late.pop(membership.place, None)  # it begins another conference
        stay = self._begin_stay(worker, membership.stay, membership.call_id, first)
        self._readmit(membership, first, stay)
        for word in later:
            if membership.stay in worker.stays:
                self._perform(worker, membership.stay, membership.call_id, word)

    def _end_late(self, membership: Membership) -> None:
        """An earlier owner may not have seen that a member ended the conference, or the talk, by leaving."""
        command, heard = membership.words[-1], membership.news
        if isinstance(command, LeaveRoom) and command.ends:
            tells = isinstance(heard, RoomNews) and heard.callback is not None and not command.untold
            is_told = tells or self.rooms.is_open(command.room)
            self.rooms.end(command.room, membership.call_id, is_told=tells)
            if self.queues.patient:
                self._ended_late[command.room] = "" if is_told else membership.call_id
        elif isinstance(command, LeaveQueue) and membership.talks_with:
            self.queues.resume_end(membership.call_id, command.queue, membership.talks_with)

    def _readmit(self, membership: Membership, first: Command, stay: _Stay) -> None:
        tell = partial(self._tell, stay)
        match first:
            case EnterRoom(room) if room in self._ended_late and isinstance(membership.news, RoomNews):
                tell(self._late_end(first, membership.news))
            case EnterRoom():
                heard = membership.news if isinstance(membership.news, RoomNews) else None
                self.rooms.resume(membership.call_id, first, membership.since_s, heard, tell)
            case EnterQueue() | TakeFromQueue() if membership.talks_with:
                self.queues.resume_talk(membership.call_id, first, membership.talks_with, tell)
            case EnterQueue() | TakeFromQueue():
                said = membership.news if not isinstance(membership.news, RoomNews) else None
                self.queues.resume(membership.call_id, first, membership.since_s, said, tell)

    def _late_end(self, command: EnterRoom, heard: RoomNews) -> RoomNews:
        """The first who hears that it is over tells the room's callback."""
        callback, by = heard.callback or command.callback, self._ended_late[command.room]
        news = RoomNews(command.room, RoomChange.ENDED, by, conference=heard.conference)
        if callback is None or "end" not in callback.events or not by:
            return news
        self._ended_late[command.room] = ""
        end = RoomNotice("end", heard.told, reason=EndReason.ENDING_MEMBER_LEFT, ended_by=by)
        return replace(news, callback=callback, notices=(end,))

    def _begin_stay(self, worker: _Worker, number: int, call_id: str, command: Command) -> _Stay:
        """The stay that this is; an earlier one of the same call in the same place is over."""
        key = call_id, place_of(command)
        stay = self._stays.get(key)
        if stay is not None and (stay.worker, stay.number) == (worker.name, number):
            return stay
        if stay is not None:
            self._leave(stay)
        stay = _Stay(worker.name, number, *key, way_out(command))
        self._stays[key] = worker.stays[number] = stay
        return stay

    def _leave(self, stay: _Stay) -> None:
        self._let(stay.call_id, stay.way_out, stay)
        self._forget(stay)

    def _forget(self, stay: _Stay) -> None:
        key = stay.call_id, stay.place
        if self._stays.get(key) is stay:
            del self._stays[key]
        worker = self._workers.get(stay.worker)
        if worker is not None:
            worker.stays.pop(stay.number, None)

    # What is told

    def _tell(self, stay: _Stay, news: News) -> None:
        self._write(stay, Tells(stay.number, news), over=ends(news))

    def _write(self, stay: _Stay, item: ToWorkerItem, *, over: bool) -> None:
        worker = self._workers.get(stay.worker)
        if worker is not None and (worker.resumed is None or stay.number in worker.resumed):
            self._mail(
                worker.inbox, worker.session, item
            )  # else its membership is still to come, and is told then
        if over:
            self._end(stay, item)

    def _end(self, stay: _Stay, item: ToWorkerItem) -> None:
        """It is over; should its worker not have heard so, it is told the same again."""
        self._ended[stay.worker, stay.number] = self._clock(), item
        self._forget(stay)
