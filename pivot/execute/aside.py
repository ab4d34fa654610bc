"""A document that runs beside the caller's: a whisper for a dialled party, or music for one who waits.

It is fetched, translated and run like any other, and asks for further ones; it has no fallback, and what
fails in it costs itself alone. The verb it belongs to hands it every event.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.errors import DocumentError
from pivot.execute.asking import Texts
from pivot.execute.line import Course, Line
from pivot.execute.parameters import ChildLeg
from pivot.execute.program import Program
from pivot.execute.state import Question
from pivot.execute.step import AskFor, Finish
from pivot.execute.urls import base_url
from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.commands import CancelFetch
from pivot.model.documents import KazooFlow, TwimlDocument
from pivot.model.events import Event, Fetched, FetchFailed
from pivot.model.fetch import Answer
from pivot.model.instructions import Instruction
from pivot.model.notes import AnswerAccepted, AnswerRefused
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class Aside:
    """One run of side documents, from a URL to their end.

    `result` is set when it is over: a `Finish`, by a Hangup or at the document's end; `failed` tells that
    there was no document that could be run.
    """

    leg: str
    child: ChildLeg | None = None
    """Set for a leg that we dialled."""
    allowed: tuple[str, ...] | None = None
    """Instruction classes that may run here; None: all."""
    forbidden_code: int = 0
    """Twilio's number for a verb that may not."""
    question: Question | None = None
    program: Program | None = None
    result: Finish | None = None
    failed: bool = False

    def ask(self, url: str, method: Method, line: Line, extra: Texts = ()) -> Course:
        """Begin, or begin anew; `url` as written in the document of `line`."""
        absolute = line.resolve(url)
        self.result, self.failed = None, False
        self.question, fetch = line.elsewhere(self.leg, absolute, self.child).ask(absolute, method, extra)
        yield fetch

    def receive(self, event: Event, line: Line) -> Course:
        """Every event of the call; those for others are ignored."""
        match event:
            case Fetched(fetch_id, answer) if self._awaits(fetch_id):
                yield from self._begin(answer, line)
            case FetchFailed(fetch_id) if self._awaits(fetch_id):
                self._lose()
            case _ if self.program is not None:
                yield from self.program.receive(event, self._line(line))
                yield from self._follow(line)

    def stop(self, line: Line) -> Course:
        """Nothing of it may go on."""
        if self.question is not None:
            yield CancelFetch(self.question.fetch_id)
            self.question = None
        if self.program is not None:
            yield from self.program.stop(self._line(line))
            self.program = None

    def _awaits(self, fetch_id: str) -> bool:
        return self.question is not None and self.question.fetch_id == fetch_id

    def _line(self, line: Line) -> Line:
        assert self.program is not None
        return line.elsewhere(self.leg, self.program.base_url, self.child)

    def _begin(self, answer: Answer, line: Line) -> Course:
        question, self.question = self.question, None
        assert question is not None
        fetch_id, iteration = question.fetch_id, line.state.iteration
        try:
            document = line.translate(answer)
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
        base = base_url(line.profile, question.asked_url, question.sent_url, answer.url)
        self.program = Program(self.leg, base, tuple(self._permitted(document)))
        for instruction in document.instructions:
            if not self._may(instruction):
                verb = type(instruction).__name__.removesuffix("Verb")
                yield line.warn(
                    f"{verb} is not allowed in this document", self.forbidden_code, Code.TWIML_VERB
                )
        yield from self.program.start(self._line(line))
        yield from self._follow(line)

    def _follow(self, line: Line) -> Course:
        match self.program.result if self.program else None:
            case AskFor(url, method, extra):
                inner = self._line(line)
                self.program = None
                yield from self.ask(url, method, inner, extra)
            case Finish() as finish:
                self.program = None
                self.result = finish

    def _lose(self) -> None:
        self.question = None
        self.result, self.failed = Finish(), True

    def _permitted(self, document: TwimlDocument) -> list[Instruction]:
        return [each for each in document.instructions if self._may(each)]

    def _may(self, instruction: Instruction) -> bool:
        return self.allowed is None or type(instruction).__name__ in self.allowed
