"""The caller gives up while the first request is pending: `cdr_url` is told all the same."""

from __future__ import annotations

import pytest

from pivot.execute.call_data import Phase
from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.model.codes import Code, Outcome
from pivot.model.commands import Acknowledge, BindCall, CancelFetch, CancelTimer, Command, End, Fetch
from pivot.model.events import ChannelDestroyed, Fetched, FetchFailed, Requested, TimerFired
from pivot.model.fetch import FetchFailure, Purpose
from pivot.model.notes import Note
from pivot.model.plain import from_json, to_json
from tests.calls import CALL_ID, pivot_request, twiml
from tests.rules import RULES

GONE = ChannelDestroyed(
    CALL_ID, "ORIGINATOR_CANCEL", cdr={"Hangup-Cause": "ORIGINATOR_CANCEL", "Duration-Seconds": 2}
)
CDR = "http://127.0.0.1:8000/cdr"


def asking(cdr_uri: str | None) -> tuple[CallMachine, list[Command | Note]]:
    machine = CallMachine(CallState(pivot_request(cdr_uri=cdr_uri), seed="s"), RULES)
    return machine, machine.receive(Requested(10.0), 0.0)


def test_the_end_is_listened_for_from_the_beginning() -> None:
    """Who gives up within the first quarter of a second has a CDR, too; without a URL nobody listens."""
    machine, begun = asking(CDR)
    _, without = asking(None)

    assert begun[-1] == BindCall(CALL_ID)
    assert BindCall(CALL_ID) not in without
    assert BindCall(CALL_ID) not in machine.receive(TimerFired("slow"), 0.25)


@pytest.mark.parametrize("slow", [True, False])
def test_who_gives_up_is_told_of(slow: bool) -> None:
    """Measured on a cluster: of 9 callers who gave up none was told of; Kazoo's own app tells of each."""
    machine, begun = asking(CDR)
    if slow:
        machine.receive(TimerFired("slow"), 0.25)
    first = next(item.request for item in begun if isinstance(item, Fetch))

    items = machine.receive(GONE, 2.0)

    *before, fetch = items
    assert before == [
        Acknowledge(),
        CancelTimer("slow"),
        CancelTimer("deadline"),
        CancelFetch(first.fetch_id),
    ]
    assert isinstance(fetch, Fetch)
    assert (fetch.request.purpose, fetch.request.shown_url) == (Purpose.CDR, CDR)
    assert fetch.request.body == b"Hangup-Cause=ORIGINATOR_CANCEL&Duration-Seconds=2"
    assert machine.state.phase is Phase.REPORTING


def test_the_call_is_over_when_it_is_told_of() -> None:
    """The pending answer means nothing; the state may be written down in between."""
    machine, begun = asking(CDR)
    first = next(item.request for item in begun if isinstance(item, Fetch))
    told = next(item.request for item in machine.receive(GONE, 2.0) if isinstance(item, Fetch))
    machine = CallMachine(from_json(to_json(machine.state)), RULES)

    late = machine.receive(Fetched(first.fetch_id, twiml("<Say>late</Say>")), 2.1)
    end = machine.receive(FetchFailed(told.fetch_id, FetchFailure(Code.FETCH_REFUSED, "no")), 2.2)

    assert late == []
    assert end == [End(Outcome.GONE, Code.CALL_GONE, "the caller hung up while we asked")]


def test_without_a_url_nobody_is_told() -> None:
    """One acknowledgement, and nothing else."""
    machine, _ = asking(None)

    items = machine.receive(GONE, 2.0)

    assert items == [
        Acknowledge(),
        End(Outcome.GONE, Code.CALL_GONE, "the caller hung up while we asked"),
    ]
