"""Kazoo JSON: the customer's callflow, checked, completed with defaults, and written as callflow will get it.

Differs from Kazoo, which tolerates bytes that are no UTF-8, knows no limits and tells every fault whole: see
docs/differences.md.

Source: kzt_kazoo.erl, parse_cmds and exec; the encoding of kz_json.erl.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from json import JSONDecodeError, JSONEncoder
from typing import Any

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.documents import MOST_WARNINGS, DocumentWarning, KazooFlow
from pivot.model.json import Json, JsonObject
from pivot.schema import FlowVerdict
from pivot.schema.shown import clipped
from pivot.translate.json_text import DuplicateName, NotFinite, decode, decode_keeping_first, place_of
from pivot.translate.rules import TranslateRules

_ENCODER = JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)
_CONTROL = re.compile(r"\\(?:u00[01][0-9a-f]|.)")
_SURROGATE = re.compile(r"\\u[dD][89abcdefABCDEF]")
_MOST_CONTEXT = 4_000
"""Characters told before and after a fault of syntax; the whole body stands beside them."""
_MOST_SUMMARY = 600
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def read_kazoo(body: bytes, rules: TranslateRules) -> KazooFlow:
    """The flow that a body holds.

    Raises:
        DocumentError: `answer.encoding`, `answer.empty`, `answer.json`, `answer.json_limit` or
            `answer.schema`. Details are `{"json_errors": ...}` or `{"schema_errors": ...}` as Kazoo means
            to store them.
    """
    text, warnings = _text(body)
    if not text.strip():
        raise DocumentError(Code.ANSWER_EMPTY, "the answer has no body; send a callflow or TwiML")
    value, duplicates = _value(text)
    _check_size(text, value, rules)
    if _SURROGATE.search(text):
        _check_characters(value)
    try:
        verdict = rules.schemas.check_flow(value)
    except RecursionError:
        raise _too_deep() from None
    if verdict.faults:
        raise _schema_error(verdict)
    return KazooFlow(encode(verdict.flow), (*warnings, *duplicates))


def encode(value: Json) -> str:
    """Compact JSON as Kazoo writes it: raw UTF-8, `/` as it is, control characters as `\\u001F`."""
    text = _ENCODER.encode(value)
    if "\\u00" not in text:
        return text
    return _CONTROL.sub(lambda found: _upper(found[0]), text)


def _upper(escape: str) -> str:
    return "\\u" + escape[2:].upper() if escape.startswith("\\u") else escape


def _text(body: bytes) -> tuple[str, tuple[DocumentWarning, ...]]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(
            Code.ANSWER_ENCODING, f"byte {error.start} of the answer is no UTF-8; send JSON as UTF-8"
        ) from None
    if not text.startswith(_MARK):
        return text, ()
    return text[1:], (
        DocumentWarning(Code.ANSWER_ENCODING, "the byte order mark is skipped; JSON is sent without one"),
    )


def _value(text: str) -> tuple[Any, tuple[DocumentWarning, ...]]:
    try:
        return decode(text), ()
    except DuplicateName:
        value, names = decode_keeping_first(text)
        return value, tuple(
            DocumentWarning(
                Code.ANSWER_JSON, f"member {clipped(name, 80)!r} is there twice; the first one counts"
            )
            for name in names[:MOST_WARNINGS]
        )
    except JSONDecodeError as error:
        raise _syntax_error(text, error) from None
    except NotFinite as error:
        at = place_of(text, error.token)
        message = f"{error.token[:40]} is no JSON number"
        raise _syntax_error(text, JSONDecodeError(message, text, at)) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise DocumentError(
            Code.ANSWER_JSON_LIMIT, "a number has more than 4300 digits; send shorter numbers"
        ) from None


def _syntax_error(text: str, error: JSONDecodeError) -> DocumentError:
    """Kazoo splits the body after the character at fault, and before foreign text that follows a value."""
    at = error.pos
    if error.msg == "Extra data":
        kind, split = "trailing data", at
    elif at >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        kind, split = "truncated JSON", len(text)
    else:
        kind, split = "invalid JSON", at + 1
    errors = {"before": _end_of(text[:split]), "after": clipped(text[split:], _MOST_CONTEXT), "message": kind}
    return DocumentError(
        Code.ANSWER_JSON,
        f"{kind} at line {error.lineno}, column {error.colno}: {error.msg}",
        details={"json_errors": errors},
        line=error.lineno,
        column=error.colno,
    )


def _end_of(text: str) -> str:
    return text if len(text) <= _MOST_CONTEXT else f"…{text[1 - _MOST_CONTEXT :]}"


def _check_size(text: str, value: Any, rules: TranslateRules) -> None:
    """Refuse what is too deep or too large.

    Raises:
        DocumentError: `answer.json_limit`.
    """
    at_most = text.count("{") + text.count("[")
    if at_most <= rules.max_json_depth and at_most <= rules.max_json_nodes:
        return
    level, depth, nodes = [value], 0, 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        nodes += len(level)
        if depth > rules.max_json_depth:
            raise _too_deep()
        if nodes > rules.max_json_nodes:
            raise DocumentError(
                Code.ANSWER_JSON_LIMIT,
                f"the flow has more than {rules.max_json_nodes} objects and lists;"
                " let a pivot action fetch the rest of it",
            )
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]


def _too_deep() -> DocumentError:
    return DocumentError(
        Code.ANSWER_JSON_LIMIT, "the flow is nested too deeply; let a pivot action fetch the rest of it"
    )


def _check_characters(value: Any) -> None:
    """Refuse halves of surrogate pairs, which no UTF-8 can carry.

    Raises:
        DocumentError: `answer.encoding`.
    """
    try:
        encode(value).encode("utf-8")
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise DocumentError(
            Code.ANSWER_ENCODING, f"\\u{ord(half):04x} is half a character; send the whole pair"
        ) from None


def _schema_error(verdict: FlowVerdict) -> DocumentError:
    count = len(verdict.faults)
    summary = "; ".join(clipped(one, _MOST_SUMMARY) for one in islice(_summaries(verdict.faults), 3))
    more = f" (and {'more than ' if verdict.more else ''}{count - 3} more)" if count > 3 else ""
    return DocumentError(
        Code.ANSWER_SCHEMA, f"{summary}{more}", details={"schema_errors": _storable(verdict.schema_errors)}
    )


def _summaries(faults: tuple[JsonObject, ...]) -> Iterator[str]:
    for fault in faults:
        for path, by_keyword in fault.items():
            assert isinstance(by_keyword, dict)
            for body in by_keyword.values():
                yield f"{path or 'the flow'}: {body['message']}"


def _storable(value: Any) -> Any:
    """Numbers beyond 64 bits as text: the stores' JSON knows no larger ones."""
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    too_large = isinstance(value, int) and not -(2**63) <= value < 2**63
    return f"{value:x} (hexadecimal)" if too_large else value
