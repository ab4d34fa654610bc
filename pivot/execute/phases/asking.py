"""Phases NEW and ASKING: callflow waits for pivot, and the customer's server has the request."""

from __future__ import annotations

from pivot.execute.call_data import Phase
from pivot.execute.phases import callflow, ending, running
from pivot.execute.phases.core import DEADLINE, SLOW, Answered, Core, Unanswered
from pivot.execute.step_context import Commands
from pivot.model.codes import Code
from pivot.model.commands import BindCall, CancelTimer, RecordOwnership, StartTimer
from pivot.model.documents import KazooFlow
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    Drained,
    Event,
    Fetched,
    FetchFailed,
    Requested,
    TimerFired,
)


def when_new(core: Core, event: Event, at_s: float) -> Commands:
    """NEW: begin the first fetch, or refuse when callflow's time in seconds is too short for one."""
    match event:
        case Requested(patience_s, redelivered, owner_ids=owner_ids, began_at=began_at):
            core.state.redelivered = redelivered
            core.state.answer_by_s = at_s + patience_s
            core.state.owner_ids, core.state.began_at = owner_ids, began_at
            if patience_s <= 0:
                yield from callflow.leave(
                    core, Code.CALL_DEADLINE, "the request is older than callflow waits"
                )
            elif patience_s <= core.rules.reserve_s:
                yield from callflow.fail(core, Code.CALL_DEADLINE, "the request came too late to ask anybody")
            else:
                core.state.phase = Phase.ASKING
                yield StartTimer(SLOW, core.rules.slow_after_s)
                yield StartTimer(DEADLINE, patience_s - core.rules.reserve_s)
                yield from core.ask(core.state.request.voice_uri, core.state.request.method, at_s)
                if core.state.request.cdr_uri is not None:
                    yield from core.bind()  # the end must be heard, whenever it comes
        case Drained(can_give_back):
            yield from _drained(core, can_give_back)


def when_asking(core: Core, event: Event, at_s: float) -> Commands:
    """ASKING: leave with a flow, with TwiML, with `failed`, or with nobody there."""
    match event:
        case Fetched() | FetchFailed():
            yield from _answered(core, event, at_s)
        case TimerFired(name) if name == SLOW:
            if not core.state.bound:
                yield from core.bind()
            yield RecordOwnership()
        case TimerFired(name) if name == DEADLINE:
            yield from callflow.fail(core, Code.CALL_DEADLINE, "no usable answer came in time")
        case ChannelDestroyed() if core.is_end(event):
            yield from ending.gone_while_asking(core, event, at_s)
        case _ if core.is_usurped(event):
            yield from callflow.leave(core, Code.CALL_USURPED, "another process took control of the call")
        case CommandFailed(command) if command == BindCall.__name__:
            core.state.bound = False  # at worst we miss a hang-up, which callflow hears all the same
        case CommandFailed(_, Code.WORKER_CRASH, message):
            yield from callflow.fail(core, Code.WORKER_CRASH, message)
        case Drained(can_give_back):
            yield from _drained(core, can_give_back)


def _drained(core: Core, can_give_back: bool) -> Commands:
    if can_give_back:
        yield from callflow.give_back(core)
    else:
        yield from callflow.fail(core, Code.WORKER_DRAIN, "the last worker stops")


def _answered(core: Core, event: Fetched | FetchFailed, at_s: float) -> Commands:
    match (yield from core.read(event, at_s)):
        case Answered(KazooFlow() as document):
            yield from callflow.hand_over(core, document)
        case Answered() as answered:
            yield CancelTimer(SLOW)
            yield CancelTimer(DEADLINE)
            yield from running.take_over(core, answered, at_s)
        case Unanswered(code, message) if code in core.rules.failures.hang_up_on:
            yield from callflow.fail_as_kazoo(core, code, message)
        case Unanswered(code, message):
            yield from callflow.fail(core, code, message)
