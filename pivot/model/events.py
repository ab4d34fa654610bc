"""What happened to a call, in the past tense. Everything the engine ever learns is one of these."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from pivot.model.dialling import DiallingEvent, EndpointsFound
from pivot.model.documents import Document, Refusal
from pivot.model.fetch import Answer, FetchFailure
from pivot.model.hot import hot_dataclass
from pivot.model.json import JsonObject
from pivot.model.plain import plain
from pivot.model.queues import QueueNews
from pivot.model.rooms import ConferenceBegun, ConferenceJoined, RoomNews
from pivot.model.speech import SpeechEvent


@plain
@hot_dataclass(frozen=True, slots=True)
class Requested:
    """callflow asked us; it waits `patience_s` more seconds for `processing` or `failed`."""

    patience_s: float
    redelivered: bool = False
    owner_ids: tuple[str, ...] = ()
    """Users who own the caller's device, where the account's database was asked for them."""
    began_at: float | None = None
    """Seconds since 1970 when the session's clock stood at zero."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Fetched:
    """A server answered; whether the answer is of any use is still to be seen."""

    fetch_id: str
    answer: Answer
    document: Document | Refusal | None = None
    """What the answer says, where that was found out beside the call's turn; None: it is still to be read."""


@plain
@hot_dataclass(frozen=True, slots=True)
class FetchFailed:
    """No answer came, and no further attempt will be made."""

    fetch_id: str
    failure: FetchFailure


@plain
@hot_dataclass(frozen=True, slots=True)
class Notified:
    """A notice was delivered, or given up."""

    fetch_id: str
    result: Answer | FetchFailure


@plain
@hot_dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer of StartTimer ran out; `name` is the timer's."""

    name: str


@plain
@hot_dataclass(frozen=True, slots=True)
class DigitPressed:
    """A party pressed one key, of `0123456789*#ABCD`."""

    call_id: str
    digit: str
    msg_id: str = field(default="", compare=False)
    """Of the message that told it; empty: unknown. Two messages with one id may tell of two keys."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Executed:
    """The switch completed a command on a leg.

    `response` of a `noop` is its Msg-ID, of a `bridge` the hang-up cause, of a `play` that made no sound
    `FILE NOT FOUND` or `PLAYBACK ERROR`.
    """

    call_id: str
    application: str
    response: str | None = None
    hung_up: bool | None = False
    """The leg was hung up when the switch told this; None: the switch does not say."""
    bridged: bool | None = field(default=None, kw_only=True)
    """Of a `bridge`: the leg has heard another one; None: the switch does not say."""
    hangup_code: str | None = field(default=None, kw_only=True)
    """Of a `bridge`: `sip:486` and the like."""


@plain
@hot_dataclass(frozen=True, slots=True)
class ChannelAnswered:
    """A party picked up, or we did for it."""

    call_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class ChannelFound:
    """A leg that we asked about exists."""

    call_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class RecordingStarted:
    """The switch writes a file; `path` where it lies on the media server, which may be unknown."""

    call_id: str
    path: str = ""


@plain
@hot_dataclass(frozen=True, slots=True)
class RecordingStopped:
    """A recording is over: by a key, by silence, by its limit, or with the channel."""

    call_id: str
    path: str = ""
    """Where the file lies on the media server."""
    length_s: float = 0.0
    terminator: str | None = None
    """The key that ended it."""
    by_silence: bool = False
    node: str = ""
    """The media server that holds the file."""


@plain
@hot_dataclass(frozen=True, slots=True)
class FileSent:
    """The media server has put a file to its URL, or could not."""

    msg_id: str
    """Of the command `SendFile`."""
    ok: bool
    message: str = ""


@plain
@hot_dataclass(frozen=True, slots=True)
class ChannelDestroyed:
    """A leg's channel is gone; for our own call no command may follow."""

    call_id: str
    hangup_cause: str | None = None
    hangup_code: str | None = None
    """`sip:486` and the like."""
    cdr: JsonObject = field(default_factory=dict)
    """The whole event as received, for `cdr_url`."""

    @property
    def answered(self) -> bool:
        """The leg had answered, as the switch tells at its end; False also when the switch does not tell."""
        return self.cdr.get("Disposition") == "ANSWER"


@plain
@hot_dataclass(frozen=True, slots=True)
class ListenedLate:
    """A leg's events reach us from now on; commands went out before, so some may have been missed."""

    call_id: str


@plain
@hot_dataclass(frozen=True, slots=True)
class Usurped:
    """Another process took control of a leg (`usurp_control` with another Fetch-ID)."""

    fetch_id: str
    call_id: str = ""
    """The leg; empty: the call's own."""


@plain
@hot_dataclass(frozen=True, slots=True)
class CommandFailed:
    """The broker lost or returned what we published, or the switch refused it.

    `msg_id` names the command when the switch refused it; `dropped` are the names of the commands that stood
    behind one that could not be published, and were not performed.
    """

    command: str
    code: str
    message: str
    msg_id: str | None = None
    dropped: tuple[str, ...] = ()


@plain
@hot_dataclass(frozen=True, slots=True)
class Drained:
    """The worker stops: end the call's part that can end, now."""

    can_give_back: bool = True
    """Another worker will be given what is not acknowledged."""


SwitchEvent: TypeAlias = (
    DigitPressed
    | Executed
    | ChannelAnswered
    | ChannelFound
    | RecordingStarted
    | RecordingStopped
    | FileSent
    | DiallingEvent
    | ConferenceBegun
    | ConferenceJoined
    | ChannelDestroyed
)
Event: TypeAlias = (
    Requested
    | Fetched
    | FetchFailed
    | Notified
    | TimerFired
    | EndpointsFound
    | RoomNews
    | QueueNews
    | SpeechEvent
    | SwitchEvent
    | ListenedLate
    | Usurped
    | CommandFailed
    | Drained
)
