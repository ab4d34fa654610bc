"""Callflows in JSON, as customers send them."""

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
from pivot.model.documents import DocumentWarning, KazooFlow
from pivot.translate.kazoo import encode, read_kazoo
from pivot.translate.rules import TranslateRules

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/kazoo/json_errors.json").read_text())["cases"]
RULES = TranslateRules()
DIFFERENCES: dict[str, tuple[Code | None, str]] = {
    "one space": (Code.ANSWER_EMPTY, "a body of blanks is an empty body"),
    "truncated object": (Code.ANSWER_JSON, "json_errors tells of truncation too"),
    "truncated in a string value": (Code.ANSWER_JSON, "json_errors tells of truncation too"),
    "truncated array": (Code.ANSWER_JSON, "json_errors tells of truncation too"),
    "control character in a string": (Code.ANSWER_JSON, "json_errors tells of bad strings too"),
    "raw tab in a string": (Code.ANSWER_JSON, "json_errors tells of bad strings too"),
    "huge exponent": (Code.ANSWER_JSON, "json_errors tells of numbers without end too"),
    "lone surrogate": (Code.ANSWER_ENCODING, "half a character is a fault of encoding"),
    "UTF-8 BOM": (None, "a byte order mark is skipped with a warning"),
    "invalid UTF-8 byte in a value": (Code.ANSWER_ENCODING, "strict UTF-8; Kazoo guesses Latin-1"),
    "truncated UTF-8 sequence at the end of a value": (Code.ANSWER_ENCODING, "strict UTF-8"),
    "invalid UTF-8 in a key": (Code.ANSWER_ENCODING, "strict UTF-8"),
    "deep nesting 2000": (Code.ANSWER_JSON_LIMIT, "depth is limited before anything is validated"),
}
"""Vectors that we answer otherwise, by note: our code (None: the flow runs) and the reason."""


def body_of(case: dict[str, Any]) -> bytes:
    if case["note"] == "deep nesting 2000":  # recorded without its body
        return b"[" * 2000 + b"]" * 2000
    return base64.b64decode(case["body_base64"]) if "body_base64" in case else case["body"].encode()


def code_of(body: bytes) -> Code | None:
    try:
        read_kazoo(body, RULES)
    except DocumentError as error:
        return error.code
    return None


def refusal(body: bytes, rules: TranslateRules = RULES) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_kazoo(body, rules)
    return caught.value


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["note"])
def test_kazoos_own_bodies_are_read_and_split_as_kazoo_means_to(case: dict[str, Any]) -> None:
    """The error document shows the customer the same place that Kazoo would have shown."""
    body, recorded = body_of(case), case["legacy_jiffy_0x"]
    if case["note"] in DIFFERENCES:
        assert code_of(body) == DIFFERENCES[case["note"]][0]
    elif recorded["parse_cmds"]["result"] == "throw_json":
        expected = {name: recorded["parse_cmds"][name] for name in ("before", "after", "message")}
        error = refusal(body)
        assert (error.code, error.details) == (Code.ANSWER_JSON, {"json_errors": expected})
        assert recorded["debug_docs_saved"][0]["json_errors"] == expected
    elif "crash" in recorded["pivot_call"]:
        assert "schema_error" in recorded["pivot_call"]["crash"]["reason"]
        assert code_of(body) == Code.ANSWER_SCHEMA
    else:
        handed_over = recorded["published"][1]["payload"]["Application-Data"]
        assert read_kazoo(body, RULES) == KazooFlow(handed_over)


def test_every_difference_names_a_vector() -> None:
    """The list cannot outlive what it is about."""
    assert set(DIFFERENCES) <= {case["note"] for case in VECTORS}


@pytest.mark.parametrize(
    ("body", "before", "after", "message", "place"),
    [
        ('{"module":"play",,}', '{"module":"play",,', "}", "invalid JSON", (1, 18)),
        ("<html>", "<", "html>", "invalid JSON", (1, 1)),
        ('{"module":"play"}}', '{"module":"play"}', "}", "trailing data", (1, 18)),
        ('{"a":\n nope}', '{"a":\n n', "ope}", "invalid JSON", (2, 2)),
        ('{"a":"NaN","b":NaN}', '{"a":"NaN","b":N', "aN}", "invalid JSON", (1, 16)),
        ('{"a":[-Infinity]}', '{"a":[-', "Infinity]}", "invalid JSON", (1, 7)),
        ('{"a":"1e999","b":1e999}', '{"a":"1e999","b":1', "e999}", "invalid JSON", (1, 18)),
        ('{"a":"x', '{"a":"x', "", "truncated JSON", (1, 6)),
        ('{"a":', '{"a":', "", "truncated JSON", (1, 6)),
        ('{"ä":1}x', '{"ä":1}', "x", "trailing data", (1, 8)),
    ],
)
def test_a_syntax_error_is_shown_where_it_is(
    body: str, before: str, after: str, message: str, place: tuple[int, int]
) -> None:
    """A developer must find the character at fault without counting."""
    error = refusal(body.encode())

    assert error.code == Code.ANSWER_JSON
    assert error.details == {"json_errors": {"before": before, "after": after, "message": message}}
    assert (error.line, error.column) == place


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf "])
def test_blanks_are_no_body(body: bytes) -> None:
    """Nothing to run is told apart from something that cannot be read."""
    assert refusal(body).code == Code.ANSWER_EMPTY


def test_a_byte_order_mark_is_skipped_with_a_warning() -> None:
    """Some servers put it in front of everything."""
    assert read_kazoo(b'\xef\xbb\xbf{"module":"hangup"}', RULES) == KazooFlow(
        '{"module":"hangup","data":{}}',
        (DocumentWarning(Code.ANSWER_ENCODING, "the byte order mark is skipped; JSON is sent without one"),),
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"module":"tts","data":{"text":"\xe9"}}',
        b'\xff\xfe{\x00"\x00',
        b'{"module":"tts","data":{"text":"\\ud83d"}}',
        b'{"module":"\\uDE00"}',
    ],
)
def test_what_is_no_unicode_is_refused(body: bytes) -> None:
    """Such a text could reach neither the bus nor the debug store."""
    assert refusal(body).code == Code.ANSWER_ENCODING


def test_the_first_of_two_members_of_one_name_counts() -> None:
    """Kazoo's lookups find the first one, so the caller hears what Kazoo would have played."""
    body = b'{"module":"tts","module":"hangup","data":{"text":"a","voice":"x","text":"b"}}'

    assert read_kazoo(body, RULES) == KazooFlow(
        '{"module":"tts","data":{"text":"a","voice":"x",'
        '"terminators":["1","2","3","4","5","6","7","8","9","*","0","#"]}}',
        (
            DocumentWarning(Code.ANSWER_JSON, "member 'text' is there twice; the first one counts"),
            DocumentWarning(Code.ANSWER_JSON, "member 'module' is there twice; the first one counts"),
        ),
    )


def chain(actions: int) -> bytes:
    """A flow of so many actions in a row."""
    start, end = '{"module":"noop","children":{"_":', "}}"
    return (start * (actions - 1) + '{"module":"noop"}' + end * (actions - 1)).encode()


def test_a_flow_may_be_as_deep_as_the_limit_and_no_deeper() -> None:
    """Long chains are real; endless ones would exhaust what reads them later."""
    rules = TranslateRules(max_json_depth=199)

    assert read_kazoo(chain(100), rules).flow.count("noop") == 100
    assert refusal(chain(101), rules).code == Code.ANSWER_JSON_LIMIT
    assert refusal(chain(50_000)).code == Code.ANSWER_JSON_LIMIT
    assert refusal(b"[" * 100_000).code == Code.ANSWER_JSON_LIMIT


def test_a_flow_may_have_as_many_parts_as_the_limit_and_no_more() -> None:
    """Validation costs time for each of them."""
    rules = TranslateRules(max_json_nodes=12)
    flow: dict[str, Any] = {"module": "noop", "data": {"x": [[] for _ in range(9)]}}

    assert read_kazoo(json.dumps(flow).encode(), rules).warnings == ()
    flow["data"]["x"].append({})
    assert refusal(json.dumps(flow).encode(), rules).code == Code.ANSWER_JSON_LIMIT


def test_huge_integers_pass_when_nobody_minds_them() -> None:
    """Kazoo's numbers have no limit."""
    digits = "9" * 4000

    assert read_kazoo(f'{{"module":"noop","data":{{"x":{digits}}}}}'.encode(), RULES) == KazooFlow(
        f'{{"module":"noop","data":{{"x":{digits}}}}}'
    )
    assert refusal(b'{"x":' + b"9" * 5000 + b"}").code == Code.ANSWER_JSON_LIMIT


def test_a_huge_integer_can_be_shown_in_the_error_document() -> None:
    """Stores know 64 bits only."""
    error = refusal(b'{"module":"sleep","data":{"duration":1' + b"0" * 30 + b"}}")

    assert error.details == {
        "schema_errors": {
            "data.duration": {
                "maximum": {
                    "message": "Value must be at most 86400000",
                    "target": 86400000,
                    "value": f"{10**30:x} (hexadecimal)",
                }
            }
        }
    }


def test_schema_errors_are_merged_for_the_debug_document_and_told_in_words() -> None:
    """The shape that Kazoo's list view looks for."""
    error = refusal(b'{"data":{"id":5},"children":{"_":{"module":"nope"}}}')

    assert error.code == Code.ANSWER_SCHEMA
    assert str(error) == (
        "schema: schema not found; children._.module: unable to find callflow schema for module nope;"
        " module: Field is required but missing"
    )
    assert error.details == {
        "schema_errors": {
            "schema": {"schema": {"message": "schema not found", "schema": "callflows.nope"}},
            "children._.module": {
                "error": {"message": "unable to find callflow schema for module nope", "value": "nope"}
            },
            "module": {"required": {"message": "Field is required but missing", "value": "module"}},
        }
    }


def test_json_is_written_as_kazoo_writes_it() -> None:
    """callflow gets the very text, and its hash in a debug document must be the same."""
    value: dict[str, Any] = {
        "a/b": 'é"\\\b\f\n\r\t\x1f\x00\x7f\u2028😀',
        "c": ["\\u001f", 1, 1.5, None, True, {}],
    }

    assert encode(value) == (
        '{"a/b":"é\\"\\\\\\b\\f\\n\\r\\t\\u001F\\u0000\x7f\u2028😀","c":["\\\\u001f",1,1.5,null,true,{}]}'
    )


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\u0d8efntx1.-+ \n', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No customer's body may raise anything else."""
    try:
        read_kazoo(body, RULES).flow.encode()
    except DocumentError as error:
        json.dumps(error.details).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["module", "data", "children", "_", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_is_a_flow_or_refused_by_its_schemas(value: Any) -> None:
    """And a flow that passed once passes again, unchanged: its defaults are in."""
    body = json.dumps(value).encode()
    code = code_of(body)

    if code is None:
        flow = read_kazoo(body, RULES).flow
        assert read_kazoo(flow.encode(), RULES) == KazooFlow(flow)
    else:
        assert code == Code.ANSWER_SCHEMA
