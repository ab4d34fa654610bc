"""What the switch can be told to do with a leg.

Each command has a Msg-ID of the engine's choice, by which the switch names it when it refuses. What takes
time ends in an `Executed` event; media end in one that names the `noop_id` behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pivot.model.plain import plain


@plain
@dataclass(frozen=True, slots=True)
class AnswerCall:
    msg_id: str


@plain
@dataclass(frozen=True, slots=True)
class PlayMedia:
    """Play a URL or a media id; `Executed` with `noop_id` when it ended or was stopped by a key."""

    msg_id: str
    noop_id: str
    media: str
    terminators: tuple[str, ...] = ()
    leg: str | None = None
    """The leg that hears it; None: the caller."""


@plain
@dataclass(frozen=True, slots=True)
class SpeakText:
    """Speak with one of the switch's voices; `Executed` with `noop_id` when it ended."""

    msg_id: str
    noop_id: str
    text: str
    voice: str = "male"
    """`male` or `female`: with any other word the switch drops the command without a sound."""
    language: str = "en-us"
    engine: str = "flite"
    terminators: tuple[str, ...] = ()
    leg: str | None = None


@plain
@dataclass(frozen=True, slots=True)
class StopMedia:
    """Stop what plays, and forget what waits; earlier `noop_id`s never come."""

    msg_id: str
    leg: str | None = None


@plain
@dataclass(frozen=True, slots=True)
class SendDigits:
    """Press keys towards the leg; `Executed` with `noop_id`."""

    msg_id: str
    noop_id: str
    digits: str
    duration_s: float = 0.2
    leg: str | None = None


@plain
@dataclass(frozen=True, slots=True)
class Respond:
    """Decline an unanswered call; `media` is heard before."""

    msg_id: str
    noop_id: str
    sip_code: int
    reason: str
    media: str | None = None


@plain
@dataclass(frozen=True, slots=True)
class Hangup:
    """End a leg; without `leg` the caller's."""

    msg_id: str
    cause: str | None = None
    leg: str | None = None


SwitchCommand: TypeAlias = AnswerCall | PlayMedia | SpeakText | StopMedia | SendDigits | Respond | Hangup
