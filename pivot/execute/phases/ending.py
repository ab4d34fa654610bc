"""Phases ENDING, REPORTING, OVER: the hang-up, reports after the channel's end, late failures."""

from __future__ import annotations

from pivot.execute import recordings
from pivot.execute.call_data import Phase, Verdict
from pivot.execute.phases import callflow, hangup
from pivot.execute.phases.core import DEADLINE, GOODBYE, SLOW, WATCH, Core
from pivot.execute.side import task as side
from pivot.execute.status import final_status
from pivot.execute.step_context import Commands
from pivot.execute.step_result import AskFor
from pivot.model.codes import Code, Outcome
from pivot.model.commands import (
    Acknowledge,
    CancelFetch,
    CancelTimer,
    End,
    Fetch,
    HandOverFlow,
    SayProcessing,
    StartTimer,
)
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    Drained,
    Event,
    Fetched,
    FetchFailed,
    TimerFired,
)
from pivot.model.switch import Hangup


def say_goodbye(core: Core, cause: str | None = None, *, hang_up: bool = True) -> Commands:
    """Into ENDING: hang up, unless the call ends by itself, and wait a little for the channel's end."""
    core.state.phase = Phase.ENDING
    yield CancelTimer(WATCH)
    yield from hangup.release(core)
    if hang_up:
        core.state.hung_up, core.state.unanswered = True, 0
        yield Hangup(core.state.draw_id(), cause)
    yield StartTimer(GOODBYE, core.rules.goodbye_s)


def when_ending(core: Core, event: Event, at_s: float) -> Commands:
    """ENDING: wait for the end of the channel after the hang-up, a limited time."""
    match event:
        case ChannelDestroyed() if core.is_end(event):
            yield CancelTimer(GOODBYE)
            yield from _report(core, event, at_s)
        case TimerFired(name) if name == GOODBYE and not core.state.hung_up:
            yield from say_goodbye(core)  # it should have ended by itself
        case TimerFired(name) if name == GOODBYE:
            yield from core.over()
        case Drained():
            yield from core.over()
        case _ if core.is_usurped(event):
            yield from core.over()
        case CommandFailed(msg_id=None):
            yield from _goodbye_failed(core, event)
        case _:
            yield from side.receive(event, core.context(at_s))
            yield from recordings.receive(event, core.context(at_s))


def gone_while_asking(core: Core, event: ChannelDestroyed, at_s: float) -> Commands:
    """From ASKING: nobody is told but `cdr_url`, whatever the answer would have been.

    Source: pivot_call.erl, handle_call_event of CHANNEL_DESTROY; the request under way is not looked at.
    """
    why = "the caller hung up while we asked"
    if core.state.request.cdr_uri is None:
        yield from callflow.leave(core, Code.CALL_GONE, why)
        return
    yield Acknowledge()
    yield CancelTimer(SLOW)
    yield CancelTimer(DEADLINE)
    yield from _leave_question(core)
    core.state.verdict = Verdict(Outcome.GONE, Code.CALL_GONE, why)
    core.state.call_status = final_status(event.hangup_cause, answered=False)
    yield from _report(core, event, at_s)


def caller_gone(core: Core, event: ChannelDestroyed, at_s: float) -> Commands:
    """Into REPORTING: the running verb may still have something to tell; nothing goes to the channel."""
    state = core.state
    state.call_status = final_status(event.hangup_cause, answered=state.answered)
    yield CancelTimer(WATCH)
    yield from hangup.release(core)
    yield from _leave_question(core)
    yield from _last_words(core, event, at_s)
    yield from _report(core, event, at_s)


def _leave_question(core: Core) -> Commands:
    """The request that is under way is broken off, or its answer means nothing any more."""
    question, core.state.question = core.state.question, None
    if question is None:
        return
    if question.outlives_caller:
        core.state.telling = (*core.state.telling, question.fetch_id)
    else:
        yield CancelFetch(question.fetch_id)


def when_reporting(core: Core, event: Event, at_s: float) -> Commands:
    """What is still under way is waited for, but not for long."""
    state = core.state
    match event:
        case Fetched(fetch_id) | FetchFailed(fetch_id):
            state.telling = tuple(each for each in state.telling if each != fetch_id)
        case TimerFired(name) if name == GOODBYE:
            state.recordings = []
            yield from _last_words(core, event, at_s, patient=False)
        case Drained() | CommandFailed(msg_id=None):
            # What was to be told later was not performed either; what waits for that is told now.
            state.telling, state.recordings = (), []
            yield from _last_words(core, event, at_s, patient=False)
        case _:
            yield from _last_words(core, event, at_s)
            yield from recordings.receive(event, core.context(at_s))
    yield from _over_if_told(core)


def when_over(core: Core, event: Event) -> Commands:
    """The last commands may have failed; those behind the failed one were not performed."""
    if not isinstance(event, CommandFailed):
        return
    code = Code(event.code)
    if code == Code.WORKER_CRASH and SayProcessing.__name__ in (event.command, *event.dropped):
        yield from callflow.fail(core, code, event.message)
    elif code != Code.BUS_LOST and event.command == HandOverFlow.__name__:
        yield Hangup(core.state.draw_id())
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


def _goodbye_failed(core: Core, event: CommandFailed) -> Commands:
    """A hang-up that the broker lost is sent again a few times, so that nobody is left in silence."""
    was_hang_up = Hangup.__name__ in (event.command, *event.dropped)
    if was_hang_up and event.code != Code.BUS_RETURNED and core.state.unanswered < core.rules.watch_tries:
        core.state.unanswered += 1
        yield Hangup(core.state.draw_id())
    yield StartTimer(GOODBYE, core.rules.goodbye_s)


def _last_words(core: Core, event: Event, at_s: float, *, patient: bool = True) -> Commands:
    """Let the running verb see an event that comes with or after the channel's end."""
    program, context = core.state.program, core.context(at_s)
    if program is None:
        return
    yield from core.outliving(program.part(event, context, patient=patient))
    if program.step is not None:
        return  # something is still to come that must be told
    core.state.program = None
    if isinstance(program.result, AskFor):
        asked = program.result
        yield _telling(core, context.tell(context.resolve(asked.url), asked.method, asked.parameters))


def _report(core: Core, event: ChannelDestroyed, at_s: float) -> Commands:
    state = core.state
    if state.phase is Phase.ENDING and state.call_status in ("ringing", "in-progress"):
        state.call_status = final_status(event.hangup_cause, answered=state.answered)
    state.phase = Phase.REPORTING
    yield from core.outliving(side.receive(event, core.context(at_s)))
    if state.request.cdr_uri is not None:
        yield _telling(core, core.context(at_s).tell_cdr(event))
    if state.recordings or state.program is not None:
        yield StartTimer(GOODBYE, core.rules.linger_s)
    yield from _over_if_told(core)


def _telling(core: Core, fetch: Fetch) -> Fetch:
    core.state.telling = (*core.state.telling, fetch.request.fetch_id)
    return fetch


def _over_if_told(core: Core) -> Commands:
    if not (core.state.telling or core.state.recordings or core.state.program):
        yield from core.over()
