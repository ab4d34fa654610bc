"""A document that runs beside the caller's: a whisper for a dialled party, or music for one who waits.

It is fetched, translated and run like any other, and asks for further ones; it has no fallback, and what
fails in it costs itself alone. The verb it belongs to hands it every event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pivot.errors import DocumentError
from pivot.execute.call_data import Question
from pivot.execute.document_request import Texts
from pivot.execute.parameters import ChildLeg
from pivot.execute.program import Program
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, Finish, StopWaiting
from pivot.execute.urls import base_url
from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.commands import CancelFetch
from pivot.model.documents import KazooFlow
from pivot.model.events import Event, Fetched, FetchFailed
from pivot.model.notes import AnswerAccepted, AnswerRefused
from pivot.model.plain import plain
from pivot.translate.twiml.places import Place


@plain
@dataclass(slots=True)
class SideDocument:
    """One run of side documents, from a URL to their end.

    `result` is set when it is over: a `Finish`, by a Hangup or at the document's end; `failed` tells that
    there was no document that could be run.
    """

    leg: str
    place: Place
    """Which verbs may run here."""
    child: ChildLeg | None = None
    """Set for a leg that we dialled."""
    patient: bool = False
    """A further document is not asked for by itself: `wanted` says which."""
    wanted: AskFor | None = None
    """With an absolute URL."""
    brief: int = 0
    """How many documents in a row led to another one before they were heard."""
    began_s: float = 0.0
    question: Question | None = None
    program: Program | None = None
    result: Finish | StopWaiting | None = None
    failed: bool = False

    def ask(self, url: str, method: Method, context: StepContext, extra: Texts = ()) -> Commands:
        """Begin, or begin anew; `url` as written in the document of `line`."""
        absolute = context.resolve(url)
        self.result, self.wanted, self.failed = None, None, False
        self.question, fetch = context.elsewhere(self.leg, absolute, self.child).ask(absolute, method, extra)
        yield replace(fetch, place=self.place.value)

    def receive(self, event: Event, context: StepContext) -> Commands:
        """Every event of the call; those for others are ignored."""
        match event:
            case Fetched(fetch_id) if self._awaits(fetch_id):
                yield from self._begin(event, context)
            case FetchFailed(fetch_id) if self._awaits(fetch_id):
                self._lose()
            case _ if self.program is not None:
                yield from self.program.receive(event, self._line(context))
                yield from self._follow(context)

    def stop(self, context: StepContext) -> Commands:
        """Nothing of it may go on."""
        if self.question is not None:
            yield CancelFetch(self.question.fetch_id)
            self.question = None
        if self.program is not None:
            yield from self.program.stop(self._line(context))
            self.program = None

    def _awaits(self, fetch_id: str) -> bool:
        return self.question is not None and self.question.fetch_id == fetch_id

    def _line(self, context: StepContext) -> StepContext:
        assert self.program is not None
        return context.elsewhere(self.leg, self.program.base_url, self.child)

    def _begin(self, event: Fetched, context: StepContext) -> Commands:
        question, self.question = self.question, None
        assert question is not None
        fetch_id, iteration = question.fetch_id, question.iteration
        try:
            document = context.document_of(event, self.place)
        except DocumentError as error:
            yield AnswerRefused(
                fetch_id, iteration, error.code, str(error), error.details or {}, error.line, error.column
            )
            self._lose()
            return
        if isinstance(document, KazooFlow):
            yield AnswerRefused(fetch_id, iteration, Code.ANSWER_TYPE, "a flow cannot run here; send TwiML")
            self._lose()
            return
        yield AnswerAccepted(fetch_id, iteration, "twiml", document.warnings)
        base = base_url(context.profile, question.asked_url, question.sent_url, event.answer.url)
        self.program = Program(self.leg, base, document.instructions)
        self.began_s = context.at_s
        yield from self.program.start(self._line(context))
        yield from self._follow(context)

    def _follow(self, context: StepContext) -> Commands:
        match self.program.result if self.program else None:
            case AskFor(url, method, extra) as asked if self.patient:
                self.wanted = replace(asked, url=self._line(context).resolve(url))
                self.program = None
            case AskFor() if self._is_loop(context):
                self.program = None
                yield context.fault(f"{self.brief} documents in a row beside the call", 14106, Code.CALL_LOOP)
                self._lose()
            case AskFor(url, method, extra):
                inner = self._line(context)
                self.program = None
                yield from self.ask(url, method, inner, extra)
            case Finish() | StopWaiting() as result:
                self.program = None
                self.result = result

    def _is_loop(self, context: StepContext) -> bool:
        """As of the call's own documents: see `phases/loops.py`."""
        self.brief = self.brief + 1 if context.at_s - self.began_s < context.rules.brief_s else 0
        return self.brief >= context.rules.max_iterations

    def _lose(self) -> None:
        self.question = None
        self.result, self.failed = Finish(), True
