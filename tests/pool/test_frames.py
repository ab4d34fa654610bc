"""What goes over the pipe comes out as it went in, and nothing else does."""

from __future__ import annotations

import os
import pickle

import pytest

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.documents import Document, DocumentWarning, KazooFlow, Refusal
from pivot.model.fetch import Answer
from pivot.pool.frames import HEAD, Unpacking, framed, packed, parts_of
from pivot.translate.answer import translate
from pivot.translate.rules import TranslateRules

RULES = TranslateRules()
VERBS = [
    '<Say voice="woman" loop="2">a <break/> b</Say>',
    '<Gather action="/x" numDigits="1"><Say>a</Say><Play>/b</Play></Gather>',
    '<Dial action="/x" record="record-from-answer"><Number sendDigits="1" url="/w">1</Number></Dial>',
    '<Dial><Conference beep="onEnter" waitUrl="/w" statusCallback="/s">a</Conference></Dial>',
    '<Dial><Sip username="a">sip:a@example.com?X-a=b</Sip></Dial>',
    '<Record action="/r" maxLength="5" bogus="1"/>',
    '<Enqueue waitUrl="/w">q</Enqueue><Redirect>/next</Redirect><Bogus/>',
    '<Set><Variable key="a" value="b"/></Set><Reject reason="busy"/><Pause length="3"/>',
]


def twiml(text: str) -> Document:
    return translate(Answer(200, (("Content-Type", "text/xml"),), text.encode(), "http://a.test/"), RULES)


def through(result: Document | Refusal) -> tuple[Document | Refusal, int]:
    unpacking, count = Unpacking(), 0
    for part in parts_of(framed(packed(result))[HEAD.size :]):
        unpacking.add(part)
        count += 1
    return unpacking.result(), count


@pytest.mark.parametrize("verb", VERBS)
def test_a_document_comes_out_as_it_went_in(verb: str) -> None:
    """A call must not notice where its document was read."""
    document = twiml(f"<Response>{verb}</Response>")

    assert through(document)[0] == document


@pytest.mark.parametrize(
    "result",
    [
        KazooFlow('{"module":"tts"}', (DocumentWarning(Code.ANSWER_JSON, "twice"),)),
        Refusal(Code.ANSWER_SCHEMA, "why", {"schema_errors": {"a": {"type": {"value": [1, None]}}}}, 1, 2),
        twiml("<Response/>"),
    ],
)
def test_flows_refusals_and_empty_documents_too(result: Document | Refusal) -> None:
    """With their warnings, details and places."""
    assert through(result)[0] == result


def test_a_refusal_is_the_error_it_was_made_of() -> None:
    """The engine raises it as if it had read the answer itself."""
    error = DocumentError(Code.ANSWER_JSON, "why", details={"json_errors": {}}, line=3, column=4)

    again = Refusal.of(error).error()

    assert (again.code, str(again), again.details) == (error.code, str(error), error.details)
    assert (again.line, again.column) == (3, 4)


def test_a_long_document_comes_in_many_small_parts() -> None:
    """Each is made into objects in a turn of its own; 25 instructions take some 0.1 ms."""
    document = twiml("<Response>" + '<Say x="1">a</Say>' * 900 + "</Response>")

    result, count = through(document)

    assert result == document
    assert count == 1 + 900 / 25 + 100 / 25


def test_only_plain_data_is_made_of_what_a_process_sends() -> None:
    """A process that a document has taken over gets nothing done in the worker."""

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, ("true",)

    with pytest.raises(pickle.UnpicklingError, match="no plain data"):
        Unpacking().add(pickle.dumps(Evil()))
