"""A call's whole state in the engine, as plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from pivot.execute.call_data import Cookie, HeldEvent, Phase, Question, Recording, Verdict
from pivot.execute.step_result import Result
from pivot.model.call import PivotRequest
from pivot.model.commands import Command
from pivot.model.events import Event
from pivot.model.instructions import Instruction, SideTask
from pivot.model.notes import Note
from pivot.model.plain import plain


class RunningDocument(Protocol):
    """A document at work: a `Program`, whose behaviour stands in `program.py`.

    A context holds the call's state, so its type stands above this module: hence `Any`, here and in `Task`.
    """

    leg: str
    base_url: str
    instructions: tuple[Instruction, ...]
    position: int
    step: Any
    """A `Step`, or None."""
    result: Result | None

    @property
    def verb(self) -> str:
        """The name of the verb at work, or of the last one that was."""

    def start(self, context: Any) -> Iterator[Command | Note]:
        """Begin with the first instruction."""

    def receive(self, event: Event, context: Any) -> Iterator[Command | Note]:
        """What the running step does because of `event`, and the steps after it."""

    def stop(self, context: Any) -> Iterator[Command | Note]:
        """Nothing of this document may go on."""

    def part(self, event: Event, context: Any, *, patient: bool = True) -> Iterator[Command | Note]:
        """The leg is gone: the step may have a last word."""


class Task(Protocol):
    """One of them, plain data; it is about the caller's leg."""

    done: bool
    """Nothing of it goes on."""

    @property
    def kind(self) -> SideTask: ...

    @property
    def name(self) -> str:
        """How the document names it; empty: not at all."""

    def start(self, context: Any) -> Iterator[Command | Note]:
        """Begin."""

    def receive(self, event: Event, context: Any) -> Iterator[Command | Note]:
        """React; events that are not for this task are ignored."""

    def stop(self, context: Any) -> Iterator[Command | Note]:
        """End before the call's end."""


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
    redelivered: bool = False
    """Another worker was given the request before; it may have said `processing`."""
    question: Question | None = None
    program: RunningDocument | None = None
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

    def unix_s(self, at_s: float) -> float | None:
        """Seconds since 1970 at a time of the session's clock; None: nobody told."""
        return None if self.began_at is None else self.began_at + at_s

    def draw_id(self) -> str:
        """A fresh id, 32 lower-case hex digits as Kazoo's own."""
        self.ids_drawn += 1
        return hashlib.md5(f"{self.seed}:{self.ids_drawn}".encode(), usedforsecurity=False).hexdigest()
