"""What a step may ask of the call it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from pivot.execute.parameters import is_standard_name
from pivot.execute.profile import Profile
from pivot.execute.rules import Rules
from pivot.execute.state import CallState
from pivot.execute.urls import resolve_url
from pivot.model.commands import Command
from pivot.model.instructions import Instruction, NameValue
from pivot.model.notes import Note
from pivot.model.switch import AnswerCall

if TYPE_CHECKING:
    from pivot.execute.step import Step

Course: TypeAlias = Iterator[Command | Note]
"""What is to be done, in order."""


class StepMaker(Protocol):
    """Makes the step that runs an instruction."""

    def __call__(self, instruction: Instruction) -> Step: ...


@dataclass(frozen=True, slots=True)
class Line:
    """The call as a step sees it at one event.

    Attributes:
        state: the call's state; a step changes only what this class offers.
        profile: how parameters, ids, URLs and timing are.
        leg: the leg that this document runs on.
        base_url: where the document came from.
        at_s: now, on the session's clock.
        step_for: makes the step of an instruction, for verbs that run others.
        rules: what the engine follows, for verbs that ask for documents of their own.
    """

    state: CallState
    profile: Profile
    leg: str
    base_url: str
    at_s: float
    step_for: StepMaker
    rules: Rules

    def draw_id(self) -> str:
        """A fresh id for a message, a file or a timer."""
        return self.state.draw_id()

    @property
    def other_leg(self) -> str | None:
        """What a switch command's `leg` has to be: None for the caller's own."""
        return None if self.leg == self.state.request.call.call_id else self.leg

    def pick_up(self) -> Course:
        """Answer the call, once."""
        if not self.state.answered:
            self.state.answered = True
            yield AnswerCall(self.draw_id())

    def media(self, written: str) -> str:
        """What the switch is to play: an absolute URL, or a media id as it stands."""
        is_media_id = "/" not in written and ":" not in written
        return written if is_media_id else resolve_url(self.profile, self.base_url, written)

    def set_variables(self, variables: tuple[NameValue, ...]) -> None:
        """Let these ride on every later request; names that have a meaning of their own are left out."""
        stored = dict(self.state.user_variables)
        stored |= {item.name: item.value for item in variables if not is_standard_name(item.name)}
        self.state.user_variables = tuple(stored.items())
