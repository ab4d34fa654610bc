"""What a call that is ours still does for others when its own channel is gone or taken."""

from __future__ import annotations

from pivot.execute.machine import CallMachine
from pivot.execute.parting import outlives_channel
from pivot.execute.state import CallState, Phase
from pivot.model.commands import CancelTimer, Command, Fetch
from pivot.model.events import Fetched, Requested, Usurped
from pivot.model.switch import AnswerCall, Hangup, StopMedia
from tests.calls import CALL_ID, pivot_request, twiml
from tests.rules import RULES


def running(document: str = "<Pause length='60'/>") -> CallMachine:
    """A call whose first document is at work."""
    machine = CallMachine(CallState(pivot_request(), seed="s"), RULES)
    fetch = next(item for item in machine.receive(Requested(10.0), 0.0) if isinstance(item, Fetch))
    machine.receive(Fetched(fetch.request.fetch_id, twiml(document)), 0.1)
    assert machine.state.phase is Phase.RUNNING
    return machine


def test_who_takes_over_a_leg_that_we_dialled_does_not_take_our_call() -> None:
    """Routing a dialled leg publishes the same message as taking our call away."""
    machine = running()

    assert machine.receive(Usurped("other", "b-leg@host"), 1.0) == []
    assert machine.receive(Usurped("other", CALL_ID), 1.0) != []
    assert machine.state.phase is Phase.OVER


def test_a_leg_dialled_apart_is_told_through_its_own_control_queue() -> None:
    """Anything sent through the caller's queue would be done to the caller."""
    machine = running()
    machine.state.controls["b-leg@host"] = "b-queue"

    own = machine.call_for(Hangup("m1"))
    other = machine.call_for(Hangup("m2", leg="b-leg@host"))

    assert (own.call_id, own.control_queue) == (CALL_ID, "control-queue")
    assert (other.call_id, other.control_queue) == ("b-leg@host", "b-queue")


def test_without_the_caller_only_legs_of_our_own_are_hung_up() -> None:
    """A leg that the caller's control process dialled goes with the caller."""
    state = CallState(pivot_request(), seed="s", controls={"apart": "queue"})
    items: list[Command] = [
        AnswerCall("m1"),
        Hangup("m2"),
        Hangup("m3", leg="bridged"),
        StopMedia("m4"),
        CancelTimer("t"),
    ]

    assert [item for item in items if outlives_channel(item, state)] == [CancelTimer("t")]
    assert outlives_channel(Hangup("m5", leg="apart"), state)
