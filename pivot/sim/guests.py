"""Simulated conference members without a session: a script has them join, leave and end the conference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pivot.meeting.rooms import RoomTable
from pivot.model.rooms import EnterRoom, Guest, RoomNews, SayParticipant
from pivot.sim.publisher import Clock


class Guests:
    """The other members of one room.

    Args:
        table: the rooms' owner.
        room: which room.
    """

    def __init__(self, table: RoomTable, room: str) -> None:
        self._table = table
        self._room = room
        self._inside = 0

    def join(self, *, starts: bool = True) -> None:
        """One more comes in."""
        self._inside += 1
        call_id = f"guest-{self._inside}@sim"
        self._table.perform(call_id, EnterRoom(self._room, "", Guest(call_id, starts)), _nobody)
        self._table.perform(call_id, SayParticipant(self._room, self._inside), _nobody)

    def leave(self, *, ends: bool = False) -> None:
        """The latest goes; `ends`: and with it the conference."""
        self._table.leave(f"guest-{self._inside}@sim", self._room, ends=ends)
        self._inside -= 1

    def follow(self, script: Iterable[Mapping[str, Any]], clock: Clock) -> None:
        """Rows `conf` of a script: `join`, `leave` with `end`, `end`."""
        for row in script:
            if row["do"] == "conf":
                clock.call_later(row["t"], self._do, row["event"], row.get("end", False))

    def _do(self, event: str, ends: bool) -> None:
        match event:
            case "join":
                self.join()
            case "leave":
                self.leave(ends=ends)
            case "end":
                self._table.end(self._room)


def _nobody(news: RoomNews) -> None:
    """A guest is told nothing."""
