"""What an observer should know beside events and commands; nobody performs a note."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from pivot.model.codes import Code
from pivot.model.commands import Command
from pivot.model.documents import DocumentWarning
from pivot.model.events import Event
from pivot.model.json import JsonObject
from pivot.model.plain import plain


@plain
@dataclass(frozen=True, slots=True)
class AnswerAccepted:
    """The answer to this fetch can be run."""

    fetch_id: str
    iteration: int
    kind: str
    """`kazoo` or `twiml`."""
    warnings: tuple[DocumentWarning, ...] = ()


@plain
@dataclass(frozen=True, slots=True)
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


Note: TypeAlias = AnswerAccepted | AnswerRefused
Moment: TypeAlias = Event | Command | Note
