"""What our engine publishes, against recordings of Kazoo's own translator."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pivot.execute.profile import failure_rules
from pivot.model.overrides import without_fragment
from tests.execute.kazoo_script import Replay, comparable, shared
from tests.rules import RULES
from tests.vectors import vectors

RECORDED = vectors("kazoo/twiml_commands.json")
READ = vectors("kazoo/twiml_by_reading.json")
"""The same, where the sources say what would be recorded."""
ALL = [*RECORDED["cases"], *READ["cases"]]
KAZOO = replace(
    RULES,
    profile="kazoo",
    failures=failure_rules("kazoo"),
    translate=replace(
        RULES.translate, failures="kazoo", accepted_statuses=frozenset({200, 206}), untyped_is_xml=True
    ),
)
GONE = "to a channel that is gone nothing is sent"
NO_CRASH = "Kazoo's translator crashes here, and the caller is cut off"
LENIENT = "harmless content does not end the call"
DIFFERENT = {
    'Say engine=""': "no engine means the default one",
    "Say, text longer than the limit (4100 characters)": "long texts are spoken whole, part by part",
    "Play, relative file name": "completed against the document, so that the switch can fetch it",
    "Say, noop never completes, channel status: not found": "asked for twice, and no hang-up of what is gone",
    "Say, noop never completes, channel status timeout": "asked for twice, and no hang-up of what is gone",
    "empty Response": "dead air in Kazoo; here it answers and hangs up",
    "Gather with nested Say, digits during the prompt": "the prompt is stopped, not only forgotten",
    "Record, caller hangs up, Length in the event": "the length is the recording's own, not the channel's",
    "Record, channel active then RECORD_STOP": "only the media server that has the channel is to answer",
    "Record, silence terminated with Length exactly the timeout": "a word in the first second is a recording",
    "Record, recordingUrl empty": "an empty URL is no URL: the file goes below the action's",
    **dict.fromkeys(
        [
            'Say loop="0" (infinite) until the channel is destroyed',
            'Play loop="0" (infinite) until the channel is destroyed',
            "Say, channel destroyed while waiting",
            "Say after the caller is gone",
            "Gather, channel destroyed",
        ],
        GONE,
    ),
    **dict.fromkeys(
        [
            'Say language="en-GB"',
            'Say language="pt"',
            "Say, CDATA",
            "Redirect with Set children",
            "Gather, finishOnKey default #",
            "Gather, numDigits=1",
            'Gather, finishOnKey="*"',
            "Gather, no action",
            "Gather, Sequence of 6 digits, numDigits=6",
            'Record timeout="0"',
            "Record, recordingUrl with ftp",
        ],
        NO_CRASH,
    ),
    **dict.fromkeys(
        [
            "Hangup with content",
            "Set, no variables",
            "Set, whitespace only",
            "Gather with nested unknown element",
            "Gather with nested Redirect",
            "Gather with text inside",
        ],
        LENIENT,
    ),
}
"""Where we differ on purpose, by the recording's name."""
NOT_ANSWERED = frozenset(
    {
        'Say loop="-1"',
        "Say, empty",
        "Play, self-closing",
        'Pause length="0"',
        'Redirect method=""',
        'Gather, finishOnKey="a"',
        'Gather numDigits="0"',
        'Gather numDigits="abc"',
        'Gather timeout="-1"',
    }
)
"""The whole document is read before the call is answered, and nothing of these runs."""
ANSWERED = frozenset(
    {
        "Record, defaults, hangup key",
        "Record, playBeep false",
        "Record, silence terminated and short",
        "Record, silence terminated with Length exactly the timeout",
        "Record, Length as a string",
        'Record maxLength="3600"',
        'Record finishOnKey=""',
        'Record finishOnKey="ab"',
    }
)
"""A Record answers the call, or nobody could be heard."""


def cases() -> list[Any]:
    """Those of TwiML without Dial."""
    return [
        pytest.param(case, id=case["note"])
        for case in ALL
        if case.get("content_type", "text/xml") == "text/xml" and "<Dial" not in case["body"]
    ]


def replayed(case: dict[str, Any]) -> Replay:
    defaults = RECORDED["defaults"]
    noop_s = case.get("auto_noop_ms", defaults["auto_noop_ms"]) / 1000
    voice_uri = case.get("voice_uri", defaults["voice_uri"])
    replay = Replay(case, KAZOO, voice_uri, noop_s if case.get("auto_noop", True) else None)
    replay.run()
    return replay


def ours(case: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    replay = replayed(case)
    asked = [
        (each.method.value, without_fragment(each.url), _nameless(each.body.decode()))
        for each in replay.asked
    ]
    return comparable(shared(replay.published)), asked


def kazoos(case: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    messages = [*case["published"], *(case.get("published_after") or [])]
    requests = [step["http"] for step in case.get("then") or [] if "http" in step]
    asked = [(each["method"], each["url"], _nameless(each.get("body", ""))) for each in requests]
    return comparable(shared([message["payload"] for message in messages])), asked


def unanswered(run: tuple[list[Any], list[Any]]) -> tuple[list[Any], list[Any]]:
    """The same without the answering."""
    messages, asked = run
    kept = [each for each in messages if each.get("Application-Name") != "answer"]
    return comparable(kept), asked


def _nameless(body: str) -> str:
    """Without the recording's file name, which is fresh for each recording here."""
    return re.sub(r"(RecordingUrl=[^&]*%2F)[^&]*\.mp3", r"\1<RECORDING>.mp3", body)


@pytest.mark.parametrize("case", cases())
def test_the_engine_publishes_and_asks_what_kazoo_does(case: dict[str, Any]) -> None:
    """Applications written for Kazoo go on; where we differ on purpose, the reason stands beside the name."""
    if case["note"] in DIFFERENT:
        assert ours(case) != kazoos(case), f"{case['note']}: no difference any more; take it out of the list"
    elif case["note"] in NOT_ANSWERED | ANSWERED:
        assert ours(case) != kazoos(case), f"{case['note']}: no difference any more; take it out of the list"
        assert unanswered(ours(case)) == unanswered(kazoos(case))
    else:
        assert ours(case) == kazoos(case)
