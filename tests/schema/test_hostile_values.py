"""What a stranger's value costs and how much of it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.schema import Schemas
from pivot.schema.regexps import is_hopeless
from pivot.schema.shown import MAX_PATH, excerpt, path_of
from pivot.schema.validator import canonical, same

SCHEMAS = Schemas.bundled()
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, -0.05, 0.05, 1.0, "", "-0.0", "0.0", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


def terminators(items: list[Any]) -> dict[str, Any]:
    return {"module": "collect_dtmf", "data": {"terminators": items}}


def keywords(faults: tuple[Any, ...]) -> set[str]:
    return {keyword for fault in faults for by_keyword in fault.values() for keyword in by_keyword}


@given(JSON, JSON)
def test_two_values_have_one_canonical_text_exactly_when_they_are_the_same(left: Any, right: Any) -> None:
    """Members in another order are the same; 1, 1.0 and true are three things, as in Kazoo's validator."""
    assert (canonical(left) == canonical(right)) == same(left, right)


@pytest.mark.parametrize(
    ("items", "unique"),
    [
        ([1, 1.0, True, "1"], True),
        ([[1, {"a": 1, "b": 2}], [1, {"b": 2, "a": 1}]], False),
        ([n * (2**61 - 1) for n in range(10_000)], True),
        ([*range(9_999), 0], False),
        ([-0.05, 0.05, "a-0.0", "a0.0"], True),
        ([{"a": [-0.0]}, {"a": [0.0]}], False),
    ],
    ids=["kinds", "order of members", "integers of one hash", "one pair among many", "signs", "zeros"],
)
def test_uniqueness_looks_at_each_item_once(
    items: list[Any], unique: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pairs of ten thousand would be fifty million comparisons, 12 s of the event loop."""
    compared: list[Any] = []

    def counted(value: Any) -> str:
        compared.append(value)
        return canonical(value)

    monkeypatch.setattr("pivot.schema.validator.canonical", counted)
    schemas = Schemas({"list": {"type": "array", "uniqueItems": True}})
    faults = schemas.faults("list", items)

    assert len(compared) <= len(items)
    assert ("uniqueItems" in keywords(faults)) is not unique


def test_at_most_a_hundred_faults_are_told_and_more_are_not_looked_for() -> None:
    """One fault for each of ten thousand items would be megabytes in every document and log line."""
    verdict = SCHEMAS.check_flow(terminators([1] * 10_000))

    assert 1 <= len(verdict.faults) <= 100
    assert verdict.more
    assert len(json.dumps(verdict.schema_errors)) < 40_000


def test_long_names_and_values_are_cut_in_every_fault() -> None:
    """Twenty nested names of a thousand characters and a long value made 60 MB of a 33 kB answer."""
    flow: dict[str, Any] = {"module": "tts", "data": {"text": 5, "voice": ["x" * 100_000] * 50}}
    for depth in range(20):
        flow = {"module": "tts", "data": {"text": "a"}, "children": {f"{depth}{'n' * 1000}": flow}}

    verdict = SCHEMAS.check_flow(flow)

    assert verdict.faults
    assert all(len(path) <= MAX_PATH for fault in verdict.faults for path in fault)
    assert len(json.dumps(verdict.schema_errors)) < 20_000


def test_a_path_keeps_its_ends() -> None:
    """The root of the flow and the member at fault are what a developer looks for."""
    assert path_of(["data", "a.b"]) == "data.a%2Eb"
    path = path_of(["first", *["middle" * 10] * 500, "last"])
    assert path.startswith("first.")
    assert path.endswith(".last")
    assert len(path) == MAX_PATH


def test_small_values_are_shown_whole_and_of_large_ones_the_beginning() -> None:
    """Kazoo shows the value at fault; a developer needs to recognise it, not to read it."""
    small = {"a": [1, 2.5, None, True, "x" * 100], "b": {}}
    assert excerpt(small) is small
    assert excerpt(["x" * 1000, 1, 2])[0] == "x" * 383 + "…"
    assert excerpt({"n" * 1000: 1}) == {"n" * 391 + "…": "…"}
    assert excerpt(list(range(100_000)))[-1] == "… 100000 items"


@given(JSON)
def test_an_excerpt_of_anything_is_json_of_bounded_size(value: Any) -> None:
    """Whatever a value holds, a hundred of them fit into one document."""
    for wrapped in ([value] * 3, [value] * 500, {f"k{n}": value for n in range(300)}):
        assert len(json.dumps(excerpt(wrapped))) < 6_000


@pytest.mark.parametrize(
    ("text", "hopeless"),
    [
        ("^\\d+(a|b)*[^]x]{2,}$", False),
        ("(?<name>a)(?&name)++(?P<b>c)", False),
        ("[[:alpha:]]+?(?:x|(?=y))", False),
        ("a{,2}b{}{x", False),
        ("(?#comment(", True),
        ("(?i)(?+1)\\Q((\\E", False),
        ("(?x) a # (", False),
        ("(a", True),
        ("a)", True),
        ("[a", True),
        ("*a", True),
        ("a|+", True),
        ("a**", True),
        ("a{2}{3}", True),
        ("[z-a]", True),
        ("a\\", True),
    ],
)
def test_only_what_no_engine_takes_is_no_regular_expression(text: str, hopeless: bool) -> None:
    """A pattern that PCRE alone understands is run as Kazoo would run it."""
    assert is_hopeless(text) is hopeless
