"""The text of a body: byte order mark, then the transport's charset, then the XML declaration, then UTF-8."""

from __future__ import annotations

import codecs
import re
from typing import Final

from pivot.errors import DocumentError
from pivot.model.codes import Code

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED: Final = re.compile(rb"\A<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]*)[\"']")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}\Z")
# Python's registry also knows codecs that unpack or escape; only plain character sets may be named.
_PLAIN: Final = re.compile(
    r"(utf-8|utf-16(-le|-be)?|ascii|iso8859-\d+|cp125\d|koi8-[ru]|gbk|gb2312|gb18030|big5"
    r"|shift_jis|euc_jp|euc_kr|iso2022_jp|mac-roman|tis-620)\Z"
)


def decode(body: bytes, charset: str | None) -> str:
    """The body's characters, without byte order mark.

    Raises:
        DocumentError: `answer.encoding`; the character set is unknown, or the bytes are not of it.

    Source: RFC 7303 3, which lets the mark win over the charset and that over the declaration.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _decode(body[len(mark) :], name)
    declared = _DECLARED.match(body)
    named = (charset or "").strip().strip("\"'") or (declared[1].decode("ascii") if declared else "")
    # A declaration that we could read is not UTF-16, whatever it says; without a mark nothing else is.
    return _decode(body, _known(named)) if named else _decode(body, "utf-8")


def _known(name: str) -> str:
    if _NAME.match(name):
        try:
            known = codecs.lookup(name).name
        except LookupError:
            known = ""
        if _PLAIN.match(known):
            return known
    raise DocumentError(
        Code.ANSWER_ENCODING, f"character set {name[:40]!r} is not supported; send the document as UTF-8"
    )


def _decode(body: bytes, name: str) -> str:
    try:
        return body.decode(name)
    except UnicodeError as error:
        at = f" at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise DocumentError(
            Code.ANSWER_ENCODING, f"the document is not {name}{at}; send it as UTF-8 and say so"
        ) from error
