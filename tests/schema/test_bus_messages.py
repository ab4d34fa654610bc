"""The documents of bus messages agree with what Kazoo accepts and sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pivot.schema import Schemas

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/kazoo/kapi_validation.json").read_text())
DOCUMENTS = {
    ("kapi_pivot", "req_v"): "kapi.pivot.pivot_req",
    ("kapi_pivot", "processing_v"): "kapi.pivot.processing",
    ("kapi_pivot", "failed_v"): "kapi.pivot.failed",
    ("kapi_call", "event_v"): "kapi.call.event",
}
CASES = [case for case in VECTORS["cases"] if (case["module"], case["function"]) in DOCUMENTS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["note"])
def test_a_message_is_valid_for_us_when_it_is_for_kazoo(case: dict[str, Any]) -> None:
    """No request that Kazoo's pivot would take is refused, and none that it drops is run."""
    schema_id = DOCUMENTS[case["module"], case["function"]]

    assert (Schemas.bundled().faults(schema_id, case["message"]) == ()) == case["valid"]


def test_a_schema_that_is_missing_is_the_one_fault() -> None:
    """A wrong id cannot pass for a valid message."""
    assert Schemas.bundled().faults("kapi.nothing", {}) == (
        {"schema": {"schema": {"message": "schema not found", "schema": "kapi.nothing"}}},
    )
