"""What an observer should know beside events and commands; nobody performs a note."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from pivot.model.codes import Code
from pivot.model.commands import Command
from pivot.model.documents import DocumentWarning
from pivot.model.events import Event
from pivot.model.hot import hot_dataclass
from pivot.model.json import JsonObject
from pivot.model.plain import plain


@plain
@hot_dataclass(frozen=True, slots=True)
class AnswerAccepted:
    """The answer to this fetch can be run."""

    fetch_id: str
    iteration: int
    kind: str
    """`kazoo` or `twiml`."""
    warnings: tuple[DocumentWarning, ...] = ()


@plain
@hot_dataclass(frozen=True, slots=True)
class AnswerRefused:
    """The answer to this fetch cannot be run."""

    fetch_id: str
    iteration: int
    code: Code
    message: str
    details: JsonObject = field(default_factory=dict)
    """`json_errors` or `schema_errors` as Kazoo means to store them; empty for other codes."""
    line: int | None = None
    column: int | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class Noticed:
    """Something went otherwise than the document asks, while it ran; the call goes on."""

    code: Code
    message: str
    twilio_code: int | None = None
    is_error: bool = False
    """What was asked did not happen at all."""


@plain
@hot_dataclass(frozen=True, slots=True)
class Unsupported:
    """A verb that nothing on the bus can carry out was passed over."""

    verb: str
    message: str = ""


@plain
@hot_dataclass(frozen=True, slots=True)
class Emulated:
    """A verb is carried out in another way than its name says, because the bus does not know its own."""

    verb: str
    message: str


@plain
@hot_dataclass(frozen=True, slots=True)
class CallFailed:
    """The call cannot go on as its documents ask; what follows ends it."""

    code: Code
    message: str


@plain
@hot_dataclass(frozen=True, slots=True)
class Waiting:
    """The caller waits with this document; None: in silence."""

    url: str | None


Note: TypeAlias = Waiting | AnswerAccepted | AnswerRefused | Noticed | Unsupported | Emulated | CallFailed
Moment: TypeAlias = Event | Command | Note
