"""All meeting places in one process: for a single worker, the demo, the simulator and tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from pivot.meeting.membership import ENTERS, place_of, way_out
from pivot.meeting.queues import QueueTable
from pivot.meeting.rooms import RoomTable
from pivot.model.queues import QueueCommand, QueueNews
from pivot.model.rooms import RoomCommand, RoomNews

Hear: TypeAlias = Callable[[RoomNews | QueueNews], None]


class LocalMeetings:
    """Callers of this process meet; those that other processes serve are never met.

    Args:
        now: seconds on a clock that does not run backwards.

    Attributes:
        rooms: who is in which conference.
        queues: who waits in which queue.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.rooms = RoomTable()
        self.queues = QueueTable(now)
        self._places: dict[str, dict[str, RoomCommand | QueueCommand]] = {}

    def perform(self, call_id: str, command: RoomCommand | QueueCommand, hear: Hear) -> None:
        """Do it; news of the place reach `hear` from now on, at once."""
        if isinstance(command, ENTERS):
            self._places.setdefault(call_id, {})[place_of(command)] = way_out(command, over=True)
        self._do(call_id, command, hear)

    def leave(self, call_id: str) -> None:
        """The session is over: out of every place."""
        for command in self._places.pop(call_id, {}).values():
            self._do(call_id, command, _deaf)

    def _do(self, call_id: str, command: RoomCommand | QueueCommand, hear: Hear) -> None:
        if isinstance(command, RoomCommand):
            self.rooms.perform(call_id, command, hear)
        else:
            self.queues.perform(call_id, command, hear)


def _deaf(news: RoomNews | QueueNews) -> None:
    """A session that is over hears nothing."""
