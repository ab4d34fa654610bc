"""Is a text an XML document, and where does the document end?

What servers write behind the root is left out, and prefixes that nobody declared are parts of names: Kazoo's
reader takes both, so there are applications that send them. Everything else is a fault.
Source: kzt_twiml.erl, parse_cmds; xmerl_scan, executed.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from pivot.errors import DocumentError
from pivot.model.codes import Code

_START: Final = re.compile(r"<[^!?/\"'>][^\"'>]*+(?:\"[^\"]*+\"[^\"'>]*+|'[^']*+'[^\"'>]*+)*+>")
_CLOSED_BY: Final = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("</", ">"))


def well_formed(text: str, most_elements: int) -> tuple[etree._Element, str]:
    """The root, and the text up to where the document ends; all of the text when it has more elements.

    Raises:
        DocumentError: `answer.xml`, for the first fault of the text.
    """
    parser = _parser()
    try:
        return etree.fromstring(text.encode("utf-8"), parser), text
    except etree.XMLSyntaxError as error:
        document = text[: root_end(text, most_elements)]
        root, fault = _without_namespaces(document)
        if root is None:
            raise _no_xml(_first_fault(parser) or fault, error) from error
        return root, text if _may_follow(text[len(document) :]) else document


def _without_namespaces(document: str) -> tuple[etree._Element | None, etree._LogEntry | None]:
    """The root, whose names keep undeclared prefixes; else the first fault that is none of namespaces."""
    parser = _parser(recover=True)
    try:
        root = etree.fromstring(document.encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        root = None
    fault = _first_fault(parser)
    return (root if fault is None else None), fault


def _first_fault(parser: etree.XMLParser) -> etree._LogEntry | None:
    return next((entry for entry in parser.error_log if entry.domain_name != "NAMESPACE"), None)


def _may_follow(rest: str) -> bool:
    """Whether a root may be followed by this, which is comments, processing instructions and blanks."""
    try:
        etree.fromstring(f"<r/>{rest}".encode(), _parser())
    except etree.XMLSyntaxError:
        return False
    return True


def _no_xml(fault: etree._LogEntry | None, error: etree.XMLSyntaxError) -> DocumentError:
    line, column = error.position if fault is None else (fault.line, fault.column)
    reason = str(error.msg if fault is None else fault.message).partition(", line ")[0].strip()
    message = f"the document is not well-formed XML: {reason}"
    return DocumentError(Code.ANSWER_XML, message, line=line, column=column)


def _parser(*, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
    )


def root_end(text: str, most_elements: int) -> int:
    """The offset behind the end tag of the first element; the text's length when there is none, or too many.

    The text may be anything: only what looks like markup is looked at.
    """
    depth = offset = 0
    while (at := text.find("<", offset)) >= 0:
        begins, closes = next((pair for pair in _CLOSED_BY if text.startswith(pair[0], at)), ("", ""))
        if not begins:
            tag = _START.match(text, at)
            if tag is None:
                break
            offset = tag.end()
            most_elements -= 1
            if most_elements < 0:
                break
            depth += not tag[0].endswith("/>")
        else:
            end = text.find(closes, at + len(begins))
            if end < 0:
                break
            offset = end + len(closes)
            depth -= begins == "</"
            if begins != "</":
                continue
        if depth <= 0:
            return offset
    return len(text)
