"""How a call stands in a place, as its own worker knows it: enough to make the place anew."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TypeAlias

from pivot.model.plain import plain
from pivot.model.queues import (
    AskPlace,
    EnterQueue,
    LeaveQueue,
    QueueChange,
    QueueCommand,
    QueueNews,
    SayJoined,
    SayReady,
    TakeFromQueue,
)
from pivot.model.rooms import EnterRoom, LeaveRoom, RoomChange, RoomCommand, RoomNews

Command: TypeAlias = RoomCommand | QueueCommand
News: TypeAlias = RoomNews | QueueNews
ENTERS = (EnterRoom, EnterQueue, TakeFromQueue)
LEAVES = (LeaveRoom, LeaveQueue)
_REFUSED_OR_OVER = (
    RoomChange.FULL,
    RoomChange.LABEL_TAKEN,
    RoomChange.ENDED,
    QueueChange.FULL,
    QueueChange.UNKNOWN,
    QueueChange.PARTED,
)
_TALKS = (QueueChange.JOINED, QueueChange.ABANDONED)

SHARDS = 64
"""All workers of a cluster must agree."""


def place_of(command: Command) -> str:
    """The id of the room or queue that a command is for."""
    return command.room if isinstance(command, RoomCommand) else command.queue


def way_out(command: Command, *, over: bool = False) -> Command:
    """How one leaves who came by this command and is gone without a word.

    Args:
        over: its call is known to be over; then a conference that ends with it does, and so does a talk.
            A worker that is gone does not say so.
    """
    if isinstance(command, RoomCommand):
        ends_it = over and isinstance(command, EnterRoom) and command.guest.ends
        return LeaveRoom(command.room, ends_it, untold=True)
    return LeaveQueue(command.queue, untold=not over)


def shard_of(place: str) -> int:
    """Places are owned by the shard: 0 to SHARDS - 1."""
    return zlib.crc32(place.encode()) % SHARDS


def ends(news: News) -> bool:
    """Whether who hears this is in the place no longer."""
    return news.change in _REFUSED_OR_OVER


@plain
@dataclass(frozen=True, slots=True)
class Membership:
    """One stay of one call in one place."""

    stay: int
    """Tells the stays of one worker apart, and grows."""
    call_id: str
    since_s: float
    """Seconds since 1970."""
    words: tuple[Command, ...]
    """What the call said: by which it came first, then the last of each kind."""
    news: News | None = None
    """What it heard last, answers to `AskPlace` apart."""

    @property
    def place(self) -> str:
        """Id of the room or queue."""
        return place_of(self.words[0])

    @property
    def has_left(self) -> bool:
        """True when the last command of the call was to leave."""
        return isinstance(self.words[-1], LEAVES)

    @property
    def talks_with(self) -> str:
        """The Call-ID of the other side, for who was taken out of a queue or has taken, and was joined."""
        if isinstance(self.news, QueueNews) and self.news.change in _TALKS:
            return self.news.other
        return next((word.other for word in self.words if isinstance(word, SayJoined)), "")

    def said(self, command: Command) -> Membership:
        """The membership after a command of the call; a command replaces an earlier one of its kind."""
        kept = tuple(word for word in self.words if type(word) is not type(command))
        return replace(self, words=(*kept, command))

    def heard(self, news: News) -> Membership:
        """The membership after news of the owner; commands that the news answers are dropped."""
        match news:
            case QueueNews(change=QueueChange.PLACE):
                return replace(self, words=_without(self.words, AskPlace))
            case QueueNews(change=QueueChange.TAKEN | QueueChange.LOST):
                return replace(self, words=_without(self.words, SayReady), news=news)
            case QueueNews(change=QueueChange.JOINED):
                waited = _without(self.words, AskPlace)
                return replace(self, words=_without(waited, SayReady), news=news)
        return replace(self, news=news)


def _without(words: tuple[Command, ...], kind: type[AskPlace] | type[SayReady]) -> tuple[Command, ...]:
    return tuple(word for word in words if not isinstance(word, kind))
