"""The conformance cases, as far as translation alone decides them: which faults are told, by number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.documents import DocumentWarning
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import read

CASES = Path(__file__).parents[2] / "vectors" / "twiml" / "cases.json"
ERRORS = {
    Code.ANSWER_XML: 12100,
    Code.ANSWER_XML_FORBIDDEN: 12100,
    Code.ANSWER_ENCODING: 12100,
    Code.TWIML_ROOT: 12102,
}
RUN_TIME = {
    "play-13": "the media cannot be fetched",
    "play-14": "the media is no sound",
    "conf-13": "the room is full",
    "enq-08": "the queue is full",
    "enq-11": "the fault is in the wait document",
    "number-11": "the fault is in the whisper document",
    "redir-06": "documents follow each other too fast",
    "refer-04": "the caller does not use SIP",
    "http-14": "the fault is in a later document",
}


def cases() -> Iterator[Any]:
    """Cases whose first document is fetched and judged."""
    for case in json.loads(CASES.read_text())["cases"]:
        if case["twiml"] and case["id"] not in RUN_TIME:
            yield pytest.param(case, id=case["id"])


def told(body: str) -> list[int]:
    """Numbers of everything wrong with a document, in order."""
    try:
        return [number_of(warning) for warning in read(body.encode(), None, TranslateRules()).warnings]
    except DocumentError as error:
        return [ERRORS[error.code]]


def number_of(warning: DocumentWarning) -> int:
    return warning.twilio_code or 0


@pytest.mark.parametrize("case", list(cases()))
def test_faults_of_a_document_are_told_by_number(case: dict[str, Any]) -> None:
    """Developers look up Twilio's numbers; they must be those that the documentation promises."""
    wanted = [item["code"] for item in case["expect"]["order"] if item["op"] in ("warn", "error")]
    wanted = [code if isinstance(code, list) else [code] for code in wanted]
    never = {item["code"] for item in case["expect"]["never"] if item["op"] in ("warn", "error")}

    found = told(case["twiml"])

    assert never.isdisjoint(found)
    later = iter(found)
    assert all(any(number in codes for number in later) for codes in wanted), found
