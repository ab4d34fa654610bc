"""Every conformance case through the worker: a real RabbitMQ, real HTTP, a simulated cluster, real time."""

from __future__ import annotations

import asyncio

import pytest

from pivot.sim.behaviour import MEASURED
from tests.conformance.cases import FURTHER_CASES, MORE_CASES, Case, objection, read_cases
from tests.conformance.failing import FAILING, FAILING_ON, FAILING_OVER_RABBIT
from tests.conformance.over_rabbit import Outcome, is_short, run_over_rabbit
from tests.conftest import empty_vhost

ALL = read_cases() + read_cases(MORE_CASES) + read_cases(FURTHER_CASES)
CASES = [case for case in ALL if is_short(case)]


@pytest.fixture(scope="module")
def outcome(amqp_url: str) -> Outcome:
    """One run of all cases, side by side."""
    with empty_vhost(amqp_url) as url:
        return asyncio.run(run_over_rabbit(url, CASES, MEASURED))


@pytest.mark.rabbit
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_is_fulfilled_over_a_real_broker(case: Case, outcome: Outcome) -> None:
    """What the engine does is worth nothing if a message loses it on the way; one that begins to pass must
    leave the list."""
    seen = outcome.seen[case.id]
    found = objection(case, seen)

    if case.id in FAILING | FAILING_ON["measured"] | FAILING_OVER_RABBIT:
        assert found is not None, f"{case.id} passes now: take it out of failing.py"
    else:
        assert found is None, f"{case.title}: {found}\n" + "\n".join(map(str, seen))


@pytest.mark.rabbit
def test_every_message_reaches_somebody_who_understands_it(outcome: Outcome) -> None:
    """Else the switch would do something else than was meant, and nobody would know."""
    assert (outcome.strays, outcome.unheard) == ([], [])


@pytest.mark.rabbit
def test_every_call_ends_by_itself(outcome: Outcome) -> None:
    """One that has to be ended is a caller who hears nothing more."""
    assert outcome.stuck == 0


def test_few_cases_are_left_out() -> None:
    """Those whose callers stay for over a minute."""
    assert {case.id for case in read_cases()} - {case.id for case in CASES} == {
        "dial-14",
        "refer-01",
        "say-03",
    }


def test_the_list_of_those_that_fail_only_there_names_real_ones() -> None:
    """A renamed case would hide behind its old name."""
    assert set(FAILING_OVER_RABBIT) <= {case.id for case in CASES} - set(FAILING)
