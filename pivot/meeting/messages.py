"""What workers write to each other about places.

A worker writes to the owner of a shard within a *session*: a number that it draws anew each time it tells
the owner all of its memberships. An owner to whom a session is unknown asks for them and does nothing else,
and what is told in an earlier session than the last is not heard: so both always speak of the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import orjson

from pivot.meeting.membership import Command, Membership, News
from pivot.model.plain import from_json, plain, to_json

T = TypeVar("T")

# ---- from a worker to the owner of a shard


@plain
@dataclass(frozen=True, slots=True)
class Resumes:
    """A new session begins: all memberships follow, then `Resumed`.

    `known` has queues that somebody entered, each with when it was used last, in seconds since 1970.
    """

    known: tuple[tuple[str, float], ...] = ()


@plain
@dataclass(frozen=True, slots=True)
class Stands:
    """A worker tells the owner of a membership anew, whole."""

    membership: Membership


@plain
@dataclass(frozen=True, slots=True)
class Resumed:
    """These were all: other calls of this worker are in no place of the shard."""


@plain
@dataclass(frozen=True, slots=True)
class Says:
    """A call's command to the place that the stay `stay` is in."""

    stay: int
    call_id: str
    command: Command


@plain
@dataclass(frozen=True, slots=True)
class Renews:
    """The worker lives; `Alive` with the same number follows."""

    number: int


ToOwnerItem: TypeAlias = Resumes | Stands | Resumed | Says | Renews


@plain
@dataclass(frozen=True, slots=True)
class ToOwner:
    """From a worker to the owner of a shard; `session` numbers the worker's present series of messages."""

    worker: str
    inbox: str
    session: int
    items: tuple[ToOwnerItem, ...]


# ---- from the owner of a shard to a worker


@plain
@dataclass(frozen=True, slots=True)
class Tells:
    """News of the owner for the call with the stay `stay`."""

    stay: int
    news: News


@plain
@dataclass(frozen=True, slots=True)
class IsOver:
    """The stay is over, as the call has said."""

    stay: int


@plain
@dataclass(frozen=True, slots=True)
class Alive:
    """All that was written before the renewal of this number has been done."""

    number: int


@plain
@dataclass(frozen=True, slots=True)
class AsksAll:
    """The session is unknown; in no session: the owner is new. Whoever stands in the shard resumes."""


ToWorkerItem: TypeAlias = Tells | IsOver | Alive | AsksAll
NO_SESSION = 0


@plain
@dataclass(frozen=True, slots=True)
class ToWorker:
    """From the owner of a shard to a worker; `session` is that of the worker, or NO_SESSION."""

    shard: int
    session: int
    items: tuple[ToWorkerItem, ...]


def encode(message: ToOwner | ToWorker) -> bytes:
    """The message as JSON in bytes; `decode` is the way back."""
    return orjson.dumps(to_json(message))


def decode(kind: type[T], body: bytes) -> T:
    """The message of this kind.

    Raises:
        ValueError: it is none.
    """
    try:
        message = from_json(orjson.loads(body))
    except (TypeError, KeyError) as error:
        raise ValueError(f"no message about places: {error!r}") from error
    if not isinstance(message, kind):
        raise ValueError(f"no {kind.__name__}")
    return message
