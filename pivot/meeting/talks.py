"""Pairs of a queue who talk. The switch tells the party who took the caller; the caller has to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pivot.model.queues import QueueChange, QueueNews

Tell = Callable[[QueueNews], None]


@dataclass(slots=True, eq=False)
class Talker:
    """One side of a talk. The other side may be unknown here: gone, or still to come back."""

    call_id: str
    tell: Tell
    other: str
    is_caller: bool


class Talks:
    """The talks of one queue."""

    def __init__(self) -> None:
        self._talkers: dict[str, Talker] = {}
        self._ended: set[tuple[str, str]] = set()
        """Agent and caller of talks that ended before the caller has come back."""

    def __len__(self) -> int:
        return len(self._talkers)

    def begin(self, queue_id: str, talker: Talker, *, knows: bool = False) -> None:
        """One side is in the talk from now on; `knows`: a caller who need not be told so."""
        self._talkers[talker.call_id] = talker
        if talker.is_caller and not knows:
            talker.tell(QueueNews(queue_id, QueueChange.JOINED, talker.other))
        if (talker.other, talker.call_id) in self._ended:
            self._part(queue_id, talker)

    def leave(self, queue_id: str, call_id: str, *, untold: bool) -> None:
        """One side is gone from its talk; `untold`: its worker is gone, and the talk perhaps goes on."""
        talker = self._talkers.pop(call_id, None)
        caller = self._caller(talker.other, call_id) if talker is not None else None
        if caller is not None and untold:
            caller.tell(QueueNews(queue_id, QueueChange.ABANDONED, call_id))
        elif caller is not None:
            self._part(queue_id, caller)

    def ended(self, queue_id: str, agent: str, caller: str, *, returns: bool) -> None:
        """An earlier owner perhaps did not say that it is over; `returns`: the caller may still come back."""
        self._talkers.pop(agent, None)
        if returns:
            self._ended.add((agent, caller))
        if (talker := self._caller(caller, agent)) is not None:
            self._part(queue_id, talker)

    def talks_with(self, call_id: str, other: str) -> bool:
        """Whether `call_id` is here and in a talk with `other`, or was under an earlier owner."""
        talker = self._talkers.get(call_id)
        return (call_id, other) in self._ended or (talker is not None and talker.other == other)

    def abandon(self, queue_id: str) -> None:
        """Who is not back by now does not come back."""
        self._ended.clear()
        for talker in tuple(self._talkers.values()):
            if talker.is_caller and not self.talks_with(talker.other, talker.call_id):
                talker.tell(QueueNews(queue_id, QueueChange.ABANDONED, talker.other))

    def _caller(self, call_id: str, agent: str) -> Talker | None:
        talker = self._talkers.get(call_id)
        return talker if talker is not None and talker.is_caller and talker.other == agent else None

    def _part(self, queue_id: str, caller: Talker) -> None:
        del self._talkers[caller.call_id]
        caller.tell(QueueNews(queue_id, QueueChange.PARTED, caller.other))
