"""Instructions are plain data."""

from __future__ import annotations

import json

from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.documents import DocumentWarning, TwimlDocument
from pivot.model.instructions import (
    Callback,
    DialVerb,
    GatherVerb,
    Leg,
    NumberNoun,
    Position,
    RecordCall,
    SayVerb,
    SpeechInput,
)
from pivot.model.plain import from_json, to_json


def test_a_document_survives_being_written_down() -> None:
    """A running call is handed on as JSON, nested prompts and nouns included."""
    document = TwimlDocument(
        (
            GatherVerb(prompts=(SayVerb(("Hello",)),), speech=SpeechInput(hints=("a", "b"))),
            DialVerb(
                nouns=(NumberNoun("+1", leg=Leg("/w", Method.GET, Callback("/s", events=("ringing",)))),),
                record=RecordCall.FROM_ANSWER,
                at=Position(2, 3),
            ),
        ),
        (DocumentWarning(Code.TWIML_VERB, "Foo is no verb", 1, 11, 12200),),
    )

    assert from_json(json.loads(json.dumps(to_json(document)))) == document
