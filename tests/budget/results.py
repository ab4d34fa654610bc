"""What may come of one answer, whatever it says."""

from __future__ import annotations

import json

from pivot.errors import DocumentError
from pivot.execute.rules import Rules
from pivot.model.documents import Document, KazooFlow, TwimlDocument
from pivot.model.fetch import Answer
from pivot.translate.answer import translate
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml.places import Place

RULES = TranslateRules()
ENGINE_RULES = Rules(RULES)


def answer(body: str, content_type: str) -> Answer:
    return Answer(200, (("Content-Type", content_type),), body.encode(), "http://a.test/")


def read(body: str, content_type: str, rules: TranslateRules = RULES, place: Place = Place.CALL) -> None:
    """Read an answer, and look at everything that comes of it beside what will be run."""
    document = _result(answer(body, content_type), rules, place)
    if isinstance(document, DocumentError):
        assert len(str(document)) <= 2_000
        assert len(json.dumps(document.details)) <= 50_000
        return
    assert len(document.warnings) <= 100
    assert all(len(warning.message) <= 400 for warning in document.warnings)
    match document:
        case KazooFlow(flow):
            assert len(flow) <= 20 * len(body) + 2_000  # defaults are added
        case TwimlDocument(instructions):
            assert len(instructions) <= RULES.max_xml_nodes


def _result(given: Answer, rules: TranslateRules, place: Place) -> Document | DocumentError:
    try:
        return translate(given, rules, place)
    except DocumentError as error:
        return error
