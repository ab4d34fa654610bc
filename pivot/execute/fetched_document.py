"""The document of a fetched answer: read by the pool of reader processes, or read here."""

from __future__ import annotations

from pivot.model.documents import Document, Refusal
from pivot.model.events import Fetched
from pivot.translate.answer import translate
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml.places import Place


def document_of(event: Fetched, rules: TranslateRules, place: Place = Place.CALL) -> Document:
    """The document in an answer, for where it will run.

    Raises:
        DocumentError: it cannot be run.
    """
    match event.document:
        case None:
            return translate(event.answer, rules, place)
        case Refusal() as refusal:
            raise refusal.error()
        case document:
            return document
