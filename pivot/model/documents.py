"""A customer's answer, understood: what will be run, and what was odd about it."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.hot import hot_dataclass
from pivot.model.instructions import Instruction
from pivot.model.json import JsonObject
from pivot.model.plain import plain

MOST_WARNINGS = 100
"""Of one document; finding the place of each costs time, and nobody reads more."""


@plain
@hot_dataclass(frozen=True, slots=True)
class DocumentWarning:
    """Something in the document that we could not take as written, and what we did instead."""

    code: Code
    message: str
    line: int | None = None
    column: int | None = None
    twilio_code: int | None = None


@plain
@hot_dataclass(frozen=True, slots=True)
class KazooFlow:
    """A callflow, valid and with its schemas' defaults filled in, as compact JSON text."""

    flow: str
    warnings: tuple[DocumentWarning, ...] = ()


@plain
@hot_dataclass(frozen=True, slots=True)
class TwimlDocument:
    """What to do with the call, in order; when the last instruction is done, the call is hung up."""

    instructions: tuple[Instruction, ...]
    warnings: tuple[DocumentWarning, ...] = ()


@plain
@hot_dataclass(frozen=True, slots=True)
class Refusal:
    """Why an answer cannot be run: a `DocumentError` as plain data."""

    code: Code
    message: str
    details: JsonObject = field(default_factory=dict)
    line: int | None = None
    column: int | None = None

    @classmethod
    def of(cls, error: DocumentError) -> Refusal:
        """The refusal that carries all of an error."""
        return cls(error.code, str(error), error.details or {}, error.line, error.column)

    def error(self) -> DocumentError:
        """The error as it was before it became plain data."""
        return DocumentError(
            self.code, self.message, details=self.details or None, line=self.line, column=self.column
        )


Document: TypeAlias = KazooFlow | TwimlDocument
