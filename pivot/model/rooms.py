"""Rooms in which several callers of an account hear each other.

Who is in a room, and whether its conference has started, is known to the room's owner and not to the
switch: waiting callers are not in the switch's conference yet.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TypeAlias

from pivot.model.hot import hot_dataclass
from pivot.model.instructions import Callback, NameValue
from pivot.model.plain import plain


def room_id(account_id: str, name: str) -> str:
    """The id of an account's room; two accounts never share one."""
    return hashlib.md5(f"{account_id}{name}".encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


@plain
@hot_dataclass(frozen=True, slots=True)
class Guest:
    """A member as callbacks describe it."""

    call_id: str
    starts: bool = True
    """With this member present, two are enough to start."""
    ends: bool = False
    """The conference ends with its leaving."""
    muted: bool = False
    coaching: str = ""
    """The CallSid that alone hears it."""
    label: str = ""
    """Of its own choice; no two members of a room have the same."""
    records: bool = False
    """It wants the conference recorded; one recording is enough."""


@plain
@hot_dataclass(frozen=True, slots=True)
class EnterRoom:
    """Become a member; `RoomNews` follows, at once and whenever something changes."""

    room: str
    name: str
    guest: Guest
    max_members: int = 250
    callback: Callback | None = None
    """Who is told of the conference; the first member that names one decides."""


@plain
@hot_dataclass(frozen=True, slots=True)
class LeaveRoom:
    """A member leaves a room."""

    room: str
    ends: bool = False
    """The conference ends for all."""
    hung_up: bool = False
    """The member's call is over."""
    untold: bool = False
    """It is gone without a word: what it would have told the callback is for another one to tell."""


@plain
@hot_dataclass(frozen=True, slots=True)
class SayParticipant:
    """Tell the others which number the switch's conference has given us."""

    room: str
    participant: int


RoomCommand: TypeAlias = EnterRoom | LeaveRoom | SayParticipant


@plain
class RoomChange(StrEnum):
    """What happened to a call in a room, or to the room itself."""

    ENTERED = "entered"
    FULL = "full"
    LABEL_TAKEN = "label taken"
    """Somebody in the room has our label; we are not in."""
    JOINED = "joined"
    NUMBERED = "numbered"
    """The switch's conference has given a member its number."""
    LEFT = "left"
    STARTED = "started"
    ENDED = "ended"


@plain
class EndReason(StrEnum):
    """Why a conference is over, in Twilio's words."""

    LAST_LEFT = "last-participant-left"
    ENDING_MEMBER_LEFT = "participant-with-end-conference-on-exit-left"
    TOLD_TO = "conference-ended-via-api"


@plain
@hot_dataclass(frozen=True, slots=True)
class RoomNotice:
    """One callback that a member is to send."""

    event: str
    """`start`, `end`, `join` or `leave`."""
    number: int
    """Of this conference's callbacks; the first is 0."""
    guest: Guest | None = None
    """Whom it is about."""
    hung_up: bool = False
    reason: EndReason | None = None
    ended_by: str = ""
    """Call-ID of the member whose leaving ended it."""


@plain
@hot_dataclass(frozen=True, slots=True)
class RoomNews:
    """Something changed in a room that we are in, or we could not enter."""

    room: str
    change: RoomChange
    member: str = ""
    """Whom it is about, by Call-ID."""
    others: int = 0
    """Members beside us."""
    started: bool = False
    conference: str = ""
    """The conference's own id; the next one in the same room has another."""
    callback: Callback | None = None
    """Set for the one member who tells of what happens."""
    notices: tuple[RoomNotice, ...] = ()
    """What that member is to tell now."""
    told: int = 0
    """Callbacks of this conference so far, those in `notices` included."""
    roster: tuple[Guest, ...] = ()
    """The others, for the member who tells, when its leaving ends the conference and thus theirs."""
    participant: int = 0
    """The member's number in the switch's conference; 0: none yet."""
    records: bool = False
    """It is for us to record the conference."""


# ---- the switch's side


@plain
@hot_dataclass(frozen=True, slots=True)
class JoinConference:
    """Bring the caller into the switch's conference; `ConferenceJoined`, then an `Executed` when it left."""

    msg_id: str
    room: str
    muted: bool = False
    extras: tuple[NameValue, ...] = ()
    """Attributes that only Kazoo's documents have, by their written names."""


@plain
@hot_dataclass(frozen=True, slots=True)
class SilenceBetween:
    """One member is not heard by another one."""

    msg_id: str
    room: str
    participant: int
    """Who is not heard."""
    other: int


@plain
@hot_dataclass(frozen=True, slots=True)
class LeaveConference:
    """Take one member out of the switch's conference; the channel stays."""

    msg_id: str
    room: str
    participant: int


@plain
@hot_dataclass(frozen=True, slots=True)
class BeepConference:
    """All members hear a short tone."""

    msg_id: str
    room: str


@plain
@hot_dataclass(frozen=True, slots=True)
class ConferenceJoined:
    """The switch has the leg in a conference; `participant` is the switch's number for the member."""

    call_id: str
    participant: int


@plain
@hot_dataclass(frozen=True, slots=True)
class ConferenceBegun:
    """The switch has begun to run its conference on the leg; its number there may follow."""

    call_id: str


ConferenceCommand: TypeAlias = JoinConference | SilenceBetween | LeaveConference | BeepConference
