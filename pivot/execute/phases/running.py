"""Phase RUNNING: pivot owns the call; a document runs, or the next document is being fetched."""

from __future__ import annotations

from pivot.execute import recordings
from pivot.execute.call_data import Phase, Verdict
from pivot.execute.phases import callflow, ending
from pivot.execute.phases.core import WATCH, Answered, Core, Unanswered
from pivot.execute.phases.loops import loop_found
from pivot.execute.program import Program
from pivot.execute.side import task as side
from pivot.execute.step_context import Commands
from pivot.execute.step_result import AskFor, Finish
from pivot.execute.urls import base_url, resolve_url
from pivot.model.codes import Code, Outcome
from pivot.model.commands import (
    Acknowledge,
    CancelFetch,
    RecordOwnership,
    SayProcessing,
    StartTimer,
)
from pivot.model.documents import KazooFlow, TwimlDocument
from pivot.model.events import (
    ChannelDestroyed,
    ChannelFound,
    CommandFailed,
    DigitPressed,
    Drained,
    Event,
    Executed,
    Fetched,
    FetchFailed,
    FileSent,
    ListenedLate,
    SwitchEvent,
    TimerFired,
)
from pivot.model.instructions import SayVerb
from pivot.model.notes import CallFailed
from pivot.model.switch import AskChannel

_CLOCK_GRAIN_S = 0.05
"""A timer may fire that much early."""
_MAX_TYPED = 32


def take_over(core: Core, answered: Answered, at_s: float) -> Commands:
    """From ASKING with TwiML: callflow learns that the call is ours before anything is done with it."""
    if not core.state.bound:
        yield from core.bind()
    yield SayProcessing()
    core.state.phase = Phase.RUNNING
    core.state.heard_at_s = at_s
    yield RecordOwnership()
    yield Acknowledge()
    yield StartTimer(WATCH, core.rules.watch_s)
    yield from _begin(core, answered, at_s)


def when_running(core: Core, event: Event, at_s: float) -> Commands:
    """RUNNING: give the event to side tasks and the step, and follow answers of the customer's server."""
    if isinstance(event, SwitchEvent):
        _heard(core, event, at_s)
    match event:
        case Fetched(fetch_id) | FetchFailed(fetch_id) if _is_awaited(core, fetch_id):
            yield from _answered(core, event, at_s)
        case ChannelDestroyed() if core.is_end(event):
            yield from ending.caller_gone(core, event, at_s)
        case _ if core.is_usurped(event):
            yield from _lost(core, Code.CALL_USURPED, "another process took control", at_s)
        case CommandFailed(msg_id=None):
            yield from _bus_failed(core, event, at_s)
        case TimerFired(name) if name == WATCH:
            yield from _watch(core, at_s)
        case ListenedLate(call_id) if call_id == core.call.call_id:
            core.state.heard_at_s = at_s - core.rules.watch_at_most_s  # its end may have been told in vain
            yield from _watch(core, at_s)
        case Drained():
            yield from hang_up(core, Code.WORKER_DRAIN, "the worker stops", at_s)
        case _:
            context = core.context(at_s)
            yield from side.receive(event, context)
            if core.state.program is not None:
                yield from core.state.program.receive(event, context)
            yield from _follow(core, at_s)
            yield from recordings.receive(event, context)  # the verb's own request is told first


def hang_up(core: Core, code: Code, message: str, at_s: float) -> Commands:
    """The call cannot go on."""
    state = core.state
    state.verdict = Verdict(Outcome.HUNG_UP, code, message)
    yield CallFailed(code, message)
    if state.program is not None:
        yield from state.program.stop(core.context(at_s))
        state.program = None
    if state.question is not None:
        yield CancelFetch(state.question.fetch_id)
        state.question = None
    yield from ending.say_goodbye(core)


# Documents


def _is_awaited(core: Core, fetch_id: str) -> bool:
    return core.state.question is not None and core.state.question.fetch_id == fetch_id


def _answered(core: Core, event: Fetched | FetchFailed, at_s: float) -> Commands:
    match (yield from core.read(event, at_s)):
        case Answered(KazooFlow() as document):
            yield from callflow.hand_over(core, document)
        case Answered() as answered:
            yield from _begin(core, answered, at_s)
        case Unanswered(code, message):
            yield from _apologise(core, code, message, at_s)


def _begin(core: Core, answered: Answered, at_s: float) -> Commands:
    question, document = answered.question, answered.document
    assert isinstance(document, TwimlDocument)
    base = base_url(core.profile, question.asked_url, question.sent_url, answered.answer.url)
    yield from _run(core, Program(core.call.call_id, base, document.instructions), at_s)


def _run(core: Core, program: Program, at_s: float) -> Commands:
    core.state.program = program
    core.state.document_began_s = at_s
    yield from program.start(core.context(at_s))
    yield from _follow(core, at_s)


def _follow(core: Core, at_s: float) -> Commands:
    """What the document's end leads to."""
    state, program = core.state, core.state.program
    match program.result if program else None:
        case AskFor(url, method, extra, outlives_caller):
            assert program is not None
            state.program = None
            if why := loop_found(core, at_s):
                yield from _apologise(core, Code.CALL_LOOP, why, at_s)
            else:
                url = resolve_url(core.profile, program.base_url, url)
                outlives, verb = outlives_caller, program.verb
                yield from core.ask(url, method, at_s, extra, outlives_caller=outlives, after=verb)
        case Finish() as finish:
            assert program is not None
            if not program.instructions:
                yield from core.context(at_s).pick_up()  # an empty document answers, too
            state.program = None
            if finish.call_status is not None:
                state.call_status = finish.call_status
            yield from ending.say_goodbye(core, finish.cause, hang_up=finish.hang_up)


def _apologise(core: Core, code: Code, message: str, at_s: float) -> Commands:
    """No document is left: the caller hears why, if there are words for it, and the call ends."""
    core.state.verdict = Verdict(Outcome.HUNG_UP, code, message)
    yield CallFailed(code, message)
    rules = core.rules
    if rules.apology:
        words = SayVerb((rules.apology,), switch_voice=rules.translate.voice)
        yield from _run(core, Program(core.call.call_id, "", (words,)), at_s)
    else:
        yield from ending.say_goodbye(core)  # without answering: nobody pays for a call that nobody took


# The channel and the bus


def _heard(core: Core, event: SwitchEvent, at_s: float) -> None:
    """The channel lives, and something happens on it; that another leg exists says nothing of it."""
    state = core.state
    if isinstance(event, ChannelFound) and event.call_id != core.call.call_id:
        return
    state.heard_at_s, state.unanswered = at_s, 0
    state.found = state.found + 1 if isinstance(event, ChannelFound) else 0
    if not isinstance(event, ChannelFound | FileSent):
        state.hasty = ()
    if isinstance(event, Executed) and event.response == state.flush_id:
        state.flush_id = ""
    if isinstance(event, DigitPressed) and event.call_id == core.call.call_id:
        state.typed = (state.typed + event.digit)[-_MAX_TYPED:]


def _watch(core: Core, at_s: float) -> Commands:
    """Ask after the channel when nothing was heard of it for long; nobody may wait for a lost event.

    The longer its existence is all that is heard of, the seldomer: thousands may wait with nothing to do.
    """
    state, rules = core.state, core.rules
    quiet_s = at_s - state.heard_at_s
    watch_s = min(rules.watch_s * (1 + state.found), rules.watch_at_most_s)
    if quiet_s < watch_s - _CLOCK_GRAIN_S:
        yield StartTimer(WATCH, watch_s - quiet_s)
    elif state.unanswered < rules.watch_tries:
        state.unanswered += 1
        yield AskChannel(state.draw_id())
        yield StartTimer(WATCH, rules.watch_answer_s)
    else:
        state.verdict = Verdict(Outcome.GONE, Code.CALL_GONE, "the channel is gone, unheard")
        yield from ending.caller_gone(core, ChannelDestroyed(core.call.call_id), at_s)


def _lost(core: Core, code: Code, message: str, at_s: float) -> Commands:
    """The channel is there or not, but it is not ours any more: what was ours beside it ends."""
    core.state.verdict = Verdict(Outcome.GONE, code, message)
    if core.state.program is not None:
        yield from core.outliving(core.state.program.stop(core.context(at_s)))
    yield from core.over()


def _bus_failed(core: Core, event: CommandFailed, at_s: float) -> Commands:
    """A command was lost or returned, or we crashed over it; those behind it were not performed."""
    command, code, message = event.command, Code(event.code), event.message
    unsaid = event.dropped if code != Code.WORKER_CRASH else (command, *event.dropped)
    if SayProcessing.__name__ in unsaid:
        yield from callflow.fail(core, code, f"{command}: {message}")
    elif command == SayProcessing.__name__:
        # Nobody waits in its queue, or it was not confirmed as long as callflow waits.
        yield from callflow.leave(core, code, f"{command}: {message}")
    elif command == Acknowledge.__name__:
        core.state.verdict = Verdict(Outcome.GONE, code, "the request went to another worker")
        yield from core.over()
    elif code == Code.BUS_RETURNED:
        yield from _lost(core, code, f"{command}: the call's control queue is gone", at_s)
    else:
        yield from hang_up(core, code, f"{command}: {message}", at_s)
