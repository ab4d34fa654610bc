"""One reading of one document: where it will run, what rules apply, and what was odd about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pivot.model.codes import Code
from pivot.model.documents import MOST_WARNINGS, DocumentWarning
from pivot.model.instructions import Position
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import kazoo
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.places import Place

_LONGEST = 400
"""Characters of one warning: names of elements and attributes may be as long as the document."""
_SECRET = frozenset({"password"})
"""Attributes whose values no warning repeats: warnings are logged and stored."""


class Abandoned(Exception):
    """Kazoo's own translator gives up at this element; raised only where its failures are wanted."""


@dataclass(slots=True)
class Reading:
    """Collects warnings while the verbs read their elements."""

    rules: TranslateRules
    place: Place = Place.CALL
    warnings: list[DocumentWarning] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """True when no more warnings are kept."""
        return len(self.warnings) >= MOST_WARNINGS

    def warn(self, code: Code, at: Position, message: str, twilio: int | None = None) -> None:
        """Keep a warning with its place; `twilio` is the number of Twilio's error, if there is one."""
        if self.full:
            return
        number = None if twilio is None else int(twilio)
        self.warnings.append(DocumentWarning(code, message[:_LONGEST], at.line, at.column, number))

    def attribute(self, element: Element, name: str, message: str, twilio: int | None) -> None:
        """An attribute that cannot be taken as written.

        Raises:
            Abandoned: with Kazoo's failures, where it gives up.
        """
        if not self.full:
            written = "***" if name in _SECRET else element.attributes[name][:80]
            text = f"{element.name} {name}={written!r} {message}"
            self.warn(Code.TWIML_ATTRIBUTE, element.where(name), text, twilio)
        if self.rules.as_kazoo and kazoo.gives_up_at(element.name, name, element.attributes[name]):
            raise Abandoned

    def unusable(self, element: Element, code: Code, message: str, twilio: int | None) -> None:
        """An element that is skipped, or whose content cannot be taken as written.

        Raises:
            Abandoned: with Kazoo's failures, always.
        """
        self.warn(code, element.at, f"{element.name} {message}", twilio)
        if self.rules.as_kazoo:
            raise Abandoned

    def no_content(self, element: Element) -> None:
        """Warn of every child of an element that takes neither children nor text; text is ignored."""
        self.no_children(element)
        if element.text and self.rules.as_kazoo:
            raise Abandoned

    def no_children(self, element: Element) -> None:
        """Warn of every child of an element that takes none."""
        for child in element.children:
            self.misplaced(child, element, Twilio.NOT_IN_SCHEMA)

    def misplaced(self, child: Element, parent: Element, twilio: int) -> None:
        """Warn of a child that its parent does not take.

        Raises:
            Abandoned: with Kazoo's failures, where it gives up.
        """
        message = f"{child.name} is not allowed in {parent.name}; skipped"
        self.warn(Code.TWIML_NESTING, child.at, message, twilio)
        if self.rules.as_kazoo and parent.name not in kazoo.READS_OVER_CHILDREN:
            raise Abandoned

    def foreign(self, child: Element, what_is_done: str) -> None:
        """Warn of an element among the words of a Say, which Kazoo reads over."""
        self.warn(
            Code.TWIML_NESTING,
            child.at,
            f"{child.name} is no markup of Say; {what_is_done}",
            Twilio.NOT_IN_SCHEMA,
        )

    def in_order(self) -> tuple[DocumentWarning, ...]:
        """The warnings in the order of the document."""
        return tuple(sorted(self.warnings, key=lambda warning: (warning.line or 0, warning.column or 0)))
