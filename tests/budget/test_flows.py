"""No flow costs more steps than in proportion to its size: for every schema and member, built to hurt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pivot.schema.documents import bundled_documents
from tests.budget.results import RULES, read
from tests.budget.steps import assert_linear, steps

MODULES = sorted(
    schema_id.removeprefix("callflows.") for schema_id in bundled_documents() if "callflows." in schema_id
)
WIDE = replace(RULES, max_json_nodes=100_000)
"""Without the limit of objects and lists, so that costs show where it would hide them."""


def nested(depth: int, inner: Any) -> Any:
    for _ in range(depth):
        inner = {"a": inner}
    return inner


MEMBERS: dict[str, Callable[[int], Any]] = {
    "empty objects": lambda size: [{}] * size,
    "texts": lambda size: [f"text {number}" for number in range(size)],
    "integers of one hash": lambda size: [number * (2**61 - 1) for number in range(size)],
    "a wide object": lambda size: {f"key {number}": number for number in range(size)},
    "a long text": lambda size: "a.b@c:" * size,
    "a deep object": lambda size: nested(min(90, size), 1),
}
FLOWS: dict[str, Callable[[str, int], Any]] = {
    "many children": lambda module, size: {
        "module": "noop",
        "children": {str(number): {"module": module} for number in range(size)},
    },
    "many children at fault": lambda module, size: {
        "module": "noop",
        "children": {str(number): {"module": module, "data": number} for number in range(size)},
    },
    "wide data": lambda module, size: {
        "module": module,
        "data": {f"key {number}": number for number in range(size)},
    },
    "long nested names": lambda module, size: {
        "module": module,
        "data": {"terminators": [1] * size},
        "children": {"n" * size: {"module": module, "children": {"m" * size: {"module": module, "data": 1}}}},
    },
    "a chain": lambda module, size: chain(module, size // 2),
    "an action as data": lambda module, size: {
        "module": "action",
        "data": {
            "module": module,
            "children": {str(number): {"module": module} for number in range(size)},
        },
    },
}


def chain(module: str, size: int) -> Any:
    flow: Any = {"module": module}
    for _ in range(min(size, 90)):
        flow = {"module": module, "children": {"_": flow}}
    return flow


def reading(value: Any) -> Callable[[], None]:
    body = json.dumps(value)
    return lambda: read(body, "application/json", WIDE)


@pytest.mark.parametrize("module", MODULES)
def test_many_actions_cost_steps_in_proportion(module: str) -> None:
    """Right or wrong, one beside the other or as data of another one."""
    for name in ("many children", "many children at fault", "an action as data"):
        assert_linear(lambda size, flow=FLOWS[name]: reading(flow(module, size)), 30)  # type: ignore[misc]


@pytest.mark.parametrize("module", ["tts", "collect_dtmf", "audio_macro", "menu"])
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_every_shape_of_flow_costs_steps_in_proportion(module: str, flow: Callable[[str, int], Any]) -> None:
    """Wide, deep, with long names."""
    assert_linear(lambda size: reading(flow(module, size)), 60)


def members() -> dict[str, tuple[str, str]]:
    """One member of each kind: members with the same schema cost the same."""
    found: dict[str, tuple[str, str]] = {}
    for module in MODULES:
        for name, member in bundled_documents()[f"callflows.{module}"].get("properties", {}).items():
            kind = {key: value for key, value in member.items() if key not in ("description", "default")}
            found.setdefault(json.dumps(kind, sort_keys=True), (module, name))
    return found


@pytest.mark.parametrize(("module", "name"), members().values())
def test_every_member_costs_steps_in_proportion(module: str, name: str) -> None:
    """Whatever a member should be: lists, objects, texts and numbers of any length."""
    for value in MEMBERS.values():

        def make(size: int, value: Callable[[int], Any] = value) -> Callable[[], None]:
            return reading({"module": module, "data": {name: value(size)}})

        assert_linear(make, 60)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,' * 2_000,
        "[" * 250_000,
        '{"' * 100_000,
        '"' * 250_000,
        '["a",' * 40_000 + "NaN]",
        "[" + ",".join(["9" * 4_300] * 50) + "]",
        "[" + "1e5," * 60_000 + "1e999]",
        '{"a":"' + "\\ud800" * 40_000 + '"}',
        " " * 250_000 + "{",
        '{"module":"tts","data":{"text":"a"}}' + "\n" * 200_000 + "x",
        '{"module":"tts","data":{' + ",".join(['"a":1'] * 40_000) + "}}",
    ],
    ids=lambda text: text[:12],
)
def test_text_that_is_no_flow_is_refused_in_few_steps(text: str) -> None:
    """Syntax is C code's to judge; ours meets each fault once."""
    assert steps(lambda: read(text, "application/json")) < 400_000
