"""Queues in which callers of an account wait until somebody takes them out.

Who waits, in which order, and who is there to take them, is known to the queue's owner and not to the
switch. A caller enters; a party who dials the queue is given the one who has waited longest; the caller may
still hear a document; then the party joins the caller's leg, and both talk until one of them leaves.

The switch tells of the talk on the party's leg alone: CHANNEL_BRIDGE and CHANNEL_UNBRIDGE are published for
the leg that was first in the bridge. The caller learns both from the owner. Measured on FreeSWITCH 1.10.11.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TypeAlias

from pivot.model.hot import hot_dataclass
from pivot.model.instructions import Callback
from pivot.model.plain import plain


def queue_id(account_id: str, name: str) -> str:
    """The id of an account's queue; two accounts never share one."""
    return hashlib.md5(
        f"queue {account_id} {name}".encode("utf-8", "replace"), usedforsecurity=False
    ).hexdigest()


# ---- from a caller who waits


@plain
@hot_dataclass(frozen=True, slots=True)
class EnterQueue:
    """Wait; `QueueNews` follows: `entered` or `full`, later `taken`."""

    queue: str
    name: str
    max_size: int = 1000


@plain
@hot_dataclass(frozen=True, slots=True)
class AskPlace:
    """`QueueNews` `place` follows, with the numbers as they are now."""

    queue: str


@plain
@hot_dataclass(frozen=True, slots=True)
class SayReady:
    """Who was taken has heard everything: the party may join the leg."""

    queue: str
    other: str
    """The party who took us, as far as we have heard."""


@plain
@hot_dataclass(frozen=True, slots=True)
class LeaveQueue:
    """Wait no longer, take no longer, talk no longer; who was matched with us is told."""

    queue: str
    untold: bool = False
    """It is gone without a word: nobody knows what became of its call."""


# ---- from a party who takes callers out


@plain
@hot_dataclass(frozen=True, slots=True)
class TakeFromQueue:
    """Be given the caller who has waited longest, or the next who comes.

    `QueueNews` follows: `unknown`, `awaiting`, `matched`, then `ready`.
    """

    queue: str
    name: str
    whisper: Callback | None = None
    """A document that the caller hears before; its URL is absolute."""


@plain
@hot_dataclass(frozen=True, slots=True)
class SayJoined:
    """Both hear each other: the caller waits no longer and is told so. The talk ends with `LeaveQueue`."""

    queue: str
    other: str
    """The caller; it may be gone again, and another one may have been given to us meanwhile."""


QueueCommand: TypeAlias = EnterQueue | AskPlace | SayReady | LeaveQueue | TakeFromQueue | SayJoined


@plain
class QueueChange(StrEnum):
    """What happened to a call in a queue, for the caller or the agent."""

    ENTERED = "entered"
    FULL = "full"
    PLACE = "place"
    TAKEN = "taken"
    """`other` is the party who takes us; `whisper` what is to be heard before."""
    UNKNOWN = "unknown"
    """No queue of this name was ever entered."""
    AWAITING = "awaiting"
    """Nobody is in the queue."""
    MATCHED = "matched"
    """`other` is the caller who will be ours, `waited_s` how long it has waited."""
    READY = "ready"
    LOST = "lost"
    """The other is gone before both were joined; we are where we were before."""
    JOINED = "joined"
    """To the caller: `other`, who took us, has joined our leg."""
    PARTED = "parted"
    """To the caller: the talk with `other` is over, and so is our stay."""
    ABANDONED = "abandoned"
    """To the caller: the worker that served `other` is gone, and nobody will tell us of the talk's end."""


@plain
@hot_dataclass(frozen=True, slots=True)
class QueueNews:
    """Something changed for us in a queue."""

    queue: str
    change: QueueChange
    other: str = ""
    """The other side, by Call-ID."""
    position: int = 0
    """Ours, 1 for who is next."""
    size: int = 0
    """How many wait."""
    average_s: float = 0.0
    """How long those waited who were joined lately."""
    waited_s: float = 0.0
    whisper: Callback | None = None
