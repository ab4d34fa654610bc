"""One true sentence for each call: all codes, outcomes and verbs, and what damaged documents give."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivot.debug.activity import activity
from pivot.debug.headline import made_sentence, sentence_of_row
from pivot.debug.rows import call_row, summary
from pivot.debug.story import Run, story
from pivot.model.codes import Code
from pivot.model.json import JsonObject
from tests.debug.calls import recorded, request
from tests.debug.headline_calls import CALLS, MOMENTS
from tests.debug.told_calls import documents_of

SENTENCES: dict[str, str] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "headlines.json").read_text("utf-8")
)


@cache
def documents(name: str) -> list[JsonObject]:
    if name in CALLS:
        return documents_of(CALLS[name])
    return [document.body for document in recorded(request(), MOMENTS[name])]


def run_of(told: list[JsonObject]) -> Run:
    return story("c", told).runs[-1]


@pytest.mark.parametrize("name", [*CALLS, *MOMENTS])
def test_the_sentence_says_what_happened(name: str) -> None:
    """Word for word; what is stored for the list is what a reader of the documents would make."""
    told = documents(name)
    run = run_of(told)
    values = summary(told[-1])

    assert made_sentence(run) == SENTENCES[name]
    assert run.sentence == SENTENCES[name]
    assert values is not None
    assert sentence_of_row(call_row(values, "d", "202411")) == SENTENCES[name]


def test_the_table_knows_every_code_and_every_outcome() -> None:
    """Nothing that can happen is without a tested sentence."""
    runs = [run_of(documents(name)) for name in SENTENCES]
    noticed = {moment.get("code") for run in runs for moment in run.moments}

    assert {code.value for code in Code} <= {run.code for run in runs} | noticed
    assert {run.outcome for run in runs} == {"ok", "recovered", "branched", "hung_up", "gone"}
    assert set(SENTENCES) == {*CALLS, *MOMENTS}


def test_hidden_digits_stay_hidden() -> None:
    """Neither the sentence nor a line nor a document has them."""
    run = run_of(documents("pin_hidden"))

    assert "1234" not in made_sentence(run)
    assert {line.words for line in activity(run) if "pressed" in line.words} == {"the caller pressed ***"}
    assert [each["digit"] for each in run.moments if each["what"] == "DigitPressed"] == ["***"] * 4


def test_what_the_call_did_is_told_in_words() -> None:
    """One line each; timers and bindings are left out, keys and ringings are put together."""
    assert [line.words for line in activity(run_of(documents("dial_busy")))] == [
        "callflow asked and waits 10.0 s",
        "request 1: POST app.example.com/voice",
        "request 1 was answered 200, 83 bytes",
        "told callflow that pivot takes the call",
        "answered the call",
        "showed +15550100 as the caller's number",
        "rang +4930123456: busy (sip:486) after 0.5 s",
        "request 2: POST app.example.com/after after a Dial",
        "request 2 was answered 500, 1 bytes",
        "the answer of request 2 cannot be used: the server answered with status 500; answer with 200",
        "the call cannot go on: the server answered with status 500; answer with 200",
        "hung up",
        "the caller's channel ended: normal clearing",
        "pivot's part ended: hung_up",
    ]
    pressed = [line.words for line in activity(run_of(documents("pin"))) if "pressed" in line.words]
    assert "".join(words.removeprefix("the caller pressed ") for words in pressed) == "1234"
    assert len(pressed) < 4


def test_an_end_that_is_not_stored_is_said_to_be_missing() -> None:
    """A call under way, and what Kazoo's own pivot wrote."""
    kazoo: JsonObject = {
        "uri": "http://h.example/a",
        "method": "get",
        "iteration": 1,
        "call_id": "c",
        "pvt_created": 63_900_000_000,
    }

    assert made_sentence(run_of(documents("ok")[:1])) == (
        "Request 1, POST app.example.com/voice, was sent; no answer is stored. "
        "The call is still running, or its end was not stored."
    )
    assert made_sentence(run_of([kazoo])) == (
        "Request 1, GET h.example/a, was sent; no answer is stored. "
        "Kazoo's own pivot stores no end: what became of the call is not known."
    )


def test_a_timeline_without_its_moments_says_so() -> None:
    """Half-written: the row is there, the moments are not."""
    run = replace(run_of(documents("status_first")), moments=())

    assert made_sentence(run) == (
        "Request 1, POST app.example.com/voice, was answered 404. "
        "The call went on at the flow's `_` branch. What the caller heard is not stored."
    )


_DAMAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_documents_give_a_sentence(data: st.DataObject) -> None:
    """Any member of any document may be anything."""
    told: list[Any] = json.loads(json.dumps(documents("dial_busy")))
    for _ in range(data.draw(st.integers(1, 4))):
        _damage(data, data.draw(st.sampled_from(told)))
    for run in story("c", told).runs:
        assert made_sentence(run).endswith((".", "…"))
        assert made_sentence(run).isprintable()
        assert all(line.words for line in activity(run))


def _damage(data: st.DataObject, target: Any) -> None:
    while target:
        key = data.draw(st.sampled_from(list(target) if isinstance(target, dict) else range(len(target))))
        if not isinstance(target[key], dict | list) or data.draw(st.booleans()):
            target[key] = data.draw(_DAMAGE)
            return
        target = target[key]
