"""What callflow is told, and in which order with the acknowledgement: the ways that do not lead to TwiML."""

from __future__ import annotations

from pivot.execute.call_data import Phase, Verdict
from pivot.execute.phases.core import Core
from pivot.execute.side import task as side
from pivot.execute.step_context import Commands
from pivot.model.codes import Code, Outcome
from pivot.model.commands import Acknowledge, HandOverFlow, SayFailed, SayProcessing
from pivot.model.documents import KazooFlow
from pivot.model.switch import Hangup


def hand_over(core: Core, document: KazooFlow) -> Commands:
    """callflow takes the call on with its new flow."""
    if core.state.phase is Phase.ASKING:
        yield SayProcessing()
        yield HandOverFlow(document.flow)
        yield Acknowledge()
    else:
        yield from side.stop_all(core.context(0.0))
        yield HandOverFlow(document.flow)
    yield from core.over()


def fail(core: Core, code: Code, message: str) -> Commands:
    """callflow goes on with its `_` child, if it is certain that it still waits.

    Another worker that was given the request before may have said `processing`; after that nobody would hear
    `failed`, and the caller would hear nothing for good. Nothing tells the two cases apart, so the call ends.
    """
    yield Acknowledge()
    if core.state.redelivered:
        yield Hangup(core.state.draw_id())
        core.state.verdict = Verdict(Outcome.HUNG_UP, code, message)
    else:
        yield SayFailed()
        core.state.verdict = Verdict(Outcome.BRANCHED, code, message)
    yield from core.over()


def fail_as_kazoo(core: Core, code: Code, message: str) -> Commands:
    """End the call, as Kazoo does with these answers; minus the dead air when a `cdr_url` is set."""
    if code == Code.ANSWER_SCHEMA:
        yield SayProcessing()
    yield Acknowledge()
    if code in core.rules.failures.say_failed_before_hang_up and not core.state.redelivered:
        yield SayFailed()
    yield Hangup(core.state.draw_id())
    core.state.verdict = Verdict(Outcome.HUNG_UP, code, message)
    yield from core.over()


def leave(core: Core, code: Code, message: str) -> Commands:
    """Nobody waits for us any more: say nothing, and see to it that nobody else is given the request."""
    yield Acknowledge()
    core.state.verdict = Verdict(Outcome.GONE, code, message)
    yield from core.over()


def give_back(core: Core) -> Commands:
    """The worker stops: unacknowledged, the request goes to another one."""
    core.state.verdict = Verdict(Outcome.GONE, Code.WORKER_DRAIN, "handed back to the queue")
    yield from core.over()
