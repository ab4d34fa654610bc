"""One call as a state machine: an event in, commands out.

    NEW ──▶ ASKING ──a flow──────────────────────▶ OVER
              │ └────no usable answer, caller gone─▶ OVER
              └──────TwiML──▶ RUNNING ──▶ ENDING ──▶ OVER
                                  └────▶ REPORTING ──┘

ASKING: callflow waits for `processing` or `failed`, and the customer's server has our question. A fetch that
is still unanswered when the timer `slow` fires is worth a binding, so that a hang-up ends it. Exactly one
thing leaves ASKING:

- a flow: `processing`, the flow, and the acknowledgement last, so that a worker that dies half-way is redone
  by another (callflow stopped waiting, and only the flow brings the call on);
- TwiML: the call's events are bound, then `processing`, then the acknowledgement, then the first command;
- a failure: the acknowledgement first, then `failed`, so that it can never follow a second worker's
  `processing`. Should `failed` be lost, callflow's own ten seconds lead to the same `_` child;
- the caller or callflow is gone: the acknowledgement alone.

RUNNING: the call is ours. A document is at work, or the next one is being fetched. Whatever breaks now ends
in the fallback, or in the apology and a hang-up; never in silence. When nothing is heard of the channel for a
while we ask whether it exists, and take silence for its end.

ENDING: we hung up and wait a little for the channel's end. REPORTING: the channel is gone; the running verb's
action, `cdr_url` and whoever waits for a recording are being told. OVER: nothing leaves any more.

A failure counts only when no fallback URL is left to ask; each fetch has one. Events that have no meaning in
a phase are ignored on purpose, since the bus may deliver late and twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from pivot.errors import DocumentError
from pivot.execute import recordings
from pivot.execute.asking import Texts, ask
from pivot.execute.catalogue import step_for
from pivot.execute.cookies import keep_cookies
from pivot.execute.line import Course, Line
from pivot.execute.parameters import error_parameters
from pivot.execute.parting import outlives_channel
from pivot.execute.profile import Profile
from pivot.execute.program import Program
from pivot.execute.rules import Rules
from pivot.execute.side import task as side
from pivot.execute.state import CallState, Phase, Question, Verdict
from pivot.execute.status import final_status
from pivot.execute.step import AskFor, Finish
from pivot.execute.urls import base_url, resolve_url
from pivot.model.call import Call, Method
from pivot.model.codes import Code, Outcome
from pivot.model.commands import (
    Acknowledge,
    BindCall,
    BusCommand,
    CancelFetch,
    CancelTimer,
    Command,
    End,
    Fetch,
    HandOverFlow,
    RecordOwnership,
    SayFailed,
    SayProcessing,
    StartTimer,
)
from pivot.model.documents import Document, KazooFlow
from pivot.model.events import (
    ChannelDestroyed,
    ChannelFound,
    CommandFailed,
    DigitPressed,
    Drained,
    Event,
    Fetched,
    FetchFailed,
    FileSent,
    Requested,
    SwitchEvent,
    TimerFired,
    Usurped,
)
from pivot.model.fetch import Answer
from pivot.model.instructions import SayVerb
from pivot.model.notes import AnswerAccepted, AnswerRefused, CallFailed, Note
from pivot.model.overrides import read_overrides
from pivot.model.switch import AskChannel, Hangup
from pivot.translate.answer import translate

SLOW = "slow"
DEADLINE = "deadline"
GOODBYE = "goodbye"
WATCH = "watch"
_FETCH_ENDS_EARLIER_S = 0.1
"""Before the deadline: a fetch that ran out of time says so itself, and has a code of its own."""
_LEAST_FETCH_S = 0.2
"""A fallback that has less time than this is not asked."""
_CLOCK_GRAIN_S = 0.05
"""A timer may fire that much early."""
_MAX_TYPED = 32


class CallMachine:
    """The engine of one call.

    Attributes:
        state: the call's whole state; plain data.
    """

    def __init__(self, state: CallState, rules: Rules) -> None:
        self.state = state
        self._rules = rules
        self._call = state.request.call
        self._profile: Profile = rules.profile_of(state.request).profile

    def receive(self, event: Event, at_s: float) -> list[Command | Note]:
        """What is to be done because of `event`, in order.

        Args:
            event: what happened.
            at_s: when, in seconds on the session's clock; never runs backwards.
        """
        match self.state.phase:
            case Phase.NEW:
                course = self._when_new(event, at_s)
            case Phase.ASKING:
                course = self._when_asking(event, at_s)
            case Phase.RUNNING:
                course = self._when_running(event, at_s)
            case Phase.ENDING:
                course = self._when_ending(event, at_s)
            case Phase.REPORTING:
                course = self._when_reporting(event, at_s)
            case Phase.OVER:
                course = self._when_over(event)
            case phase:
                assert_never(phase)
        return list(course)

    def abandon(self, code: Code, message: str) -> list[Command | Note]:
        """The way out when our own code failed: neither callflow nor the caller may wait for us."""
        match self.state.phase:
            case Phase.NEW | Phase.ASKING:
                course = self._fail(code, message)
            case Phase.RUNNING:
                self.state.program = None
                course = self._hang_up(code, message)
            case _:
                self.state.verdict = Verdict(Outcome.GONE, code, message)
                course = self._over()
        return list(course)

    def call_for(self, command: BusCommand) -> Call:
        """The call that a command goes to: a leg that we dialled apart has a control queue of its own."""
        leg: str | None = getattr(command, "leg", None)
        if leg is None or leg not in self.state.controls:
            return self._call
        return replace(self._call, call_id=leg, control_queue=self.state.controls[leg])

    # One phase after the other

    def _when_new(self, event: Event, at_s: float) -> Course:
        match event:
            case Requested(patience_s, owner_ids=owner_ids):
                self.state.answer_by_s = at_s + patience_s
                self.state.owner_ids = owner_ids
                if patience_s <= 0:
                    yield from self._leave(Code.CALL_DEADLINE, "the request is older than callflow waits")
                elif patience_s <= self._rules.reserve_s:
                    yield from self._fail(Code.CALL_DEADLINE, "the request came too late to ask anybody")
                else:
                    self.state.phase = Phase.ASKING
                    yield StartTimer(SLOW, self._rules.slow_after_s)
                    yield StartTimer(DEADLINE, patience_s - self._rules.reserve_s)
                    yield from self._ask(self.state.request.voice_uri, self.state.request.method, at_s)
            case Drained():
                yield from self._give_back()

    def _when_asking(self, event: Event, at_s: float) -> Course:
        match event:
            case Fetched() | FetchFailed():
                yield from self._when_answered(event, at_s)
            case TimerFired(name) if name == SLOW:
                yield from self._bind()
                yield RecordOwnership()
            case TimerFired(name) if name == DEADLINE:
                yield from self._fail(Code.CALL_DEADLINE, "no usable answer came in time")
            case ChannelDestroyed(call_id) if call_id == self._call.call_id:
                yield from self._leave(Code.CALL_GONE, "the caller hung up while we asked")
            case Usurped() if self._is_usurped(event):
                yield from self._leave(Code.CALL_USURPED, "another process took control of the call")
            case CommandFailed(command) if command == BindCall.__name__:
                self.state.bound = False  # at worst we miss a hang-up, which callflow hears all the same
            case CommandFailed(_, Code.WORKER_CRASH, message):
                yield from self._fail(Code.WORKER_CRASH, message)
            case Drained(can_give_back):
                if can_give_back:
                    yield from self._give_back()
                else:
                    yield from self._fail(Code.WORKER_DRAIN, "the last worker stops")

    def _when_running(self, event: Event, at_s: float) -> Course:
        if isinstance(event, SwitchEvent):
            self._heard(event, at_s)
        match event:
            case Fetched() | FetchFailed() if self._is_awaited(event.fetch_id):
                yield from self._when_answered(event, at_s)
            case ChannelDestroyed(call_id) if call_id == self._call.call_id:
                yield from self._caller_gone(event, at_s)
            case Usurped() if self._is_usurped(event):
                yield from self._usurped(at_s)
            case CommandFailed(msg_id=None):
                yield from self._bus_failed(event)
            case TimerFired(name) if name == WATCH:
                yield from self._watch(at_s)
            case Drained():
                yield from self._hang_up(Code.WORKER_DRAIN, "the worker stops")
            case _:
                yield from side.receive(event, self._line(at_s))
                if self.state.program is not None:
                    yield from self.state.program.receive(event, self._line(at_s))
                yield from recordings.receive(event, self._line(at_s))
                yield from self._follow(at_s)

    def _when_ending(self, event: Event, at_s: float) -> Course:
        match event:
            case ChannelDestroyed(call_id) if call_id == self._call.call_id:
                yield CancelTimer(GOODBYE)
                yield from self._report(event, at_s)
            case TimerFired(name) if name == GOODBYE and not self.state.hung_up:
                yield from self._end()  # it should have ended by itself
            case TimerFired(name) if name == GOODBYE:
                yield from self._over()
            case Usurped() if self._is_usurped(event):
                yield from self._over()
            case Drained():
                yield from self._over()
            case CommandFailed(msg_id=None):
                yield from self._goodbye_failed(event)
            case _:
                yield from side.receive(event, self._line(at_s))
                yield from recordings.receive(event, self._line(at_s))

    def _when_reporting(self, event: Event, at_s: float) -> Course:
        """What is still under way is waited for, but not for long."""
        state = self.state
        match event:
            case Fetched(fetch_id) | FetchFailed(fetch_id):
                state.telling = tuple(each for each in state.telling if each != fetch_id)
            case TimerFired(name) if name == GOODBYE:
                state.recordings, state.program = [], None
            case Drained() | CommandFailed(msg_id=None):
                yield from self._over()  # what was to be told later was not performed either
                return
            case _:
                yield from recordings.receive(event, self._line(at_s))
                yield from self._last_words(event, at_s)
        yield from self._over_if_told()

    def _when_over(self, event: Event) -> Course:
        """The last commands may have failed; those behind the failed one were not performed."""
        if not isinstance(event, CommandFailed):
            return
        code = Code(event.code)
        if code == Code.WORKER_CRASH and SayProcessing.__name__ in (event.command, *event.dropped):
            yield Acknowledge()
            yield SayFailed()
            yield End(Outcome.BRANCHED, code, event.message)
        elif code != Code.BUS_LOST and event.command == HandOverFlow.__name__:
            yield Hangup(self.state.draw_id())
            yield Acknowledge()
            yield End(Outcome.HUNG_UP, code, f"the flow reaches no callflow application: {event.message}")
        elif code == Code.BUS_RETURNED:
            if event.command == SayProcessing.__name__:
                yield Acknowledge()
            yield End(Outcome.GONE, code, f"nobody waits for this call: {event.message}")
        else:
            # The broker was silent until callflow had gone on; or the connection is lost, which gives the
            # request to another worker, and makes this acknowledgement fail.
            if Acknowledge.__name__ in event.dropped:
                yield Acknowledge()
            yield End(Outcome.GONE, code, event.message)

    # Asking and answers

    def _ask(
        self, url: str, method: Method, at_s: float, extra: Texts = (), *, is_fallback: bool = False
    ) -> Course:
        left_s = self._time_left_s(at_s)
        self.state.question, fetch = ask(
            self.state, self._profile, url, method, left_s, extra, is_fallback=is_fallback
        )
        yield fetch

    def _time_left_s(self, at_s: float) -> float:
        if self.state.phase is Phase.ASKING:
            return self.state.answer_by_s - self._rules.reserve_s - _FETCH_ENDS_EARLIER_S - at_s
        return self._rules.later_deadline_s

    def _is_awaited(self, fetch_id: str) -> bool:
        return self.state.question is not None and self.state.question.fetch_id == fetch_id

    def _when_answered(self, event: Fetched | FetchFailed, at_s: float) -> Course:
        question = self.state.question
        if question is None or question.fetch_id != event.fetch_id:
            return  # late news of a fetch that no longer matters
        self.state.question = None
        if isinstance(event, FetchFailed):
            yield from self._no_document(question, event.failure.code, event.failure.message, at_s)
            return
        if self._profile.keeps_cookies:
            self.state.cookies = keep_cookies(self.state.cookies, event.answer)
        try:
            document = translate(event.answer, self._rules.translate)
        except DocumentError as error:
            yield _refusal(event.fetch_id, self.state.iteration, error)
            yield from self._no_document(question, error.code, str(error), at_s)
        else:
            kind = "kazoo" if isinstance(document, KazooFlow) else "twiml"
            yield AnswerAccepted(event.fetch_id, self.state.iteration, kind, document.warnings)
            yield from self._begin(document, question, event.answer, at_s)

    def _no_document(self, question: Question, code: Code, message: str, at_s: float) -> Course:
        """The first way out of a failure is the fallback URL; it is asked once for each failed fetch."""
        own = (read_overrides(url).fallback_url for url in (question.asked_url, self.state.request.voice_uri))
        fallback = next(filter(None, own), None) or self._rules.fallback_url
        if fallback and not question.is_fallback and self._time_left_s(at_s) > _LEAST_FETCH_S:
            self.state.verdict = Verdict(Outcome.RECOVERED, code, message)
            extra = (*question.extra, *error_parameters(question.asked_url, code.twilio_number))
            yield from self._ask(fallback, question.method, at_s, extra, is_fallback=True)
            return
        if question.is_fallback:
            code, message = self.state.verdict.code or code, self.state.verdict.message
        if self.state.phase is Phase.RUNNING:
            yield from self._apologise(code, message, at_s)
        elif code in self._rules.failures.hang_up_on:
            yield from self._fail_as_kazoo(code, message)
        else:
            yield from self._fail(code, message)

    # Ways out of ASKING

    def _begin(self, document: Document, question: Question, answer: Answer, at_s: float) -> Course:
        if isinstance(document, KazooFlow):
            yield from self._hand_over(document)
            return
        if self.state.phase is Phase.ASKING:
            yield CancelTimer(SLOW)
            yield CancelTimer(DEADLINE)
            if not self.state.bound:
                yield from self._bind()
            yield SayProcessing()
            self.state.phase = Phase.RUNNING
            self.state.heard_at_s = at_s
            yield RecordOwnership()
            yield Acknowledge()
            yield StartTimer(WATCH, self._rules.watch_s)
        base = base_url(self._profile, question.asked_url, question.sent_url, answer.url)
        yield from self._run(Program(self._call.call_id, base, document.instructions), at_s)

    def _bind(self) -> Course:
        self.state.bound = True
        yield BindCall(self._call.call_id)

    def _hand_over(self, document: KazooFlow) -> Course:
        if self.state.phase is Phase.ASKING:
            yield SayProcessing()
            yield HandOverFlow(document.flow)
            yield Acknowledge()
        else:
            yield from side.stop_all(self._line(0.0))
            yield HandOverFlow(document.flow)
        yield from self._over()

    def _fail(self, code: Code, message: str) -> Course:
        """callflow goes on with its `_` child."""
        yield Acknowledge()
        yield SayFailed()
        self.state.verdict = Verdict(Outcome.BRANCHED, code, message)
        yield from self._over()

    def _fail_as_kazoo(self, code: Code, message: str) -> Course:
        """End the call, as Kazoo does with these answers; minus the dead air when a `cdr_url` is set."""
        if code == Code.ANSWER_SCHEMA:
            yield SayProcessing()
        yield Acknowledge()
        if code in self._rules.failures.say_failed_before_hang_up:
            yield SayFailed()
        yield Hangup(self.state.draw_id())
        self.state.verdict = Verdict(Outcome.HUNG_UP, code, message)
        yield from self._over()

    def _leave(self, code: Code, message: str) -> Course:
        """Nobody waits for us any more: say nothing, and see to it that nobody else is given the request."""
        yield Acknowledge()
        self.state.verdict = Verdict(Outcome.GONE, code, message)
        yield from self._over()

    def _give_back(self) -> Course:
        """The worker stops: unacknowledged, the request goes to another one."""
        self.state.verdict = Verdict(Outcome.GONE, Code.WORKER_DRAIN, "handed back to the queue")
        yield from self._over()

    # RUNNING, and what follows it

    def _line(self, at_s: float) -> Line:
        program = self.state.program
        base = program.base_url if program else ""
        return Line(self.state, self._profile, self._call.call_id, base, at_s, step_for, self._rules)

    def _run(self, program: Program, at_s: float) -> Course:
        self.state.program = program
        yield from program.start(self._line(at_s))
        yield from self._follow(at_s)

    def _follow(self, at_s: float) -> Course:
        """What the document's end leads to."""
        program = self.state.program
        match program.result if program else None:
            case AskFor(url, method, extra):
                assert program is not None
                self.state.program = None
                if self._is_loop(at_s):
                    yield from self._hang_up(Code.CALL_LOOP, f"{self.state.documents} documents in one call")
                else:
                    url = resolve_url(self._profile, program.base_url, url)
                    yield from self._ask(url, method, at_s, extra)
            case Finish() as finish:
                assert program is not None
                if not program.instructions:
                    yield from self._line(at_s).pick_up()  # an empty document answers, too
                self.state.program = None
                if finish.call_status is not None:
                    self.state.call_status = finish.call_status
                yield from self._end(finish.cause, hang_up=finish.hang_up)

    def _is_loop(self, at_s: float) -> bool:
        """Too many documents, or too many in a row without anything for the caller in between."""
        rules = self._rules
        recent = tuple(asked for asked in self.state.hasty if at_s - asked < rules.hasty_within_s)
        self.state.hasty = (*recent, at_s)
        return self.state.documents >= rules.max_iterations or len(recent) >= rules.max_hasty

    def _heard(self, event: SwitchEvent, at_s: float) -> None:
        """The channel lives, and something happens on it."""
        self.state.heard_at_s, self.state.unanswered = at_s, 0
        if not isinstance(event, ChannelFound | FileSent):
            self.state.hasty = ()
        if isinstance(event, DigitPressed) and event.call_id == self._call.call_id:
            self.state.typed = (self.state.typed + event.digit)[-_MAX_TYPED:]

    def _watch(self, at_s: float) -> Course:
        """Ask after the channel when nothing was heard of it for long; nobody may wait for a lost event."""
        quiet_s = at_s - self.state.heard_at_s
        if quiet_s < self._rules.watch_s - _CLOCK_GRAIN_S:
            yield StartTimer(WATCH, self._rules.watch_s - quiet_s)
        elif self.state.unanswered < self._rules.watch_tries:
            self.state.unanswered += 1
            yield AskChannel(self.state.draw_id())
            yield StartTimer(WATCH, self._rules.watch_answer_s)
        else:
            self.state.verdict = Verdict(Outcome.GONE, Code.CALL_GONE, "the channel is gone, unheard")
            yield from self._caller_gone(ChannelDestroyed(self._call.call_id), at_s)

    def _end(self, cause: str | None = None, *, hang_up: bool = True) -> Course:
        self.state.phase = Phase.ENDING
        yield CancelTimer(WATCH)
        if hang_up:
            self.state.hung_up, self.state.unanswered = True, 0
            yield Hangup(self.state.draw_id(), cause)
        yield StartTimer(GOODBYE, self._rules.goodbye_s)

    def _hang_up(self, code: Code, message: str) -> Course:
        """The call cannot go on."""
        self.state.verdict = Verdict(Outcome.HUNG_UP, code, message)
        yield CallFailed(code, message)
        if self.state.program is not None:
            yield from self.state.program.stop(self._line(0.0))
            self.state.program = None
        if self.state.question is not None:
            yield CancelFetch(self.state.question.fetch_id)
            self.state.question = None
        yield from self._end()

    def _apologise(self, code: Code, message: str, at_s: float) -> Course:
        """No document is left: the caller hears why, if there are words for it, and the call ends."""
        self.state.verdict = Verdict(Outcome.HUNG_UP, code, message)
        yield CallFailed(code, message)
        words = (
            (SayVerb((self._rules.apology,), switch_voice=self._rules.translate.voice),)
            if self._rules.apology
            else ()
        )
        yield from self._run(Program(self._call.call_id, "", words), at_s)

    def _bus_failed(self, event: CommandFailed) -> Course:
        """A command was lost or returned, or we crashed over it; those behind it were not performed."""
        command, code, message = event.command, Code(event.code), event.message
        unsaid = event.dropped if code != Code.WORKER_CRASH else (command, *event.dropped)
        if SayProcessing.__name__ in unsaid:
            yield from self._fail(code, f"{command}: {message}")
        elif command == SayProcessing.__name__:
            # Nobody waits in its queue, or it was not confirmed as long as callflow waits.
            yield from self._leave(code, f"{command}: {message}")
        elif command == Acknowledge.__name__:
            self.state.verdict = Verdict(Outcome.GONE, code, "the request went to another worker")
            yield from self._over()
        elif code == Code.BUS_RETURNED:
            self.state.verdict = Verdict(Outcome.GONE, code, f"{command}: the call's control queue is gone")
            yield from self._over()
        else:
            yield from self._hang_up(code, f"{command}: {message}")

    def _goodbye_failed(self, event: CommandFailed) -> Course:
        """A hang-up that the broker lost is sent again a few times, so that nobody is left in silence."""
        was_hang_up = Hangup.__name__ in (event.command, *event.dropped)
        if (
            was_hang_up
            and event.code != Code.BUS_RETURNED
            and self.state.unanswered < self._rules.watch_tries
        ):
            self.state.unanswered += 1
            yield Hangup(self.state.draw_id())
        yield StartTimer(GOODBYE, self._rules.goodbye_s)

    # After the call

    def _caller_gone(self, event: ChannelDestroyed, at_s: float) -> Course:
        """The running verb may still have something to tell; no command to the channel follows."""
        self.state.call_status = final_status(event.hangup_cause, answered=self.state.answered)
        yield CancelTimer(WATCH)
        if self.state.question is not None:
            yield CancelFetch(self.state.question.fetch_id)
            self.state.question = None
        yield from self._last_words(event, at_s)
        yield from self._report(event, at_s)

    def _last_words(self, event: Event, at_s: float) -> Course:
        """Let the running verb see an event that comes with or after the channel's end."""
        program, line = self.state.program, self._line(at_s)
        if program is None:
            return
        yield from self._outliving(program.part(event, line))
        if program.step is not None:
            return  # something is still to come that must be told
        self.state.program = None
        if isinstance(program.result, AskFor):
            asked = program.result
            yield self._telling(line.tell(line.resolve(asked.url), asked.method, asked.parameters))

    def _outliving(self, course: Course) -> Course:
        """What of a course may still be done without the channel; all of it has its effect on the state."""
        yield from (item for item in list(course) if outlives_channel(item, self.state))

    def _is_usurped(self, event: Usurped) -> bool:
        """Legs that we dialled are taken over by the processes that route them; only our own call counts."""
        return event.call_id in ("", self._call.call_id) and event.fetch_id != self._call.fetch_id

    def _usurped(self, at_s: float) -> Course:
        self.state.verdict = Verdict(Outcome.GONE, Code.CALL_USURPED, "another process took control")
        if self.state.program is not None:
            yield from self._outliving(self.state.program.stop(self._line(at_s)))
        yield from self._over()

    def _report(self, event: ChannelDestroyed, at_s: float) -> Course:
        state = self.state
        if state.phase is Phase.ENDING and state.call_status in ("ringing", "in-progress"):
            state.call_status = final_status(event.hangup_cause, answered=state.answered)
        state.phase = Phase.REPORTING
        yield from self._outliving(side.receive(event, self._line(at_s)))
        if state.request.cdr_uri is not None:
            yield self._telling(self._line(at_s).tell_cdr(event))
        if state.recordings or state.program is not None:
            yield StartTimer(GOODBYE, self._rules.linger_s)
        yield from self._over_if_told()

    def _telling(self, fetch: Fetch) -> Fetch:
        self.state.telling = (*self.state.telling, fetch.request.fetch_id)
        return fetch

    def _over_if_told(self) -> Course:
        if not (self.state.telling or self.state.recordings or self.state.program):
            yield from self._over()

    def _over(self) -> Course:
        yield from self._outliving(side.stop_all(self._line(0.0)))
        self.state.phase = Phase.OVER
        self.state.question = None
        self.state.program = None
        self.state.recordings = []
        self.state.telling = ()
        verdict = self.state.verdict
        yield End(verdict.outcome, verdict.code, verdict.message)


def _refusal(fetch_id: str, iteration: int, error: DocumentError) -> AnswerRefused:
    return AnswerRefused(
        fetch_id, iteration, error.code, str(error), error.details or {}, error.line, error.column
    )
