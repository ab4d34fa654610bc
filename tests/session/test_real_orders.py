"""Whole calls on every kind of simulated switch: whoever hangs up when, the document's word is kept."""

from __future__ import annotations

import pytest

from pivot.sim.behaviour import ENDINGS, behaviour_named
from tests.conformance.cases import Case, Item
from tests.conformance.engine import run_on_engine

SWITCHES = (
    "documented",
    "filtered",
    *(f"measured/{name}" for name in ENDINGS),
    *(f"drawn:{seed}" for seed in range(8)),
)
AFTER = "https://app.test/after"
TALKS = {
    "sip": '<Dial action="/after"><Sip>sip:a@b.test</Sip></Dial>',
    "number": '<Dial action="/after">+15550009999</Dial>',
    "whisper": '<Dial action="/after"><Number url="/whisper">+15550009999</Number></Dial>',
    "conference": '<Dial action="/after"><Conference>Room 1</Conference></Dial>',
    "record": '<Record action="/after" timeout="0" playBeep="false"/>',
}
LATE_S = (0.5, 3.0, 12.0)
"""While it rings, at the beginning and in the middle of a talk."""


def call(document: str, *script: Item) -> Case:
    """The server's whole case: one document, and what comes after its verb."""
    return Case(
        id="order",
        verb="Dial",
        title=document,
        script=list(script),
        responses={
            "/voice": [{"twiml": f"<Response>{document}</Response>"}],
            "/whisper": [{"twiml": "<Response><Say>hello</Say></Response>"}],
            "/after": [{"twiml": "<Response><Say>after</Say></Response>"}],
        },
        call={},
        compat=None,
        order=[],
    )


def actions(seen: list[Item]) -> list[str]:
    """`CallStatus` of each time that the action was asked for."""
    return [item["params"]["CallStatus"] for item in seen if item["op"] == "request" and item["url"] == AFTER]


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("verb", TALKS)
def test_the_action_is_asked_once_when_the_caller_hangs_up(verb: str, switch: str) -> None:
    """With the status of a call that is over, whatever the switch tells first."""
    behaviour, told = behaviour_named(switch), {}
    for late_s in LATE_S:
        answer, hang_up = {"t": 2.0, "do": "leg", "event": "answer"}, {"t": late_s, "do": "hangup"}
        seen = run_on_engine(call(TALKS[verb], answer, hang_up), behaviour)
        told[late_s] = actions(seen)
        assert [item for item in seen if item["op"] == "error"] == [], (late_s, seen)
        assert seen[-1]["op"] == "end"

    assert told == {late_s: ["completed"] for late_s in LATE_S}


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("verb", ["sip", "number", "whisper"])
def test_what_comes_after_a_talk_is_heard(verb: str, switch: str) -> None:
    """The party hangs up: the action's document is spoken, soon, to a caller who is still there."""
    script = (
        {"t": 2.0, "do": "leg", "event": "answer"},
        {"t": 20.0, "do": "leg", "event": "hangup"},
        {"t": 60.0, "do": "hangup"},
    )
    seen = run_on_engine(call(TALKS[verb], *script), behaviour_named(switch))

    ops = [item["op"] for item in seen if item["op"] in ("bridge", "say", "hangup", "caller_gone")]
    assert actions(seen) == ["in-progress"]
    assert ops[-3:] == ["bridge", "say", "hangup"], seen


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_hang_up_in_a_prompt_is_no_error(switch: str) -> None:
    """The end of a play says `PLAYBACK ERROR`, which is the hang-up and not the file."""
    seen = run_on_engine(call("<Play>/a.wav</Play>", {"t": 1.0, "do": "hangup"}), behaviour_named(switch))

    assert [item["op"] for item in seen] == ["request", "answer", "play", "caller_gone", "end"]


@pytest.mark.parametrize("switch", SWITCHES)
def test_keys_are_out_before_the_call_is_hung_up(switch: str) -> None:
    """`send_dtmf` ends before its keys are out."""
    seen = run_on_engine(call('<Play digits="12w34"/>'), behaviour_named(switch))

    assert [item["op"] for item in seen] == ["request", "answer", "send_dtmf", "hangup", "end"]
