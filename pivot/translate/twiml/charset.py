"""The text of a body: byte order mark, then the transport's charset, then the XML declaration, then UTF-8.

A label that is no character set, that says UTF-16 of 8-bit text, or that the bytes contradict decides
nothing: the next one is tried, and the document's developer is told.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pivot.errors import DocumentError
from pivot.model.codes import Code

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_BRACKETS: Final = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))
"""What UTF-16 without a mark begins with. Source: XML 1.0, appendix F."""
_DECLARED: Final = re.compile(rb"\A<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]*)[\"']")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}\Z")
# Python's registry also knows codecs that unpack or escape; only plain character sets may be named.
_PLAIN: Final = re.compile(
    r"(utf-8|utf-16(-le|-be)?|ascii|iso8859-\d+|cp125\d|koi8-[ru]|gbk|gb2312|gb18030|big5"
    r"|shift_jis|euc_jp|euc_kr|iso2022_jp|mac-roman|tis-620)\Z"
)
_BY_TRANSPORT: Final = "content type"
_BOTH_SAY_UTF_8: Final = "declaration and bytes say UTF-8; write utf-8"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body's characters, without byte order mark, and which labels were passed over, and why."""

    text: str
    passed_over: tuple[str, ...] = ()


def decode(body: bytes, charset: str | None) -> Decoded:
    """The body's characters; `charset` is the label of its content type.

    Raises:
        DocumentError: `answer.encoding`; the bytes are not of any character set that is named, nor UTF-8.

    Source: RFC 7303 3, which lets the mark win over the charset and that over the declaration. Kazoo reads
    mark and declaration and never the charset, so a wrong charset must not cost the call, nor its words.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return Decoded(_decode(body[len(mark) :], name))
    for bracket, name in _FIRST_BRACKETS:
        if body.startswith(bracket):
            return Decoded(_decode(body, name))
    passed_over: list[str] = []
    error: DocumentError | None = None
    for source, label in _labels(body, charset):
        if source == _BY_TRANSPORT and _says_utf_8(body) and not _is_utf_8(label):
            passed_over.append(_passed_over(source, label, _BOTH_SAY_UTF_8))
            continue
        try:
            return Decoded(_by_label(label, body), tuple(passed_over))
        except DocumentError as found:
            error = error or found
            passed_over.append(_passed_over(source, label, str(found)))
    try:
        return Decoded(_decode(body, "utf-8"), tuple(passed_over))
    except DocumentError as found:
        raise error or found from None


def _labels(body: bytes, charset: str | None) -> Iterator[tuple[str, str]]:
    """Who says what, the most trusted first."""
    label = (charset or "").strip().strip("\"'")
    if label:
        yield _BY_TRANSPORT, label
    if declared := _DECLARED.match(body):
        yield "XML declaration", declared[1].decode("ascii")


def _passed_over(source: str, label: str, why: str) -> str:
    return f"the {source}'s character set {label[:40]!r} is passed over: {why}"


def _says_utf_8(body: bytes) -> bool:
    """Whether declaration and bytes both say so: letters of another character set are hardly ever UTF-8."""
    declared = _DECLARED.match(body)
    if declared is None or not _is_utf_8(declared[1].decode("ascii")) or body.isascii():
        return False
    try:
        body.decode("utf-8")
    except UnicodeError:
        return False
    return True


def _is_utf_8(label: str) -> bool:
    return label.lower().replace("_", "-") in ("utf-8", "utf8")


def _by_label(label: str, body: bytes) -> str:
    known = ""
    if _NAME.match(label):
        try:
            known = codecs.lookup(label).name
        except LookupError:
            known = ""
    if not _PLAIN.match(known):
        message = f"character set {label[:40]!r} is not supported; send the document as UTF-8"
        raise DocumentError(Code.ANSWER_ENCODING, message)
    if known.startswith("utf-16") and _is_8_bit(body):
        message = f"the document is labelled {known} and is 8-bit text; send it as UTF-8 and say so"
        raise DocumentError(Code.ANSWER_ENCODING, message)
    return _decode(body, known)


def _is_8_bit(body: bytes) -> bool:
    """Whether a body is no UTF-16: markup and blanks have a zero byte there, letters of Asia have none."""
    if b"\x00" in body:
        return False
    if body.lstrip().startswith(b"<"):
        return True
    try:
        body.decode("utf-8")
    except UnicodeError:
        return False
    return True


def _decode(body: bytes, name: str) -> str:
    try:
        return body.decode(name)
    except UnicodeError as error:
        at = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise DocumentError(
            Code.ANSWER_ENCODING, f"the document is not {name}{at}; send it as UTF-8 and say so"
        ) from error
