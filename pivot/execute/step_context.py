"""A step, and what it may ask of the call that it belongs to.

A step begins with `start`, sees every event of its call in `receive`, and is over when `result` is set.
`stop` takes back what is under way when something else ends it: no timer and no sound outlives its step.

When the caller's channel is destroyed the running step sees that event like any other. No command to the
channel leaves any more; an `AskFor` that is its result then is told and its answer thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol, TypeAlias

from pivot.execute.call_data import Question
from pivot.execute.document_request import Texts, ask, request_of, source_of, with_keys
from pivot.execute.fetched_document import document_of
from pivot.execute.parameters import (
    ChildLeg,
    is_standard_name,
    parameters_of,
)
from pivot.execute.profile import Profile
from pivot.execute.request import cdr_request
from pivot.execute.rules import Rules
from pivot.execute.state import CallState
from pivot.execute.status import status_after_dial
from pivot.execute.step_result import Result
from pivot.execute.times import written_time
from pivot.execute.urls import resolve_url
from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.commands import Command, Fetch, Notify
from pivot.model.documents import Document
from pivot.model.events import ChannelDestroyed, Event, Fetched
from pivot.model.fetch import FetchRequest, Purpose
from pivot.model.hot import hot_dataclass
from pivot.model.instructions import Callback, Instruction, NameValue
from pivot.model.notes import Note, Noticed
from pivot.model.switch import AnswerCall, SetNumber
from pivot.model.switch_text import is_media_id, is_stream
from pivot.translate.twiml.places import Place

Commands: TypeAlias = Iterator[Command | Note]
"""What is to be done, in order."""


class Step(Protocol):
    """One running instruction: a small object whose state is plain fields."""

    result: Result | None

    def start(self, context: StepContext) -> Commands:
        """Begin."""

    def receive(self, event: Event, context: StepContext) -> Commands:
        """React; events that are not for this step are ignored."""

    def stop(self, context: StepContext) -> Commands:
        """End before the time: nothing of this step may go on."""


class StepMaker(Protocol):
    """Makes the step that runs an instruction."""

    def __call__(self, instruction: Instruction) -> Step: ...


_SOUND_FILE = re.compile(
    r"\.(?:aac|aiff?|au|flac|gsm|m4a|mp[23]|mpe?ga|ogg|opus|ul?aw|wav)(?:\?.*)?$", re.IGNORECASE
)
_MOST_CHARACTERS = 16_384
"""Of a call's variables, names and values: they ride on every request, and each document may add some."""


@hot_dataclass(frozen=True, slots=True)
class StepContext:
    """The call as a step sees it at one event.

    Attributes:
        state: the call's state; a step changes only what this class offers.
        profile: how parameters, ids, URLs and timing are.
        leg: the leg that this document runs on.
        base_url: where the document came from.
        at_s: now, on the session's clock.
        step_for: makes the step of an instruction, for verbs that run others.
        rules: what the operator has chosen.
        child: set when the document runs on a leg that we dialled: its requests are about that leg.
        queued: the document runs for a caller who waits in a queue, and may end the waiting.
    """

    state: CallState
    profile: Profile
    leg: str
    base_url: str
    at_s: float
    step_for: StepMaker
    rules: Rules
    child: ChildLeg | None = None
    queued: bool = False

    def elsewhere(self, leg: str, base_url: str, child: ChildLeg | None = None) -> StepContext:
        """The same call, for another document, perhaps on another leg."""
        return replace(self, leg=leg, base_url=base_url, child=child)

    def draw_id(self) -> str:
        """A fresh id for a message, a file or a timer."""
        return self.state.draw_id()

    @property
    def is_caller(self) -> bool:
        return self.leg == self.state.request.call.call_id

    @property
    def other_leg(self) -> str | None:
        """What a switch command's `leg` has to be: None for the caller's own."""
        return None if self.is_caller else self.leg

    def pick_up(self) -> Commands:
        """Answer the call, once."""
        if self.is_caller and not self.state.answered:
            self.state.answered = True
            self.state.call_status = "in-progress"
            yield AnswerCall(self.draw_id())

    def take_typed(self) -> str:
        """Keys pressed since somebody last took them; they are nobody else's any more."""
        typed, self.state.typed = self.state.typed, ""
        return typed

    def drop_typed(self) -> None:
        """Earlier keys are gone; that none came since is told where the profile says so."""
        self.state.typed, self.state.keys_wanted = "", True

    def show_number(self, number: str) -> Commands:
        """From now on the caller has this number, where the profile keeps it."""
        if self.profile.dial_sets_number:
            self.state.shown_number = number
            yield SetNumber(self.draw_id(), number)

    def dial_ended(self, cause: str | None) -> None:
        """What became of a Dial is told as the caller's status, where the profile says so."""
        if self.profile.dial_sets_status:
            self.state.dial_status = status_after_dial(cause)

    # URLs

    def resolve(self, written: str) -> str:
        """The absolute URL that a document's reference means."""
        return resolve_url(self.profile, self.base_url, written)

    def resolved(self, callback: Callback | None) -> Callback | None:
        """The callback with an absolute URL, for later."""
        return None if callback is None else replace(callback, url=self.resolve(callback.url))

    def media(self, written: str) -> str:
        """What the switch is to play: an absolute URL, or a media id or a stream of its own as it stands."""
        is_kazoos = is_stream(written) or (is_media_id(written) and not self._is_file(written))
        return written if is_kazoos else self.resolve(written)

    def _is_file(self, name: str) -> bool:
        """Whether a plain name is a file beside the document, and not the id of a medium in the account."""
        return self.profile.plain_files and _SOUND_FILE.search(name) is not None

    # Requests

    def ask(self, url: str, method: Method, extra: Texts = ()) -> tuple[Question, Fetch]:
        """Ask for a side document; the question is to be kept until its answer comes. `url` is absolute."""
        return ask(
            self.state,
            self.profile,
            url,
            method,
            self.rules.later_deadline_s,
            extra,
            leg=self.child,
            leg_status=None if self.child is None else "in-progress",  # a document runs on who has answered
            is_aside=True,
        )

    def notify(self, url: str, method: Method, told: Texts) -> Commands:
        """Tell a server something beside the call, with the standard parameters; `url` is absolute."""
        request = self._request(url, method, told)
        yield Notify(replace(request, purpose=Purpose.CALLBACK))

    def notify_of_account(self, url: str, method: Method, told: Texts, series: str) -> Commands:
        """The same about something that several calls share: of this call nothing is told, and what is told
        of one thing keeps its order."""
        source = source_of(self.state, self.profile, url, method, told)
        request = request_of(self.state, replace(source, of_account=True), self.rules.later_deadline_s)
        yield Notify(replace(request, purpose=Purpose.CALLBACK), series)

    def tell(self, url: str, method: Method, extra: Texts) -> Fetch:
        """A document's request whose answer will be thrown away, as the caller is gone."""
        return Fetch(self._request(url, method, with_keys(self.state, self.profile, extra)))

    def tell_cdr(self, event: ChannelDestroyed) -> Fetch:
        """The channel's end, for `cdr_url`, which must be set."""
        source = source_of(self.state, self.profile, "", Method.POST, _duration(event))
        told = parameters_of(source) if self.profile.cdr_tells_status else ()
        request = cdr_request(self.state.request, event.cdr, self.draw_id(), self.state.iteration, told=told)
        return Fetch(request)

    def document_of(self, event: Fetched, place: Place) -> Document:
        """The document in an answer, for where it will run.

        Raises:
            DocumentError: it cannot be run.
        """
        return document_of(event, self.rules.translate, place)

    def _request(self, url: str, method: Method, extra: Texts) -> FetchRequest:
        source = source_of(self.state, self.profile, url, method, extra, self.child)
        return request_of(self.state, source, self.rules.later_deadline_s)

    def timestamp(self) -> Texts:
        """When this event happened, for callbacks; nothing when nobody told the time."""
        now_s = self.state.unix_s(self.at_s)
        return () if now_s is None else (("Timestamp", written_time(now_s)),)

    # What is left to say

    def warn(self, message: str, twilio_code: int | None, code: Code = Code.CALL_COMMAND) -> Noticed:
        """The call goes on, but otherwise than the document asks."""
        return Noticed(code, message, twilio_code)

    def fault(self, message: str, twilio_code: int | None, code: Code = Code.CALL_COMMAND) -> Noticed:
        """What the document asks does not happen at all; the call goes on."""
        return Noticed(code, message, twilio_code, is_error=True)

    def set_variables(self, variables: tuple[NameValue, ...]) -> Commands:
        """Let these ride on every later request; names that have a meaning of their own are left out."""
        stored = dict(self.state.user_variables)
        stored |= {item.name: item.value for item in variables if not is_standard_name(item.name)}
        if sum(len(name) + len(value) for name, value in stored.items()) > _MOST_CHARACTERS:
            yield self.fault(f"variables of more than {_MOST_CHARACTERS} characters; these are not set", None)
            return
        self.state.user_variables = tuple(stored.items())


def _duration(event: ChannelDestroyed) -> Texts:
    """Seconds since the answer, as the switch counted them."""
    seconds = event.cdr.get("Billing-Seconds")
    return (("CallDuration", str(seconds)),) if isinstance(seconds, int | str) else ()
