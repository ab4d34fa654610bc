"""Every conformance case on the engine, on virtual time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pivot.sim.behaviour import behaviour_named
from tests.conformance.cases import CASES as FIRST_CASES
from tests.conformance.cases import FURTHER_CASES, MORE_CASES, Case, matches, objection, read_cases
from tests.conformance.engine import run_on_engine
from tests.conformance.failing import FAILING, FAILING_ON
from tests.conformance.over_http import OVER_HTTP

TABLE = Path(__file__).parents[2] / "docs" / "twiml.md"
FILES = (FIRST_CASES, MORE_CASES, FURTHER_CASES)
CASES = [case for path in FILES for case in read_cases(path) if case.id not in OVER_HTTP]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_is_fulfilled_or_known_to_fail(case: Case) -> None:
    """What users of Twilio know works here; a case that begins to pass must leave the list."""
    found = objection(case, run_on_engine(case))

    if case.id in FAILING:
        assert found is not None, f"{case.id} passes now: take it out of failing.py"
    else:
        assert found is None, f"{case.title}: {found}"


@pytest.mark.slow
@pytest.mark.parametrize("name", FAILING_ON)
def test_the_cases_are_fulfilled_on_other_switches_too(name: str) -> None:
    """Orders and times of a real switch change nothing but what `FAILING_ON` says; a case that begins to pass
    must leave the list."""
    behaviour, known = behaviour_named(name), FAILING | FAILING_ON[name]

    failing = {case.id: objection(case, run_on_engine(case, behaviour)) for case in CASES}
    found = {case: text for case, text in failing.items() if text is not None}

    assert {case: text for case, text in found.items() if case not in known} == {}
    if behaviour.seed is None:  # what is drawn changes with every event more
        assert set(known) - set(found) == set(), f"pass now: take them out of FAILING_ON[{name!r}]"


def test_the_list_of_failing_cases_names_real_ones() -> None:
    """A renamed case would hide behind its old name."""
    assert set(FAILING).union(*FAILING_ON.values()) <= {case.id for case in CASES}


def test_users_are_told_which_cases_fail() -> None:
    """The table in docs/twiml.md names each of them, and no other; the figure beside it is theirs."""
    _, _, section = TABLE.read_text().partition("\n## Conformance\n")
    rows, _, _ = section.partition("\nHow some cases are run")

    named = {
        name for row in rows.splitlines() if row.startswith("| `") for name in re.findall("`([^`]+)`", row)
    }
    cases = read_cases()

    assert named == set(FAILING)
    assert f"{len(cases) - len(FAILING)} of {len(cases)} pass" in rows


def test_the_matcher_refuses_what_is_missing_out_of_order_or_forbidden() -> None:
    """Else the cases above would prove nothing."""
    case = next(case for case in CASES if case.id == "doc-30")
    seen = [{"op": "say", "text": "A"}, {"op": "caller_gone"}, {"op": "end", "status": "completed"}]

    assert objection(case, seen) is None
    assert objection(case, seen[:2]) == "missing: {'op': 'end', 'status': 'completed'}"
    assert objection(case, [seen[1], seen[0], seen[2]]) == "missing: {'op': 'caller_gone'}"
    assert objection(case, [*seen, {"op": "hangup"}]) == "never: {'op': 'hangup'}"


def test_details_match_as_the_cases_say() -> None:
    """Present, absent, pattern, one of several codes, a subset of parameters."""
    request = {"op": "request", "url": "u", "params": {"Digits": "12", "Empty": ""}}

    assert matches({"op": "request", "params": {"Digits": "*", "Other": None}}, request)
    assert matches({"op": "request", "params": {"Digits": "~^1", "Empty": "*"}}, request)
    assert not matches({"op": "request", "params": {"Digits": None}}, request)
    assert not matches({"op": "request", "url": "v"}, request)
    assert matches({"op": "warn", "code": [1, 2]}, {"op": "warn", "code": 2})
    assert not matches({"op": "warn", "code": [1, 2]}, {"op": "warn", "code": "3"})
