"""Whatever a call shows, its documents can be stored."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pivot.debug.document_text import encode, public_hash
from pivot.debug.settings import DebugSettings
from pivot.model.codes import Code, Outcome
from pivot.model.commands import End, Fetch, HandOverFlow
from pivot.model.events import ChannelDestroyed, CommandFailed, Fetched, FetchFailed
from pivot.model.fetch import Answer, FetchFailure
from pivot.model.json import Json
from pivot.model.notes import AnswerAccepted, AnswerRefused, Moment
from tests.debug.calls import asked, recorded, request

TEXT = st.text(st.characters(), max_size=40)
NUMBERS = st.integers() | st.floats() | st.integers(-(10**40), 10**40)
ANY: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)
LATIN = st.text(st.characters(max_codepoint=255), max_size=30)
FETCH_ID = st.sampled_from(["f1", "f2"])


def answers() -> st.SearchStrategy[Answer]:
    headers = st.lists(st.tuples(LATIN, LATIN), max_size=4).map(tuple)
    return st.builds(Answer, st.integers(100, 999), headers, st.binary(max_size=80), TEXT)


MOMENTS: st.SearchStrategy[Moment] = st.one_of(
    st.builds(lambda url, n, f: Fetch(asked(url, n, f)), TEXT, st.integers(1, 3), FETCH_ID),
    st.builds(Fetched, FETCH_ID, answers()),
    st.builds(lambda f, text: FetchFailed(f, FetchFailure(Code.FETCH_TLS, text)), FETCH_ID, TEXT),
    st.builds(AnswerAccepted, FETCH_ID, st.integers(1, 3), TEXT),
    st.builds(
        lambda f, text, errors: AnswerRefused(f, 1, Code.ANSWER_JSON, text, {"json_errors": errors}),
        FETCH_ID,
        TEXT,
        ANY,
    ),
    st.builds(HandOverFlow, TEXT),
    st.builds(lambda cdr: ChannelDestroyed("c1@host", cdr={"x": cdr}), ANY),
    st.builds(lambda text: CommandFailed("Play", "lost", text), TEXT),
    st.builds(lambda text: End(Outcome.OK, None, text), TEXT),
)


@settings(max_examples=100, deadline=None)
@given(TEXT, st.lists(MOMENTS, max_size=8), TEXT.filter(bool))
def test_any_call_becomes_documents_that_are_json(call_id: str, moments: list[Moment], name: str) -> None:
    """Written, read and written again they are the same; ids tell them apart."""
    seen = [(moment, float(number)) for number, moment in enumerate(moments)]

    documents = recorded(request(call_id), seen, DebugSettings(redact=(name,)))

    for document in documents:
        text = encode(document.body)
        back: Any = json.loads(text)
        assert encode(back) == text
        assert document.size_bytes > 0
    ids = [document.id for document in documents if document.body["pvt_type"] != "pivot_timeline"]
    assert len(set(ids)) == len(ids)
    if not any(isinstance(moment, Fetch | AnswerRefused | End) for moment in moments):
        assert documents == []


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=30), max_size=4))
@example({"body": "\\u001f \x1f \\\x1f \\\\\x0b \\u000b\x00"})
def test_the_hash_follows_kazoos_encoder(public: dict[str, str]) -> None:
    """Compact, in order, raw UTF-8, control characters in upper-case hex."""
    shorts = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

    def quoted(text: str) -> str:
        return '"' + "".join(shorts.get(c, f"\\u{ord(c):04X}" if c < " " else c) for c in text) + '"'

    written = ",".join(f"{quoted(name)}:{quoted(value)}" for name, value in public.items())
    expected = hashlib.md5(f'{{"public":{{{written}}}}}'.encode()).hexdigest()

    assert public_hash(encode(public)) == expected
