"""An HTTP answer becomes a document that can be run, or an error that says why not.

The content type chooses the reader, not the request's format. Types that nobody knows are common
(`text/html`, `text/plain`): then the body's first character tells, which is what Kazoo's trying of both
readers comes to, and gives the error of the reader that was meant. What is neither is spoken when it is
plain text and played when it is a sound, as Twilio documents; not with Kazoo's failures, for which it is one.

Source: pivot_call.erl, process_resp; kzt_translator.erl, get_translators.
"""

from __future__ import annotations

import re
from enum import Enum

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.documents import Document
from pivot.model.fetch import Answer
from pivot.translate.kazoo import read_kazoo
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import Place, read_audio, read_text
from pivot.translate.twiml import read as read_twiml

JSON_TYPES = frozenset({"application/json"})
XML_TYPES = frozenset({"text/xml", "application/xml"})
_BEFORE_TEXT = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
"""Byte order marks, the zeros of UTF-16, and blanks."""
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


_PARTS = (b"<", b"=", b"{", b"[", b",")
MOST_PARTS = 100
"""Of an answer that is short: 11 ms of CPU in the worst case that was found, usually less than one."""


class Reader(Enum):
    """What an answer may be read as."""

    XML = "xml"
    JSON = "json"
    TEXT = "text"
    SOUND = "sound"


def translate(answer: Answer, rules: TranslateRules, place: Place = Place.CALL) -> Document:
    """The document in an answer; `place` is where it will run.

    Raises:
        DocumentError: `http.status`, `answer.empty`, `answer.type`, or what the readers raise.
    """
    _check_status(answer.status, rules)
    if not answer.body.strip():
        raise DocumentError(Code.ANSWER_EMPTY, "the answer has no body; send a callflow or TwiML")
    content_type = answer.header("content-type")
    media_type = (content_type or "").partition(";")[0].strip()
    match _reader(content_type, media_type, answer.body, rules):
        case Reader.XML:
            return read_twiml(answer.body, _charset(content_type), rules, place)
        case Reader.JSON:
            return read_kazoo(answer.body, rules)
        case Reader.TEXT:
            return read_text(answer.body, _charset(content_type), rules)
        case Reader.SOUND:
            return read_audio(answer.url)
        case None:
            raise DocumentError(
                Code.ANSWER_TYPE,
                f"the answer ({media_type[:80] or 'no content type'}) is neither TwiML nor a callflow;"
                " send text/xml or application/json",
            )


def is_long(answer: Answer, rules: TranslateRules, longest: int) -> bool:
    """Whether reading this may take more than a moment.

    Costs are linear in the parts that a body has, at most 110 us for a value of JSON and 25 us for an element
    or attribute, and in its bytes, 0.2 us each. Each part but the first begins behind one of `_PARTS`.
    Refusing a status costs nothing, and of a sound only the URL is of interest.
    """
    if not _is_accepted(answer.status, rules):
        return False
    body = answer.body
    if len(body) <= longest and sum(map(body.count, _PARTS)) <= MOST_PARTS:
        return False
    return not (answer.header("content-type") or "").strip().lower().startswith("audio/")


def limit_code(answer: Answer) -> Code:
    """The code of an answer that is too much to read."""
    is_xml = answer.body.lstrip(_BEFORE_TEXT)[:1] == b"<"
    return Code.ANSWER_XML_LIMIT if is_xml else Code.ANSWER_JSON_LIMIT


def _is_accepted(status: int, rules: TranslateRules) -> bool:
    accepted = rules.accepted_statuses
    return status in accepted if accepted is not None else 200 <= status < 300


def _check_status(status: int, rules: TranslateRules) -> None:
    if not _is_accepted(status, rules):
        raise DocumentError(Code.HTTP_STATUS, f"the server answered with status {status}; answer with 200")


def _reader(content_type: str | None, media_type: str, body: bytes, rules: TranslateRules) -> Reader | None:
    """Which reader is meant, if any."""
    if media_type in XML_TYPES or (content_type is None and rules.untyped_is_xml):
        return Reader.XML
    if media_type in JSON_TYPES:
        return Reader.JSON
    lenient = not rules.as_kazoo
    if lenient and media_type.lower().startswith("audio/"):
        return Reader.SOUND
    first = body.lstrip(_BEFORE_TEXT)[:1]
    if first == b"<":
        return Reader.XML
    if first in (b"{", b"["):
        return Reader.JSON
    return Reader.TEXT if lenient and media_type.lower() == "text/plain" else None


def _charset(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type or "")
    return found[1] if found else None
