"""What a call that is ours still does for others when its own channel is gone or taken."""

from __future__ import annotations

import pytest

from pivot.execute.after_hangup import outlives_channel
from pivot.execute.call_data import Phase
from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.model.codes import Code, Outcome
from pivot.model.commands import Acknowledge, CancelTimer, Command, End, Fetch, SayFailed
from pivot.model.dialling import CallApart, LegControlled, LegsBridged
from pivot.model.events import (
    ChannelAnswered,
    CommandFailed,
    Drained,
    Event,
    Fetched,
    Requested,
    TimerFired,
    Usurped,
)
from pivot.model.rooms import EnterRoom, LeaveRoom
from pivot.model.switch import AnswerCall, Hangup, StopMedia
from tests.calls import CALL_ID, pivot_request, twiml
from tests.execute.histories import History, notices
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


@pytest.mark.parametrize(
    "event", [Drained(), CommandFailed("SpeakText", Code.BUS_LOST, "lost"), Usurped("other", CALL_ID)]
)
def test_who_talked_when_we_must_stop_is_told_for_how_long(event: Event) -> None:
    """Bills are written from it."""
    history = History("<Dial><Sip statusCallback='/s'>sip:kate@example.com</Sip></Dial>")
    history.happens(ChannelAnswered(history.legs()[0]))
    history.happens(LegsBridged(CALL_ID, history.legs()[0]))

    history.happens(event, after_s=7.1)

    told = dict(notices(history)[-1].request.parameters)
    assert (told["CallStatus"], told["CallDuration"]) == ("completed", "7")


def test_a_call_whose_control_queue_is_gone_leaves_its_room() -> None:
    """The others need not talk to nobody."""
    history = History("<Dial><Conference>R</Conference></Dial>")

    history.happens(CommandFailed("AnswerCall", Code.BUS_RETURNED, "returned"))
    *items, end = history.happens(TimerFired("held"), after_s=1.0)

    assert LeaveRoom(history.last(EnterRoom).room, untold=True) in items
    assert isinstance(end, End)
    assert (end.outcome, end.code) == (Outcome.GONE, Code.BUS_RETURNED)


def test_a_fault_of_ours_leaves_no_dialled_party_behind() -> None:
    """Rung apart from the caller, it would wait on the switch for ever."""
    history = History("<Dial><Number url='/w'>+15550009999</Number></Dial>")
    apart = history.last(CallApart)
    history.happens(LegControlled(apart.msg_id, apart.endpoint.call_id, "b-queue"))

    items = history.machine.abandon(Code.WORKER_CRASH, "a fault", 1.0)

    assert [item.leg for item in items if isinstance(item, Hangup)] == [apart.endpoint.call_id, None]


def test_the_last_worker_says_failed_even_before_it_has_asked() -> None:
    """There is nobody to give the request back to."""
    machine = CallMachine(CallState(pivot_request(), seed="s"), RULES)

    items = machine.receive(Drained(can_give_back=False), 0.0)

    assert items[:2] == [Acknowledge(), SayFailed()]
