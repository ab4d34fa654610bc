"""A call's whole state in the engine, as plain data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pivot.model.call import Method, PivotRequest
from pivot.model.codes import Code, Outcome
from pivot.model.events import Event
from pivot.model.plain import plain

if TYPE_CHECKING:
    from pivot.execute.program import Program
    from pivot.execute.recordings import Recording
    from pivot.execute.side.task import Task


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
@dataclass(frozen=True, slots=True)
class Cookie:
    """Set by a server in this call, sent back to it in this call."""

    host: str
    path: str
    name: str
    value: str
    secure: bool = False


@plain
@dataclass(slots=True)
class Verdict:
    """What became of the call, while there is still something to be done."""

    outcome: Outcome = Outcome.OK
    code: Code | None = None
    message: str = ""


@plain
@dataclass(frozen=True, slots=True)
class HeldEvent:
    """An event that is seen only when it is known that the caller has not hung up."""

    event: Event
    place: tuple[int, int]
    """The document and the instruction that ran when it came."""


@plain
@dataclass(slots=True)
class CallState:
    """Everything the engine knows of one call between two events."""

    request: PivotRequest
    seed: str
    """Random text from outside; every id of this call is derived from it."""
    phase: Phase = Phase.NEW
    ids_drawn: int = 0
    iteration: int = 0
    """Number of the newest fetch; the first is 1, unless callflow's counter goes on."""
    documents: int = 0
    """How many documents this pivot has asked for."""
    began_at: float | None = None
    """Seconds since 1970 when the session's clock began; None: nobody told."""
    answer_by_s: float = 0.0
    """When callflow must have our answer, on the session's clock."""
    question: Question | None = None
    program: Program | None = None
    """The document at work."""
    bound: bool = False
    hung_up: bool = False
    """We have told the switch to end the call."""
    answered: bool = False
    """We have picked up the call."""
    dialled: bool = False
    """A Dial has begun."""
    flush_id: str = ""
    """Of the command that empties the caller's queue after a join, until it is completed."""
    call_status: str = "ringing"
    """The caller's, in Twilio's words; final once the channel is gone."""
    dial_status: str = ""
    """How the latest Dial ended, where the profile tells that as the caller's status."""
    shown_number: str = ""
    """The calling number that the latest Dial showed, where the profile keeps it for the caller."""
    user_variables: tuple[tuple[str, str], ...] = ()
    """What Set has stored."""
    owner_ids: tuple[str, ...] = ()
    """Users who own the caller's device, as far as the request does not name one."""
    earlier: tuple[tuple[str, str], ...] = ()
    """Parameters of earlier requests that ride on later ones, where the profile says so."""
    verdict: Verdict = field(default_factory=Verdict)
    recordings: list[Recording] = field(default_factory=list)
    """Those under way, or not yet put where they belong."""
    side: list[Task] = field(default_factory=list)
    """What a Start has begun and nothing has ended yet."""
    typed: str = ""
    """Keys that nobody has asked for yet."""
    keys_told: tuple[str, ...] = ()
    """The newest key events, so that none counts twice."""
    keys_wanted: bool = False
    """Somebody has asked for keys since the last request."""
    cookies: tuple[Cookie, ...] = ()
    hasty: tuple[float, ...] = ()
    """When documents were asked for since the caller last heard, said or pressed anything."""
    brief: int = 0
    """How many documents in a row led to another one before they were heard."""
    document_began_s: float = 0.0
    """When the document at work began."""
    heard_at_s: float = 0.0
    """When the switch last reported anything."""
    found: int = 0
    """How often we have asked whether the channel exists, and heard that it does and nothing else."""
    unanswered: int = 0
    """How often we have asked in vain whether the channel exists."""
    controls: dict[str, str] = field(default_factory=dict)
    """Control queues of the legs that we dialled apart from the caller, by Call-ID."""
    held: tuple[HeldEvent, ...] = ()
    """Events that may come with the caller's hang-up, in the order in which they came."""
    telling: tuple[str, ...] = ()
    """Fetches whose answers mean nothing, as the call is over; we only wait for them."""

    @property
    def is_ours(self) -> bool:
        """Callflow no longer waits for us."""
        return self.phase not in (Phase.NEW, Phase.ASKING)

    def draw_id(self) -> str:
        """A fresh id, 32 lower-case hex digits as Kazoo's own."""
        self.ids_drawn += 1
        return hashlib.md5(f"{self.seed}:{self.ids_drawn}".encode(), usedforsecurity=False).hexdigest()
