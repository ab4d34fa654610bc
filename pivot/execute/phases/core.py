"""What all phases of a call work with: its state, the rules, and its questions to the customer's server."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TypeAlias

from pivot.errors import DocumentError
from pivot.execute.after_hangup import without_channel
from pivot.execute.call_data import Phase, Question, Verdict
from pivot.execute.catalogue import step_for
from pivot.execute.cookies import keep_cookies
from pivot.execute.document_request import Texts, ask
from pivot.execute.fetched_document import document_of
from pivot.execute.parameters import error_parameters
from pivot.execute.profile import Profile
from pivot.execute.rules import Rules
from pivot.execute.side import task as side
from pivot.execute.state import CallState
from pivot.execute.step_context import Commands, StepContext
from pivot.model.call import Call, Method
from pivot.model.codes import Code, Outcome
from pivot.model.commands import BindCall, Command, End
from pivot.model.documents import Document, KazooFlow
from pivot.model.events import ChannelDestroyed, Event, Fetched, FetchFailed, Usurped
from pivot.model.fetch import Answer
from pivot.model.hot import hot_dataclass
from pivot.model.notes import AnswerAccepted, AnswerRefused, Note
from pivot.model.overrides import read_overrides

SLOW = "slow"
DEADLINE = "deadline"
GOODBYE = "goodbye"
WATCH = "watch"
HELD = "held"
_FETCH_ENDS_EARLIER_S = 0.1
"""Before the deadline: a fetch that ran out of time says so itself, and has a code of its own."""
_LEAST_FETCH_S = 0.2
"""A fallback that has less time than this is not asked."""


@hot_dataclass(frozen=True, slots=True)
class Answered:
    """A question led to a document that can be run."""

    document: Document
    question: Question
    answer: Answer


@hot_dataclass(frozen=True, slots=True)
class Unanswered:
    """A question led to nothing, and no fallback is left to ask."""

    code: Code
    message: str


Reading: TypeAlias = Generator[Command | Note, None, Answered | Unanswered | None]


@hot_dataclass(frozen=True, slots=True)
class Core:
    """One call, between two events.

    Attributes:
        state: all that is kept.
        rules: the operator's choices.
        profile: how parameters, ids, URLs and timing are in this call.
    """

    state: CallState
    rules: Rules
    profile: Profile

    @property
    def call(self) -> Call:
        """The caller's call, as the request has it."""
        return self.state.request.call

    def context(self, at_s: float) -> StepContext:
        """The call as steps see it."""
        program = self.state.program
        base = program.base_url if program else ""
        return StepContext(self.state, self.profile, self.call.call_id, base, at_s, step_for, self.rules)

    # What an event is about

    def is_end(self, event: Event) -> bool:
        """The caller's own channel is gone."""
        return isinstance(event, ChannelDestroyed) and event.call_id == self.call.call_id

    def is_usurped(self, event: Event) -> bool:
        """Legs that we dialled are taken over by the processes that route them; only our own call counts."""
        return (
            isinstance(event, Usurped)
            and event.call_id in ("", self.call.call_id)
            and event.fetch_id != self.call.fetch_id
        )

    # Asking

    def ask(
        self,
        url: str,
        method: Method,
        at_s: float,
        extra: Texts = (),
        *,
        is_fallback: bool = False,
        outlives_caller: bool = False,
        after: str = "",
    ) -> Commands:
        """Ask for the call's next document; `url` is absolute, `after` names the verb that leads to it."""
        left_s = self._time_left_s(at_s)
        question, fetch = ask(self.state, self.profile, url, method, left_s, extra, is_fallback=is_fallback)
        self.state.question = replace(question, outlives_caller=outlives_caller)
        yield replace(fetch, after="fallback" if is_fallback else after)

    def read(self, event: Fetched | FetchFailed, at_s: float) -> Reading:
        """What became of the question; None: the fallback is being asked, or it is late news of another."""
        question = self.state.question
        if question is None or question.fetch_id != event.fetch_id:
            return None
        self.state.question = None
        if isinstance(event, FetchFailed):
            return (yield from self._no_document(question, event.failure.code, event.failure.message, at_s))
        if self.profile.keeps_cookies:
            now_s = self.state.unix_s(at_s)
            self.state.cookies = keep_cookies(self.state.cookies, event.answer, now_s)
        try:
            document = document_of(event, self.rules.translate)
        except DocumentError as error:
            yield _refusal(event.fetch_id, question.iteration, error)
            return (yield from self._no_document(question, error.code, str(error), at_s))
        kind = "kazoo" if isinstance(document, KazooFlow) else "twiml"
        yield AnswerAccepted(event.fetch_id, question.iteration, kind, document.warnings)
        return Answered(document, question, event.answer)

    def _time_left_s(self, at_s: float) -> float:
        if self.state.phase is Phase.ASKING:
            return self.state.answer_by_s - self.rules.reserve_s - _FETCH_ENDS_EARLIER_S - at_s
        return self.rules.later_deadline_s

    def _no_document(self, question: Question, code: Code, message: str, at_s: float) -> Reading:
        """The first way out of a failure is the fallback URL; it is asked once for each failed fetch."""
        own = (read_overrides(url).fallback_url for url in (question.asked_url, self.state.request.voice_uri))
        fallback = next(filter(None, own), None) or self.rules.fallback_url
        if fallback and not question.is_fallback and self._time_left_s(at_s) > _LEAST_FETCH_S:
            self.state.verdict = Verdict(Outcome.RECOVERED, code, message)
            extra = (*question.extra, *error_parameters(question.asked_url, code.twilio_number))
            outlives = question.outlives_caller
            yield from self.ask(
                fallback, question.method, at_s, extra, is_fallback=True, outlives_caller=outlives
            )
            return None
        if question.is_fallback:
            return Unanswered(self.state.verdict.code or code, self.state.verdict.message)
        return Unanswered(code, message)

    # What several phases do

    def bind(self) -> Commands:
        """Bind the events of the caller's leg."""
        self.state.bound = True
        yield BindCall(self.call.call_id)

    def outliving(self, course: Commands) -> Commands:
        """What of a course may still be done without the caller's channel."""
        return without_channel(course, self.state)

    def over(self) -> Commands:
        """Nothing leaves any more."""
        state = self.state
        yield from self.outliving(side.stop_all(self.context(0.0)))
        state.phase = Phase.OVER
        state.question = None
        state.program = None
        state.recordings = []
        state.held = ()
        state.telling = ()
        verdict = state.verdict
        yield End(verdict.outcome, verdict.code, verdict.message)


def _refusal(fetch_id: str, iteration: int, error: DocumentError) -> AnswerRefused:
    return AnswerRefused(
        fetch_id, iteration, error.code, str(error), error.details or {}, error.line, error.column
    )
