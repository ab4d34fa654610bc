"""Which reader an answer is for, and which answers are read at all."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.documents import KazooFlow, TwimlDocument
from pivot.model.fetch import Answer
from pivot.model.instructions import PlayVerb, SayVerb
from pivot.translate.answer import translate
from pivot.translate.rules import TranslateRules

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/kazoo/content_types.json").read_text())["cases"]
RULES = TranslateRules()
AS_KAZOO = TranslateRules(failures="kazoo", accepted_statuses=frozenset({200, 206}), untyped_is_xml=True)
FLOW = b'{"module":"hangup","data":{}}'
XML = b"<Response><Hangup/></Response>"
DIFFERENCES = {
    ("internal entity", "documented"): "a DOCTYPE is refused: entities are an attack",
    ("internal entity", "kazoo"): "a DOCTYPE is refused: entities are an attack",
    ("prefixed root", "documented"): "a namespace changes nothing: the root is a Response",
    ("prefixed root", "kazoo"): "a namespace changes nothing: the root is a Response",
    ("plain text of type text/plain", "documented"): "text/plain that is neither is spoken",
}
"""Vectors that we answer otherwise, by note and setting of failures, and why."""


def name_of(case: dict[str, Any]) -> str:
    return f"{case['note']}{' of type text/plain' if case['content_type'] == 'text/plain' else ''}"


def answer(body: bytes, content_type: str | None = "application/json", status: int = 200) -> Answer:
    headers = () if content_type is None else (("Content-Type", content_type),)
    return Answer(status, headers, body, "http://example.com/cf")


def code_of(given: Answer, rules: TranslateRules = RULES) -> Code | None:
    try:
        translate(given, rules)
    except DocumentError as error:
        return error.code
    return None


def reader_of(given: Answer, rules: TranslateRules) -> str | None:
    """Kazoo's name of the reader that understood the answer."""
    try:
        document = translate(given, rules)
    except DocumentError as error:
        # what is JSON but no flow was understood by the reader and refused by the schemas
        return "kzt_kazoo" if error.code == Code.ANSWER_SCHEMA else None
    return "kzt_twiml" if isinstance(document, TwimlDocument) else "kzt_kazoo"


@pytest.mark.parametrize("rules", [RULES, AS_KAZOO], ids=["documented", "kazoo"])
@pytest.mark.parametrize("case", VECTORS, ids=lambda case: f"{case['content_type']}: {case['note']}")
def test_the_reader_is_the_one_that_kazoo_takes(case: dict[str, Any], rules: TranslateRules) -> None:
    """A server that works with Kazoo works here, whatever it calls its documents."""
    body = base64.b64decode(case["body_base64"]) if "body_base64" in case else case["body"].encode()
    got = reader_of(answer(body, case["content_type"]), rules)

    assert (got == case["translator"]) == ((name_of(case), rules.failures) not in DIFFERENCES)


def test_every_difference_names_a_vector() -> None:
    """The list cannot outlive what it is about."""
    assert {note for note, _ in DIFFERENCES} <= {name_of(case) for case in VECTORS}


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (None, FLOW, KazooFlow),
        (None, XML, TwimlDocument),
        ("text/plain", FLOW, KazooFlow),
        ("Application/JSON", FLOW, KazooFlow),
        ("application/json; charset=utf-8", FLOW, KazooFlow),
        ("text/html", b" \r\n" + XML, TwimlDocument),
    ],
)
def test_what_has_no_known_type_is_told_by_its_body(
    content_type: str | None, body: bytes, expected: type
) -> None:
    """Frameworks label answers as they please."""
    assert isinstance(translate(answer(body, content_type), RULES), expected)


def test_without_a_content_type_kazoo_reads_xml_only() -> None:
    """`failures = "kazoo"` keeps what old clusters rely on."""
    assert code_of(answer(FLOW, None), AS_KAZOO) == Code.ANSWER_XML
    assert code_of(answer(FLOW, None)) is None


@pytest.mark.parametrize("content_type", [None, "image/png", "garbage", ""])
def test_what_is_neither_xml_nor_json_is_of_no_type(content_type: str | None) -> None:
    """The error names what to send."""
    with pytest.raises(DocumentError, match=r"neither TwiML nor a callflow; send text/xml or") as caught:
        translate(answer(b"hello", content_type), RULES)

    assert caught.value.code == Code.ANSWER_TYPE


def test_plain_text_is_spoken_and_a_sound_is_played() -> None:
    """As Twilio documents; an announcement needs no XML."""
    spoken = translate(answer(b"We are closed.", "text/plain; charset=us-ascii"), RULES)
    played = translate(answer(b"ID3\x00", "audio/mpeg"), RULES)

    assert spoken == TwimlDocument((SayVerb(("We are closed.",)),))
    assert played == TwimlDocument((PlayVerb("http://example.com/cf"),))


@pytest.mark.parametrize("content_type", ["text/plain", "audio/mpeg"])
def test_with_kazoos_failures_plain_text_and_sounds_are_of_no_type(content_type: str) -> None:
    """Kazoo cannot read them and takes the `_` branch."""
    assert code_of(answer(b"hello", content_type), AS_KAZOO) == Code.ANSWER_TYPE


@pytest.mark.parametrize("status", [200, 201, 202, 206, 299])
def test_any_success_runs(status: int) -> None:
    """The documentation speaks of a successful answer, not of 200."""
    assert translate(answer(FLOW, status=status), RULES) == KazooFlow('{"module":"hangup","data":{}}')
    assert code_of(answer(FLOW, status=status), AS_KAZOO) == (
        None if status in (200, 206) else Code.HTTP_STATUS
    )


@pytest.mark.parametrize("status", [199, 300, 304, 404, 500, 600])
@pytest.mark.parametrize("rules", [RULES, AS_KAZOO], ids=["documented", "kazoo"])
def test_any_other_status_is_a_failure_that_names_it(status: int, rules: TranslateRules) -> None:
    """A server's error page must never run."""
    with pytest.raises(DocumentError, match=f"status {status};") as caught:
        translate(answer(FLOW, status=status), rules)

    assert caught.value.code == Code.HTTP_STATUS


@pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b""), (200, b" \n")])
@pytest.mark.parametrize("content_type", ["application/json", "text/xml", None])
def test_a_success_without_a_body_is_empty(status: int, body: bytes, content_type: str | None) -> None:
    """Nothing to run is its own failure, whatever it is called."""
    assert code_of(answer(body, content_type, status)) == Code.ANSWER_EMPTY


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=80) | st.text(alphabet='<>/Response {}[]":,!&;x?', max_size=60).map(str.encode),
    st.none() | st.text(max_size=20) | st.sampled_from(["application/json", "text/xml; charset=utf-16"]),
    st.sampled_from([RULES, AS_KAZOO]),
)
def test_any_answer_is_translated_or_refused(
    body: bytes, content_type: str | None, rules: TranslateRules
) -> None:
    """No server's answer may raise anything else."""
    assert code_of(answer(body, content_type), rules) in {None, *Code}
