"""The owner's rules of rooms: who is in, when a conference starts, who tells of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from math import inf

from pivot.model.instructions import Callback
from pivot.model.rooms import (
    EndReason,
    EnterRoom,
    Guest,
    LeaveRoom,
    RoomChange,
    RoomCommand,
    RoomNews,
    RoomNotice,
    SayParticipant,
)

Tell = Callable[[RoomNews], None]
_ENOUGH = 2


@dataclass(slots=True)
class _Member:
    guest: Guest
    tell: Tell
    participant: int = 0
    rank: tuple[bool, bool, float] = (True, True, inf)
    """Its order among those who came back: who tells, who records, then by time of coming."""


@dataclass(slots=True)
class _Room:
    conference: str
    members: dict[str, _Member] = field(default_factory=dict)
    started: bool = False
    callback: Callback | None = None
    told: int = 0
    newcomers: set[str] = field(default_factory=set)
    """Members who entered while others were still to come back, and so do not know of each other."""

    @property
    def reporter(self) -> str:
        """The member who tells of what happens: the one that has been in for longest."""
        return next(iter(self.members), "")

    def notice(self, event: str, guest: Guest | None = None, *, hung_up: bool = False) -> list[RoomNotice]:
        """The callback of an event, if it is wanted; counts it."""
        if self.callback is None or event not in self.callback.events:
            return []
        self.told += 1
        return [RoomNotice(event, self.told - 1, guest, hung_up)]


class RoomTable:
    """Members of every room, by account and name.

    Args:
        draw: ids of conferences, which no two of them share.

    Attributes:
        holding: no conference starts because of its number of members yet, since others are still to come
            back; who comes back meanwhile was never away.
    """

    def __init__(self, draw: Callable[[], str] = lambda: secrets.token_hex(16)) -> None:
        self.holding = False
        self._draw = draw
        self._rooms: dict[str, _Room] = {}

    @property
    def places(self) -> int:
        """Rooms that somebody is in."""
        return len(self._rooms)

    def is_open(self, room_id: str) -> bool:
        """Whether somebody is in."""
        return room_id in self._rooms

    def perform(self, call_id: str, command: RoomCommand, tell: Tell) -> None:
        """Do it; news reach every member through what it gave as `tell`, at once."""
        match command:
            case EnterRoom():
                self._enter(call_id, command, tell)
            case LeaveRoom(room, ends, hung_up, untold):
                self.leave(call_id, room, ends=ends, hung_up=hung_up, untold=untold)
            case SayParticipant(room, participant):
                self._number(call_id, room, participant)

    def _enter(self, call_id: str, command: EnterRoom, tell: Tell) -> None:
        guest = command.guest
        room = self._rooms.get(command.room) or _Room(self._draw())
        labels = {member.guest.label for member in room.members.values()}
        full = len(room.members) >= command.max_members
        if full or (guest.label and guest.label in labels):
            why = RoomChange.FULL if full else RoomChange.LABEL_TAKEN
            tell(RoomNews(command.room, why, call_id, len(room.members)))
            return
        self._rooms[command.room] = room
        room.callback = room.callback or command.callback
        room.members[call_id] = _Member(guest, tell)
        if self.holding:
            room.newcomers.add(call_id)
        notices = room.notice("join", guest)
        self._tell(command.room, RoomChange.ENTERED, call_id, notices, only=call_id)
        self._tell(command.room, RoomChange.JOINED, call_id, notices, but=call_id)
        self._start_if_enough(command.room, room, call_id)
        self._tell_numbers(command.room, room, call_id, tuple(room.members))

    def _start_if_enough(self, room_id: str, room: _Room, by: str) -> None:
        starts = any(member.guest.starts for member in room.members.values())
        if not room.started and starts and len(room.members) >= _ENOUGH and not self.holding:
            self.start(room_id, by)

    def _tell_numbers(self, room_id: str, room: _Room, call_id: str, others: Iterable[str]) -> None:
        for other in others:
            if number := room.members[other].participant:
                news = RoomNews(room_id, RoomChange.NUMBERED, other, participant=number)
                room.members[call_id].tell(self._completed(news, room, call_id))

    def start(self, room_id: str, by: str = "") -> None:
        """Start the conference for all who are in; `by` is the call id that started it."""
        room = self._rooms.setdefault(room_id, _Room(self._draw()))
        room.started = True
        self._tell(room_id, RoomChange.STARTED, by, room.notice("start"))

    def _number(self, call_id: str, room_id: str, participant: int) -> None:
        room = self._rooms.get(room_id)
        if room is not None and call_id in room.members:
            room.members[call_id].participant = participant
            self._tell(room_id, RoomChange.NUMBERED, call_id, but=call_id, participant=participant)

    def leave(
        self, call_id: str, room_id: str, *, ends: bool = False, hung_up: bool = False, untold: bool = False
    ) -> None:
        """A member is gone; the last one, or one whose exit ends it, ends the conference.

        Who told of the others tells of its own leaving by itself, unless it is gone without a word; and when
        that ends the conference, of the others' leaving and of the end.
        """
        room = self._rooms.get(room_id)
        if room is None or call_id not in room.members:
            return
        tells = room.reporter == call_id and not untold
        room.newcomers.discard(call_id)
        notices = room.notice("leave", room.members.pop(call_id).guest, hung_up=hung_up)
        told = [] if tells else notices
        if ends:
            self.end(room_id, call_id, told, is_told=tells)
        elif room.members:
            self._tell(room_id, RoomChange.LEFT, call_id, told)
        else:
            self._rooms.pop(room_id, None)

    def end(
        self, room_id: str, by: str = "", told: Iterable[RoomNotice] = (), *, is_told: bool = False
    ) -> None:
        """Over for everybody; `told`: what is to be told before; `is_told`: who ended it tells everything."""
        room = self._rooms.get(room_id)
        if room is None:
            return
        notices = list(told)
        for member in room.members.values() if not is_told else ():
            notices += room.notice("leave", member.guest)
        reason = EndReason.ENDING_MEMBER_LEFT if by else EndReason.TOLD_TO
        end = room.notice("end") if not is_told else ()
        notices += [RoomNotice("end", each.number, reason=reason, ended_by=by) for each in end]
        self._tell(room_id, RoomChange.ENDED, by, notices)
        self._rooms.pop(room_id, None)

    # After another owner

    def resume(
        self, call_id: str, command: EnterRoom, since_s: float, heard: RoomNews | None, tell: Tell
    ) -> None:
        """Who was in before, under this or an earlier owner, is in again; told only what it does not know.

        Args:
            command: by which it entered.
            since_s: when that was.
            heard: what it heard last; nothing: it does not know that it is in.
        """
        room = self._rooms.get(command.room) or _Room(self._draw())
        member = room.members.get(call_id)
        if heard is None and member is None:
            self._enter(call_id, command, tell)
            return
        self._rooms[command.room] = room
        knows = heard is not None and heard.started
        if knows and not room.started:
            room.started = True
            self._tell(command.room, RoomChange.STARTED, call_id, but=call_id)
        if member is not None:
            member.tell = tell
        elif heard is not None:
            self._readmit(room, call_id, command, since_s, heard, tell)
        if heard is None:
            self._tell(command.room, RoomChange.ENTERED, call_id, only=call_id)
        elif room.started and not knows:
            self._tell(command.room, RoomChange.STARTED, call_id, only=call_id)
        self._start_if_enough(command.room, room, call_id)

    def _readmit(
        self, room: _Room, call_id: str, command: EnterRoom, since_s: float, heard: RoomNews, tell: Tell
    ) -> None:
        """In the order of before, so that who told goes on telling, and who recorded recording."""
        rank = heard.callback is None, not heard.records, since_s
        room.members[call_id] = _Member(command.guest, tell, rank=rank)
        room.members = dict(sorted(room.members.items(), key=lambda item: item[1].rank))
        room.callback = heard.callback or room.callback or command.callback
        room.told = max(room.told, heard.told)
        room.conference = heard.conference or room.conference
        if not self.holding:
            self._tell(command.room, RoomChange.JOINED, call_id, but=call_id)
        for newcomer in room.newcomers:
            self._tell(command.room, RoomChange.JOINED, call_id, only=newcomer)
            self._tell(command.room, RoomChange.JOINED, newcomer, only=call_id)
        self._tell_numbers(command.room, room, call_id, room.newcomers)

    def release(self) -> None:
        """Who had to come back has had the time to: from now on numbers count."""
        self.holding = False
        for room_id, room in tuple(self._rooms.items()):
            room.newcomers.clear()
            self._start_if_enough(room_id, room, next(reversed(room.members), ""))

    def _tell(
        self,
        room_id: str,
        change: RoomChange,
        about: str,
        notices: Iterable[RoomNotice] = (),
        *,
        only: str = "",
        but: str = "",
        participant: int = 0,
    ) -> None:
        room = self._rooms[room_id]
        for call_id, member in tuple(room.members.items()):
            if call_id != but and only in ("", call_id):
                told = tuple(notices) if call_id == room.reporter else ()
                news = RoomNews(room_id, change, about, notices=told, participant=participant)
                member.tell(self._completed(news, room, call_id))

    def _roster(self, room: _Room, call_id: str) -> tuple[Guest, ...]:
        """Told to nobody else, as it is long and seldom of use."""
        if room.callback is None or call_id != room.reporter or not room.members[call_id].guest.ends:
            return ()
        return tuple(each.guest for other, each in room.members.items() if other != call_id)

    def _completed(self, news: RoomNews, room: _Room, call_id: str) -> RoomNews:
        """With what every member is told of its room."""
        recorder = next((each.guest.call_id for each in room.members.values() if each.guest.records), "")
        return replace(
            news,
            others=len(room.members) - 1,
            started=room.started,
            conference=room.conference,
            callback=room.callback if call_id == room.reporter else None,
            told=room.told,
            roster=self._roster(room, call_id),
            records=call_id == recorder,
        )
