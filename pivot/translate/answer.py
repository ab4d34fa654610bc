"""An HTTP answer becomes a document that can be run, or an error that says why not.

The content type chooses the reader, not the request's format. Types that nobody knows are common
(`text/html`, `text/plain`): then the body's first character tells, which is what Kazoo's trying of both
readers comes to, and gives the error of the reader that was meant.

Source: pivot_call.erl, process_resp; kzt_translator.erl, get_translators.
"""

from __future__ import annotations

import re

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.documents import Document
from pivot.model.fetch import Answer
from pivot.translate.kazoo import read_kazoo
from pivot.translate.rules import TranslateRules

JSON_TYPES = frozenset({"application/json"})
XML_TYPES = frozenset({"text/xml", "application/xml"})
_BEFORE_TEXT = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
"""Byte order marks, the zeros of UTF-16, and blanks."""
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


def translate(answer: Answer, rules: TranslateRules) -> Document:
    """The document in an answer.

    Raises:
        DocumentError: `http.status`, `answer.empty`, `answer.type`, or what the readers raise.
    """
    _check_status(answer.status, rules)
    if not answer.body.strip():
        raise DocumentError(Code.ANSWER_EMPTY, "the answer has no body; send a callflow or TwiML")
    content_type = answer.header("content-type")
    if _is_xml(content_type, answer.body, rules):
        return _read_twiml(answer.body, _charset(content_type), rules)
    return read_kazoo(answer.body, rules)


def _check_status(status: int, rules: TranslateRules) -> None:
    accepted = rules.accepted_statuses
    if status in accepted if accepted is not None else 200 <= status < 300:
        return
    raise DocumentError(Code.HTTP_STATUS, f"the server answered with status {status}; answer with 200")


def _is_xml(content_type: str | None, body: bytes, rules: TranslateRules) -> bool:
    """Which reader is meant.

    Raises:
        DocumentError: `answer.type`.
    """
    if content_type is None and rules.untyped_is_xml:
        return True
    named = (content_type or "").partition(";")[0].strip()
    if named in JSON_TYPES | XML_TYPES:
        return named in XML_TYPES
    first = body.lstrip(_BEFORE_TEXT)[:1]
    if first not in (b"<", b"{", b"["):
        raise DocumentError(
            Code.ANSWER_TYPE,
            f"the answer ({named[:80] or 'no content type'}) is neither TwiML nor a callflow;"
            " send text/xml or application/json",
        )
    return first == b"<"


def _charset(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type or "")
    return found[1] if found else None


def _read_twiml(body: bytes, charset: str | None, rules: TranslateRules) -> Document:
    raise DocumentError(Code.ANSWER_TYPE, "TwiML cannot be read yet; answer with a callflow in JSON")
