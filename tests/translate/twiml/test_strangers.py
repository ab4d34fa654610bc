"""Answers as the world's servers write them: what Kazoo's reader would take runs here, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.model.documents import TwimlDocument
from pivot.model.fetch import Answer
from pivot.model.instructions import Instruction, SayVerb
from pivot.translate.answer import translate
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml.well_formed import root_end
from tests.vectors import vectors

CASES = vectors("twiml/strangers.json")["cases"]


def runs() -> Iterator[Any]:
    for case in CASES:
        for failures in ("documented", "kazoo"):
            yield pytest.param(case, failures, id=f"{case['id']} ({failures})")


def said(instructions: tuple[Instruction, ...]) -> list[str]:
    return [verb.text for verb in instructions if isinstance(verb, SayVerb)]


@pytest.mark.parametrize(("case", "failures"), list(runs()))
def test_an_answer_that_can_be_understood_runs(case: dict[str, Any], failures: Any) -> None:
    """A caller must not be lost for what a server writes around its document; its developer is told."""
    body = case["body"].encode() if "body" in case else case["latin_1"].encode("latin-1")
    answer = Answer(200, (("Content-Type", case["content_type"]),), body, "http://127.0.0.1/voice")

    document = translate(answer, TranslateRules(failures))

    assert isinstance(document, TwimlDocument)
    wanted = case["said"]
    if failures == "kazoo":
        wanted = case.get("said_with_kazoos_failures", wanted)
    assert said(document.instructions) == wanted
    warned = [[warning.code.value, warning.twilio_code] for warning in document.warnings]
    assert warned == case["warned"]
    assert all(len(warning.message) < 300 for warning in document.warnings)


PIECES = st.sampled_from(
    ["<a>", "</a>", "<b x='>'/>", "<!-- </a> -->", "<![CDATA[</a>]]>", "<?p </a>?>", "t", "<", ">", "'"]
)


@given(st.lists(PIECES, max_size=20).map("".join))
def test_the_end_of_the_root_is_an_end_of_markup_or_of_the_text(text: str) -> None:
    """Any text at all has one, so that the document can be judged up to there."""
    end = root_end(text, 100)

    assert 0 <= end <= len(text)
    assert end == len(text) or text[end - 1] == ">"


@given(st.lists(PIECES, max_size=20).map("".join))
def test_what_stands_behind_a_root_does_not_move_its_end(junk: str) -> None:
    """Whatever it is."""
    document = "<?xml version='1.0'?><!-- <r> --><r a='</r>'><a/><b>x</b></r>"

    assert root_end(document + junk, 100) == len(document)


def test_the_end_of_too_long_a_document_is_not_looked_for() -> None:
    """It is refused for its length anyway, and looking for the end takes time with every element."""
    many = "<r>" + "<a/>" * 100 + "</r>"

    assert root_end(f"{many}1", 101) == len(many)
    assert root_end(f"{many}1", 100) == len(many) + 1
