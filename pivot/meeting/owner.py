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

from pivot.meeting.membership import ENTERS, LEAVES, Command, News, Standing, ends, place_of, way_out
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
"""Puts an item into a letter to this inbox, in this session; returns at once."""

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

    def receive(self, letter: ToOwner) -> None:
        """Do what a worker writes."""
        for item in letter.items:
            if isinstance(item, Resumes):
                self._begin(letter, item)
                continue
            worker = self._workers.get(letter.worker)
            if worker is None or worker.session != letter.session:
                self._mail(letter.inbox, letter.session, AsksAll())
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

    def _begin(self, letter: ToOwner, item: Resumes) -> None:
        worker = self._workers.get(letter.worker)
        if worker is None:
            worker = _Worker(letter.worker, letter.inbox, letter.session, self._clock())
            self._workers[letter.worker] = worker
        worker.inbox, worker.session, worker.seen_s = letter.inbox, letter.session, self._clock()
        worker.resumed = set()
        for queue_id, used_s in item.known:
            self.queues.know(queue_id, used_s)

    def _do(self, worker: _Worker, item: Stands | Resumed | Says | Renews) -> None:
        match item:
            case Stands(standing):
                self._resume(worker, standing)
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

    def _resume(self, worker: _Worker, standing: Standing) -> None:
        ended = self._ended.get((worker.name, standing.stay))
        if ended is not None:
            self._mail(worker.inbox, worker.session, ended[1])
            return
        if worker.resumed is not None:
            worker.resumed.add(standing.stay)
        if standing.has_left and standing.stay not in worker.stays:
            self._end_late(standing)
            return
        first, *later = standing.words
        if standing.news is None:
            self._ended_late.pop(standing.place, None)  # it begins another conference
        stay = self._begin_stay(worker, standing.stay, standing.call_id, first)
        self._readmit(standing, first, stay)
        for word in later:
            if standing.stay in worker.stays:
                self._perform(worker, standing.stay, standing.call_id, word)

    def _end_late(self, standing: Standing) -> None:
        """An earlier owner may not have seen that a member ended the conference, or the talk, by leaving."""
        command, heard = standing.words[-1], standing.news
        if isinstance(command, LeaveRoom) and command.ends:
            tells = isinstance(heard, RoomNews) and heard.callback is not None and not command.untold
            is_told = tells or self.rooms.is_open(command.room)
            self.rooms.end(command.room, standing.call_id, is_told=tells)
            if self.queues.patient:
                self._ended_late[command.room] = "" if is_told else standing.call_id
        elif isinstance(command, LeaveQueue) and standing.talks_with:
            self.queues.resume_end(standing.call_id, command.queue, standing.talks_with)

    def _readmit(self, standing: Standing, first: Command, stay: _Stay) -> None:
        tell = partial(self._tell, stay)
        match first:
            case EnterRoom(room) if room in self._ended_late and isinstance(standing.news, RoomNews):
                tell(self._late_end(first, standing.news))
            case EnterRoom():
                heard = standing.news if isinstance(standing.news, RoomNews) else None
                self.rooms.resume(standing.call_id, first, standing.since_s, heard, tell)
            case EnterQueue() | TakeFromQueue() if standing.talks_with:
                self.queues.resume_talk(standing.call_id, first, standing.talks_with, tell)
            case EnterQueue() | TakeFromQueue():
                said = standing.news if not isinstance(standing.news, RoomNews) else None
                self.queues.resume(standing.call_id, first, standing.since_s, said, tell)

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
            )  # else its standing is still to come, and is told then
        if over:
            self._end(stay, item)

    def _end(self, stay: _Stay, item: ToWorkerItem) -> None:
        """It is over; should its worker not have heard so, it is told the same again."""
        self._ended[stay.worker, stay.number] = self._clock(), item
        self._forget(stay)
