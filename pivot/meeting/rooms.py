"""The owner of all rooms, in this process: who is in, when a conference starts, who tells of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pivot.model.instructions import Callback
from pivot.model.rooms import EnterRoom, LeaveRoom, RoomChange, RoomCommand, RoomNews

Tell = Callable[[RoomNews], None]
_ENOUGH = 2


@dataclass(slots=True)
class _Member:
    starts: bool
    tell: Tell
    callback: Callback | None = None


@dataclass(slots=True)
class _Room:
    members: dict[str, _Member] = field(default_factory=dict)
    started: bool = False
    callback: Callback | None = None


class RoomTable:
    """Members of every room, by account and name."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}

    def perform(self, call_id: str, command: RoomCommand, tell: Tell) -> None:
        """Do it; news reach every member through what it gave as `tell`, at once."""
        match command:
            case EnterRoom():
                self._enter(call_id, command, tell)
            case LeaveRoom(room, ends):
                self.leave(call_id, room, ends=ends)

    def _enter(self, call_id: str, command: EnterRoom, tell: Tell) -> None:
        room = self._rooms.setdefault(command.room, _Room())
        if len(room.members) >= command.max_members:
            tell(RoomNews(command.room, RoomChange.FULL, call_id, len(room.members)))
            return
        room.callback = room.callback or command.callback
        room.members[call_id] = _Member(command.starts, tell, command.callback)
        self._tell(command.room, RoomChange.ENTERED, call_id, only=call_id)
        self._tell(command.room, RoomChange.JOINED, call_id, but=call_id)
        starts = any(member.starts for member in room.members.values())
        if not room.started and starts and len(room.members) >= _ENOUGH:
            self.start(command.room, call_id)

    def start(self, room_id: str, by: str = "") -> None:
        self._rooms.setdefault(room_id, _Room()).started = True
        self._tell(room_id, RoomChange.STARTED, by)

    def leave(self, call_id: str, room_id: str, *, ends: bool = False) -> None:
        """A member is gone; the last one, or one whose exit ends it, ends the conference."""
        room = self._rooms.get(room_id)
        if room is None or call_id not in room.members:
            return
        del room.members[call_id]
        if ends:
            self.end(room_id)
        else:
            self._tell(room_id, RoomChange.LEFT, call_id)
        if not room.members:
            self._rooms.pop(room_id, None)

    def end(self, room_id: str) -> None:
        """Over for everybody."""
        self._tell(room_id, RoomChange.ENDED, "")
        self._rooms.pop(room_id, None)

    def _tell(self, room_id: str, change: RoomChange, about: str, *, only: str = "", but: str = "") -> None:
        room = self._rooms[room_id] if room_id in self._rooms else _Room()
        reporter = next(iter(room.members), "")
        for call_id, member in tuple(room.members.items()):
            if call_id != but and only in ("", call_id):
                callback = room.callback if call_id == reporter else None
                others = len(room.members) - 1
                member.tell(RoomNews(room_id, change, about, others, room.started, callback))
