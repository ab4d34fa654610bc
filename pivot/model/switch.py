"""What the switch can be told to do with a leg.

Each command has a Msg-ID of the engine's choice, by which the switch names it when it refuses. What takes
time ends in an `Executed` event; media end in one that names the `noop_id` behind them.
"""

from __future__ import annotations

from typing import TypeAlias

from pivot.model.dialling import DiallingCommand
from pivot.model.hot import hot_dataclass
from pivot.model.plain import plain
from pivot.model.rooms import ConferenceCommand


@plain
@hot_dataclass(frozen=True, slots=True)
class AnswerCall:
    """Answer the caller's leg."""

    msg_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class SetNumber:
    """From now on the caller's channel has this calling number."""

    msg_id: str
    number: str


@plain
@hot_dataclass(frozen=True, slots=True)
class PlayMedia:
    """Play a URL or a media id; `Executed` with `noop_id` when it ended or was stopped by a key."""

    msg_id: str
    noop_id: str
    media: str
    terminators: tuple[str, ...] = ()
    leg: str | None = None
    """The leg that hears it; None: the caller."""


@plain
@hot_dataclass(frozen=True, slots=True)
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
@hot_dataclass(frozen=True, slots=True)
class StopMedia:
    """Stop what plays, and forget what waits; earlier `noop_id`s never come."""

    msg_id: str
    leg: str | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class SendDigits:
    """Press keys towards the leg; `Executed` with `noop_id`."""

    msg_id: str
    noop_id: str
    digits: str
    duration_s: float = 0.2
    leg: str | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class Respond:
    """Decline an unanswered call; `media` is heard before."""

    msg_id: str
    noop_id: str
    sip_code: int
    reason: str
    media: str | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class Hangup:
    """End a leg; without `leg` the caller's."""

    msg_id: str
    cause: str | None = None
    leg: str | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class Beep:
    """One tone, then a short silence; `Executed` of `tones` when it ended."""

    msg_id: str
    frequency_hz: int = 440
    on_s: float = 0.5
    off_s: float = 0.1
    leg: str | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class RecordLeg:
    """Record what a leg says, into one file; ends in `RecordingStopped`.

    Keys of `terminators` end it, silence of `silence_s` (0: never), and `max_s`.
    """

    msg_id: str
    name: str
    """File name; the extension is one of `mp3`, `wav`, `mp4`."""
    terminators: tuple[str, ...]
    max_s: float
    silence_s: float
    leg: str | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class SendFile:
    """The switch puts a file that it holds to a URL; `FileSent` follows.

    Goes to the media server and not to a channel: it also works when the call is over.
    """

    msg_id: str
    path: str
    url: str
    node: str = ""
    """The media server that holds it; empty: the call's own."""


@plain
@hot_dataclass(frozen=True, slots=True)
class EchoLeg:
    """Send the caller's voice back until something else is told."""

    msg_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class AskChannel:
    """Does the leg still exist? `ChannelFound` if it does; silence if not."""

    msg_id: str
    leg: str | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class AskIdle:
    """Is all done that was queued before? `Executed` with this `msg_id` as its noop when it is.

    For an end that should have been heard of by now: nothing is stopped by the question.
    """

    msg_id: str
    leg: str | None = None


SwitchCommand: TypeAlias = (
    AnswerCall
    | SetNumber
    | PlayMedia
    | SpeakText
    | StopMedia
    | SendDigits
    | Respond
    | Hangup
    | Beep
    | RecordLeg
    | SendFile
    | EchoLeg
    | AskChannel
    | AskIdle
    | DiallingCommand
    | ConferenceCommand
)
