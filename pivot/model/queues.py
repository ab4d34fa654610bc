"""Queues in which callers of an account wait until somebody takes them out.

Who waits, in which order, and who is there to take them, is known to the queue's owner and not to the
switch. A caller enters; a party who dials the queue is given the one who has waited longest; the caller may
still hear a document; then the party joins the caller's leg.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pivot.model.instructions import Callback
from pivot.model.plain import plain


def queue_id(account_id: str, name: str) -> str:
    """The id of an account's queue; two accounts never share one."""
    return hashlib.md5(
        f"queue {account_id} {name}".encode("utf-8", "replace"), usedforsecurity=False
    ).hexdigest()


# ---- from a caller who waits


@plain
@dataclass(frozen=True, slots=True)
class EnterQueue:
    """Wait; `QueueNews` follows: `entered` or `full`, later `taken`."""

    queue: str
    name: str
    max_size: int = 1000


@plain
@dataclass(frozen=True, slots=True)
class AskPlace:
    """`QueueNews` `place` follows, with the numbers as they are now."""

    queue: str


@plain
@dataclass(frozen=True, slots=True)
class SayReady:
    """Who was taken has heard everything: the party may join the leg."""

    queue: str
    other: str
    """The party who took us, as far as we have heard."""


@plain
@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """Wait no longer, or take no longer; who was matched with us is told."""

    queue: str


# ---- from a party who takes callers out


@plain
@dataclass(frozen=True, slots=True)
class TakeFromQueue:
    """Be given the caller who has waited longest, or the next who comes.

    `QueueNews` follows: `unknown`, `awaiting`, `matched`, then `ready`.
    """

    queue: str
    name: str
    whisper: Callback | None = None
    """A document that the caller hears before; its URL is absolute."""


# ---- from both


@plain
@dataclass(frozen=True, slots=True)
class SayJoined:
    """Both hear each other: the caller waits no longer. The word of one of them is enough."""

    queue: str
    other: str
    """The other side; it may be gone again, and another one may have been given to us meanwhile."""


QueueCommand: TypeAlias = EnterQueue | AskPlace | SayReady | LeaveQueue | TakeFromQueue | SayJoined


@plain
class QueueChange(StrEnum):
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


@plain
@dataclass(frozen=True, slots=True)
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
