"""Another worker was given the request before: it may have said `processing`, and nobody knows."""

from __future__ import annotations

import pytest

from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.model.codes import Code, Outcome
from pivot.model.commands import Acknowledge, Command, End, Fetch, HandOverFlow, SayFailed, SayProcessing
from pivot.model.events import Drained, Event, Fetched, FetchFailed, Requested, TimerFired
from pivot.model.fetch import FetchFailure
from pivot.model.notes import Note
from pivot.model.switch import Hangup
from tests.calls import answer, pivot_request
from tests.rules import RULES


def asked(patience_s: float = 10.0) -> tuple[CallMachine, list[Command | Note]]:
    machine = CallMachine(CallState(pivot_request(), seed="s"), RULES)
    return machine, machine.receive(Requested(patience_s, redelivered=True), 0.0)


def commands(done: list[Command | Note]) -> list[type]:
    return [type(item) for item in done if isinstance(item, Acknowledge | SayFailed | SayProcessing | Hangup)]


@pytest.mark.parametrize("failure", ["server", "answer", "deadline", "drain"])
def test_a_failure_ends_the_call_and_never_says_failed(failure: str) -> None:
    """After `processing` nobody hears `failed`, and the caller would hear nothing for good."""
    machine, done = asked()
    (fetch,) = (item for item in done if isinstance(item, Fetch))
    fetch_id = fetch.request.fetch_id
    events: dict[str, Event] = {
        "server": FetchFailed(fetch_id, FetchFailure(Code.FETCH_DNS, "no")),
        "answer": Fetched(fetch_id, answer("{")),
        "deadline": TimerFired("deadline"),
        "drain": Drained(can_give_back=False),
    }

    done = machine.receive(events[failure], 1.0)

    assert commands(done) == [Acknowledge, Hangup]
    assert next(item for item in done if isinstance(item, End)).outcome is Outcome.HUNG_UP


def test_a_request_that_comes_too_late_to_ask_ends_as_well() -> None:
    _, done = asked(patience_s=RULES.reserve_s / 2)

    assert commands(done) == [Acknowledge, Hangup]


def test_an_answer_is_said_again() -> None:
    """A second `processing` does no harm."""
    machine, done = asked()
    (fetch,) = (item for item in done if isinstance(item, Fetch))

    done = machine.receive(Fetched(fetch.request.fetch_id, answer('{"module":"hangup"}')), 1.0)

    assert commands(done) == [SayProcessing, Acknowledge]
    assert any(isinstance(item, HandOverFlow) for item in done)
