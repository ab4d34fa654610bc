"""The owner of all rooms, in this process: who is in, when a conference starts, who tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

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


@dataclass(slots=True)
class _Room:
    members: dict[str, _Member] = field(default_factory=dict)
    started: bool = False
    callback: Callback | None = None
    told: int = 0

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
    """Members of every room, by account and name."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}

    def perform(self, call_id: str, command: RoomCommand, tell: Tell) -> None:
        """Do it; news reach every member through what it gave as `tell`, at once."""
        match command:
            case EnterRoom():
                self._enter(call_id, command, tell)
            case LeaveRoom(room, ends, hung_up):
                self.leave(call_id, room, ends=ends, hung_up=hung_up)
            case SayParticipant(room, participant):
                self._number(call_id, room, participant)

    def _enter(self, call_id: str, command: EnterRoom, tell: Tell) -> None:
        guest = command.guest
        room = self._rooms.get(command.room) or _Room()
        labels = {member.guest.label for member in room.members.values()}
        full = len(room.members) >= command.max_members
        if full or (guest.label and guest.label in labels):
            why = RoomChange.FULL if full else RoomChange.LABEL_TAKEN
            tell(RoomNews(command.room, why, call_id, len(room.members)))
            return
        self._rooms[command.room] = room
        room.callback = room.callback or command.callback
        room.members[call_id] = _Member(guest, tell)
        notices = room.notice("join", guest)
        self._tell(command.room, RoomChange.ENTERED, call_id, notices, only=call_id)
        self._tell(command.room, RoomChange.JOINED, call_id, notices, but=call_id)
        starts = any(member.guest.starts for member in room.members.values())
        if not room.started and starts and len(room.members) >= _ENOUGH:
            self.start(command.room, call_id)
        for member in tuple(room.members.values()):
            if member.participant:
                news = RoomNews(
                    command.room, RoomChange.NUMBERED, member.guest.call_id, participant=member.participant
                )
                tell(self._completed(news, room, call_id))

    def start(self, room_id: str, by: str = "") -> None:
        room = self._rooms.setdefault(room_id, _Room())
        room.started = True
        self._tell(room_id, RoomChange.STARTED, by, room.notice("start"))

    def _number(self, call_id: str, room_id: str, participant: int) -> None:
        room = self._rooms.get(room_id)
        if room is not None and call_id in room.members:
            room.members[call_id].participant = participant
            self._tell(room_id, RoomChange.NUMBERED, call_id, but=call_id, participant=participant)

    def leave(self, call_id: str, room_id: str, *, ends: bool = False, hung_up: bool = False) -> None:
        """A member is gone; the last one, or one whose exit ends it, ends the conference.

        Who told of the others tells of its own leaving by itself, as it is not told anything any more.
        """
        room = self._rooms.get(room_id)
        if room is None or call_id not in room.members:
            return
        was_reporter = room.reporter == call_id
        notices = room.notice("leave", room.members.pop(call_id).guest, hung_up=hung_up)
        told = [] if was_reporter else notices
        if ends:
            self.end(room_id, call_id, told, is_told=was_reporter)
        elif room.members:
            self._tell(room_id, RoomChange.LEFT, call_id, told)
        else:
            self._rooms.pop(room_id, None)

    def end(
        self, room_id: str, by: str = "", told: Iterable[RoomNotice] = (), *, is_told: bool = False
    ) -> None:
        """Over for everybody; `is_told`: who ended it tells that."""
        room = self._rooms.get(room_id)
        if room is None:
            return
        notices = list(told)
        for member in room.members.values():
            notices += room.notice("leave", member.guest)
        if not is_told:
            reason = EndReason.ENDING_MEMBER_LEFT if by else EndReason.TOLD_TO
            notices += [
                RoomNotice("end", each.number, reason=reason, ended_by=by) for each in room.notice("end")
            ]
        self._tell(room_id, RoomChange.ENDED, by, notices)
        self._rooms.pop(room_id, None)

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

    def _completed(self, news: RoomNews, room: _Room, call_id: str) -> RoomNews:
        """With what every member is told of its room."""
        recorder = next((each.guest.call_id for each in room.members.values() if each.guest.records), "")
        return replace(
            news,
            others=len(room.members) - 1,
            started=room.started,
            callback=room.callback if call_id == room.reporter else None,
            told=room.told,
            records=call_id == recorder,
        )
