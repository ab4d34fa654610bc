"""Flows are judged as Kazoo judges them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from pivot.schema import Schemas
from pivot.schema.actions import ACTION
from pivot.schema.documents import bundled_documents

VECTORS = Path(__file__).parent.parent / "vectors/schema"
CASES = json.loads((VECTORS / "flows.json").read_text())["cases"]
RECORDED = json.loads((VECTORS / "recorded.json").read_text())["cases"]
DIFFERENCES = {
    "a module that is no text": "Kazoo crashes; here it is a type error",
    "a URL that is no text": "Kazoo crashes; here it is a type error",
    "anyOf after another fault": "Kazoo takes every branch for invalid once there is any fault",
}
"""What `differs` names in the recordings, and why."""
SCHEMAS = Schemas.bundled()
KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["note"])
def test_a_flow_gets_exactly_these_faults_or_defaults(case: dict[str, Any]) -> None:
    """Whoever knows Kazoo's answers to a saved callflow finds the same ones here, in the same order."""
    verdict = SCHEMAS.check_flow(case["flow"])

    assert list(verdict.faults) == case.get("faults", [])
    assert json.dumps(verdict.flow) == json.dumps(case.get("filled"))


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case.get("differs", ""))
def test_random_flows_are_judged_as_kazoos_own_code_judged_them(case: dict[str, Any]) -> None:
    """The same faults in the same words and order, the same defaults in the same place."""
    verdict = SCHEMAS.check_flow(case["flow"])
    got = (json.dumps(verdict.flow), list(verdict.faults))
    recorded = (json.dumps(case.get("filled")), case.get("faults", []))

    if "differs" in case:
        assert case["differs"] in DIFFERENCES
        assert verdict.faults
        assert got != recorded
    else:
        assert got == recorded


def test_every_document_is_sound_draft_4_under_its_own_id() -> None:
    """An operator can copy the folder into the cluster's `system_schemas`."""
    for schema_id, document in bundled_documents().items():
        assert document["_id"] == schema_id
        Draft4Validator.check_schema(document)


def test_every_reference_leads_to_a_document() -> None:
    """Nothing refers to a schema that pivot does not bring along."""

    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
            return own.union(*map(references, part.values()))
        return set[str]().union(*map(references, part)) if isinstance(part, list) else set()

    assert references(list(bundled_documents().values())) <= set(bundled_documents())


def test_faults_of_one_flow_merge_into_one_object() -> None:
    """The debug document holds all of them under the paths at which they are."""
    verdict = SCHEMAS.check_flow({"data": {"id": 5}, "children": {"_": 1}})

    assert verdict.schema_errors == {
        "children._": {
            "type": {"message": "Value did not match type(s): object", "target": "object", "value": 1}
        },
        "module": {"required": {"message": "Field is required but missing", "value": "module"}},
    }


def test_the_clusters_own_documents_come_first() -> None:
    """An operator's own module runs, and a changed limit counts."""
    own: dict[str, Any] = {
        "callflows.shout": {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "_rev": "1-a",
            "properties": {
                "loud": {"type": "boolean", "default": True},
                "only": {"type": "string", "kazoo-regexp": True},
            },
            "type": "object",
        },
        "_design/schemas": {"views": {}},
    }
    schemas = SCHEMAS.with_documents(own)

    assert schemas.check_flow({"module": "shout"}).flow == {"module": "shout", "data": {"loud": True}}
    assert schemas.check_flow({"module": "shout", "data": {"only": "("}}).faults == (
        {"data.only": {"error": {"message": "invalid regular expression: '('", "value": "("}}},
    )
    assert schemas.check_flow({"module": "hangup"}).flow == {"module": "hangup", "data": {}}
    assert SCHEMAS.check_flow({"module": "shout"}).flow is None


def test_a_clusters_document_that_is_no_schema_is_passed_over() -> None:
    """One bad edit in the database must not take an action away from all customers."""
    schemas = SCHEMAS.with_documents(
        {
            "callflows.hangup": {"$schema": "http://json-schema.org/draft-04/schema#", "properties": 5},
            "callflows.play": "text",  # type: ignore[dict-item]
            "system_config.x": {"properties": 5},
        }
    )

    assert schemas.problems == (
        "callflows.hangup: is no schema at $.properties: 5 is not of type 'object'",
        "callflows.play: is str, want an object",
    )
    assert schemas.check_flow({"module": "hangup"}).flow == {"module": "hangup", "data": {}}


def test_types_of_draft_3_are_understood() -> None:
    """`any` and types that nobody knows let everything pass; unions pass what fits one of them."""
    members = {"a": {"type": "any"}, "b": {"type": ["string", "null"], "default": "x"}, "c": {"type": "nose"}}
    schemas = SCHEMAS.with_documents({"callflows.old": {"properties": members}})

    assert schemas.check_flow({"module": "old", "data": {"a": 1, "c": [], "b": 5}}).faults == (
        {
            "data.b": {
                "type": {
                    "message": "Value did not match type(s): string, null",
                    "target": "string, null",
                    "value": 5,
                }
            }
        },
    )
    assert schemas.check_flow({"module": "old"}).flow == {"module": "old", "data": {"b": "x"}}


def test_a_draft_3_document_may_require_a_member_where_it_is_described() -> None:
    """Documents without `$schema` are draft 3 to Kazoo."""
    schemas = SCHEMAS.with_documents(
        {"callflows.old": {"properties": {"a": {"type": "string", "required": True}}}}
    )

    assert schemas.check_flow({"module": "old"}).faults == (
        {"data.a": {"required": {"message": "Field is required but missing", "value": "a"}}},
    )


def test_a_reference_to_nowhere_is_a_fault_and_no_crash() -> None:
    """A cluster's document may be broken; the customer's call must still get an answer."""
    schemas = SCHEMAS.with_documents({"callflows.lost": {"properties": {"a": {"$ref": "nowhere"}}}})

    assert schemas.check_flow({"module": "lost", "data": {"a": 1}}).faults == (
        {"schema": {"schema": {"message": "schema not found", "schema": "nowhere"}}},
    )


def test_a_very_deep_flow_needs_no_deep_stack() -> None:
    """Two thousand actions in a row are many, but no reason to fall over."""
    flow: dict[str, Any] = {"module": "nope"}
    for _ in range(2000):
        flow = {"module": "noop", "data": {}, "children": {"_": flow}}

    faults = SCHEMAS.check_flow(flow).faults

    assert len(faults) == 2
    (path,) = faults[1]
    assert path.startswith("children._.children._.")
    assert path.endswith(".children._.module")
    assert len(path) == 512


def test_two_flows_share_no_default() -> None:
    """What is done to one flow never shows in the next."""
    first = SCHEMAS.check_flow({"module": "play", "data": {}}).flow
    assert isinstance(first, dict)
    first["data"]["terminators"].clear()

    assert SCHEMAS.check_flow({"module": "play", "data": {}}).flow == {
        "module": "play",
        "data": {"endless_playback": False, "terminators": KEYS},
    }


MODULES = [name.removeprefix("callflows.") for name in bundled_documents() if name.startswith("callflows.")]
SCALARS = (
    st.none() | st.booleans() | st.integers(-1, 9000) | st.sampled_from([1.0, "", "x", "#", "get", "x" * 32])
)


@st.composite
def an_action(draw: st.DrawFn) -> dict[str, Any]:
    """An action that is often nearly right."""
    module = draw(st.sampled_from(MODULES))
    members = bundled_documents()[f"callflows.{module}"].get("properties", {})
    data = {}
    for name, member in members.items():
        if draw(st.booleans()):
            good = [*member.get("enum", []), member.get("default", "http://example.com/")]
            data[name] = draw(st.sampled_from(good) | SCALARS | st.lists(SCALARS, max_size=2))
    return {"module": module, "data": json.loads(json.dumps(data))}


@settings(max_examples=200, deadline=None)
@given(an_action())
@example({"module": "action", "data": {"module": "http://example.com/", "data": {}}})
def test_the_short_way_and_the_judge_agree(action: dict[str, Any]) -> None:
    """Speed changes no verdict and no default."""
    judged = json.loads(json.dumps(action))
    faults = list(SCHEMAS._judge.faults(ACTION, judged))

    verdict = SCHEMAS.check_flow(action)

    assert len(verdict.faults) == len(faults)
    assert verdict.flow is None or json.dumps(verdict.flow) == json.dumps(judged)
