"""Rooms in which several callers of an account hear each other.

Who is in a room, and whether its conference has started, is known to the room's owner and not to the
switch: waiting callers are not in the switch's conference yet.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pivot.model.instructions import Callback
from pivot.model.plain import plain


def room_id(account_id: str, name: str) -> str:
    """The id of an account's room; two accounts never share one."""
    return hashlib.md5(f"{account_id}{name}".encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


@plain
@dataclass(frozen=True, slots=True)
class EnterRoom:
    """Become a member; `RoomNews` follows, at once and whenever something changes."""

    room: str
    name: str
    starts: bool = True
    """With this member present, two are enough to start."""
    max_members: int = 250
    muted: bool = False
    callback: Callback | None = None
    """Who is told of the conference; the first member that names one decides."""


@plain
@dataclass(frozen=True, slots=True)
class LeaveRoom:
    room: str
    ends: bool = False
    """The conference ends for all."""


RoomCommand: TypeAlias = EnterRoom | LeaveRoom


@plain
class RoomChange(StrEnum):
    ENTERED = "entered"
    FULL = "full"
    JOINED = "joined"
    LEFT = "left"
    STARTED = "started"
    ENDED = "ended"


@plain
@dataclass(frozen=True, slots=True)
class RoomNews:
    """Something changed in a room that we are in, or we could not enter."""

    room: str
    change: RoomChange
    member: str = ""
    """Whom it is about, by Call-ID."""
    others: int = 0
    """Members beside us."""
    started: bool = False
    callback: Callback | None = None
    """Set for the one member who tells of what happens."""


# ---- the switch's side


@plain
@dataclass(frozen=True, slots=True)
class JoinConference:
    """Bring the caller into the switch's conference; `ConferenceJoined`, then an `Executed` when it left."""

    msg_id: str
    room: str
    muted: bool = False


@plain
@dataclass(frozen=True, slots=True)
class LeaveConference:
    """Take one member out of the switch's conference; the channel stays."""

    msg_id: str
    room: str
    participant: int


@plain
@dataclass(frozen=True, slots=True)
class BeepConference:
    """All members hear a short tone."""

    msg_id: str
    room: str


@plain
@dataclass(frozen=True, slots=True)
class ConferenceJoined:
    call_id: str
    participant: int


ConferenceCommand: TypeAlias = JoinConference | LeaveConference | BeepConference
