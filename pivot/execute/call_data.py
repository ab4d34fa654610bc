"""Parts of a call's state, as plain data: what is below everything else in the engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pivot.model.call import Method
from pivot.model.codes import Code, Outcome
from pivot.model.events import Event
from pivot.model.hot import hot_dataclass
from pivot.model.instructions import Callback
from pivot.model.plain import plain


@plain
class Phase(StrEnum):
    """Where a call is; `machine.py` tells what leads from one to the next."""

    NEW = "new"
    ASKING = "asking"
    RUNNING = "running"
    ENDING = "ending"
    REPORTING = "reporting"
    OVER = "over"


@plain
@dataclass(slots=True)
class Question:
    """The fetch in flight."""

    fetch_id: str
    asked_url: str
    """As named by callflow or a document, without the parameters of a GET."""
    sent_url: str
    method: Method
    extra: tuple[tuple[str, str], ...] = ()
    """What the verb added to the request."""
    is_fallback: bool = False
    iteration: int = 1
    outlives_caller: bool = False
    """The server is told although the caller hangs up meanwhile; its answer then means nothing."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Cookie:
    """Set by a server in this call, sent back to it in this call."""

    host: str
    path: str
    name: str
    value: str
    secure: bool = False
    ends_at_s: float | None = None
    """Seconds since 1970; None: with the call."""


@plain
@dataclass(slots=True)
class Verdict:
    """What became of the call, while there is still something to be done."""

    outcome: Outcome = Outcome.OK
    code: Code | None = None
    message: str = ""


@plain
@hot_dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event that is seen only when it is known that the caller has not hung up."""

    event: Event
    place: tuple[int, int]
    """The document and the instruction that ran when it came."""


@plain
@dataclass(slots=True)
class Recording:
    """One file."""

    key: str
    """32 hex digits, fresh for each recording; also its file's name."""
    leg: str
    source: str
    """`RecordVerb`, `DialVerb`, `Conference`, `StartCallRecordingTwiML`."""
    url: str
    """Where it will be fetched, absolute."""
    status: Callback | None = None
    """`url` is absolute."""
    channels: int = 1
    track: str = "both"
    started: bool = False
    began: str = ""
    """When, as it is told."""
    conference_sid: str = ""
    """Of a conference: as it is told."""
    length_s: float = 0.0
    upload_id: str = ""
    """Of the command that sends the file; empty: not yet."""
    done: bool = False
    extension: str = "mp3"
    """Of the file; `begin_recording` makes it the operator's choice."""

    @property
    def name(self) -> str:
        """File name: key and extension."""
        return f"{self.key}.{self.extension}"
