"""XML into elements that know where they stand, within limits, and with nothing but elements and text.

lxml reads the document and judges whether it is well-formed. It knows lines only, so a second pass over the
text, which is well-formed by then, finds where each start tag begins. A document type is refused before
anything is parsed: entities, and with them every way to read files or to blow up, are defined only there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lxml import etree

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.documents import DocumentWarning
from pivot.model.instructions import Position
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml.charset import decode
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.well_formed import well_formed

_DOCTYPE: Final = re.compile(r"(?:\s++|<!--(?>.*?-->)|<\?(?>.*?\?>))*+(<!DOCTYPE)", re.DOTALL)
_MARKUP: Final = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|(?P<end></[^>]*>)"
    r"|(?P<start><[^!?/\"'>][^\"'>]*+(?:\"[^\"]*\"[^\"'>]*+|'[^']*'[^\"'>]*+)*+>)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"(?<=\s)([^\s=\"']++)\s*+=\s*+(?:\"[^\"]*\"|'[^']*')")
_DECLARATION: Final = re.compile(r"\sxmlns(?::[^\s=]++)?\s*+=")
_XML_NAMESPACE: Final = "http://www.w3.org/XML/1998/namespace"
_BEGINNING: Final = Position(1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One element of a document. Names are case-sensitive; those of foreign namespaces keep their prefix."""

    name: str
    attributes: Mapping[str, str]
    content: tuple[str | Element, ...]
    at: Position
    tag: str
    """Its start tag as written."""

    @property
    def children(self) -> tuple[Element, ...]:
        """The elements inside, without the text between them."""
        return tuple(item for item in self.content if isinstance(item, Element))

    @property
    def text(self) -> str:
        """Its own text without that of its children, trimmed, runs of white space as one blank."""
        return " ".join(" ".join(item for item in self.content if isinstance(item, str)).split())

    def where(self, attribute: str) -> Position:
        """Where one of its attributes is written."""
        return _attribute_places(self.tag, self.at).get(attribute, self.at)


@lru_cache(maxsize=4)
def _attribute_places(tag: str, at: Position) -> Mapping[str, Position]:
    """Where each attribute of a start tag is written; found in one pass, as there may be many to warn of."""
    places: dict[str, Position] = {}
    line, begins, seen = at.line, 1 - at.column, 0
    for match in _ATTRIBUTE.finditer(tag):
        start = match.start()
        if newlines := tag.count("\n", seen, start):
            line, begins = line + newlines, tag.rfind("\n", seen, start) + 1
        places.setdefault(match[1], Position(line, start - begins + 1))
        seen = start
    return places


def parse(
    body: bytes, charset: str | None, rules: TranslateRules, warnings: list[DocumentWarning] | None = None
) -> Element:
    """The document's root; `warnings` gets what was odd about the document as a whole.

    Raises:
        DocumentError: `answer.empty`, `answer.encoding`, `answer.xml`, `answer.xml_forbidden` or
            `answer.xml_limit`, with the place of the fault where there is one.
    """
    if len(body) > rules.max_xml_bytes:
        raise _over_limit(f"{len(body)} bytes", f"{rules.max_xml_bytes} bytes")
    decoded = decode(body, charset)
    if not decoded.text.strip():
        raise DocumentError(Code.ANSWER_EMPTY, "the document is empty; answer with a <Response>")
    _refuse_document_type(decoded.text)
    root, text = well_formed(decoded.text, rules.max_xml_nodes)
    if warnings is not None:
        warnings += [_odd(Code.ANSWER_ENCODING, message) for message in decoded.passed_over]
        if len(text) < len(decoded.text):
            at = _Places(text).position(len(text))
            warnings.append(_odd(Code.ANSWER_XML, "what follows the root element is left out", at))
    return _build(root, _start_tags(text, rules), root.nsmap.get(root.prefix), rules.max_xml_attributes)


def _odd(code: Code, message: str, at: Position = _BEGINNING) -> DocumentWarning:
    return DocumentWarning(code, message, at.line, at.column, int(Twilio.DOCUMENT))


def _over_limit(found: str, limit: str, at: Position | None = None) -> DocumentError:
    return DocumentError(
        Code.ANSWER_XML_LIMIT,
        f"the document has {found}, and {limit} are allowed",
        line=at.line if at else None,
        column=at.column if at else None,
    )


def _refuse_document_type(text: str) -> None:
    match = _DOCTYPE.match(text)
    if match:
        at = _Places(text).position(match.start(1))
        raise DocumentError(
            Code.ANSWER_XML_FORBIDDEN,
            "the document has a DOCTYPE, which is refused; leave it out",
            line=at.line,
            column=at.column,
        )


def _start_tags(text: str, rules: TranslateRules) -> Iterator[tuple[Position, str]]:
    """Place and text of every start tag, in order, as long as they stay within the limits."""
    places = _Places(text)
    declared = [0]  # namespaces in force, for each open element
    nodes = 0
    for match in _MARKUP.finditer(text):
        if match["end"]:
            declared.pop()
        elif tag := match["start"]:
            at = places.position(match.start())
            nodes += 1
            if nodes > rules.max_xml_nodes:
                raise _over_limit(f"more than {rules.max_xml_nodes} elements", "no more", at)
            if len(declared) > rules.max_xml_depth:
                raise _over_limit(f"more than {rules.max_xml_depth} levels", "no more", at)
            in_force = declared[-1] + ("xmlns" in tag and len(_DECLARATION.findall(tag)))
            if in_force > rules.max_xml_namespaces:
                raise _over_limit(
                    f"{in_force} namespaces in force in one element", str(rules.max_xml_namespaces), at
                )
            if not tag.endswith("/>"):
                declared.append(in_force)
            yield at, tag


def _build(
    node: etree._Element, tags: Iterator[tuple[Position, str]], home: str | None, most_attributes: int
) -> Element:
    """Elements in document order, each with the next start tag; `home` is the root's namespace."""
    at, tag = next(tags)
    if len(node.attrib) > most_attributes:  # lxml takes quadratic time to hand them out
        raise _over_limit(f"{len(node.attrib)} attributes in one element", str(most_attributes), at)
    content: list[str | Element] = [node.text] if node.text else []
    for child in node:
        content.append(_build(child, tags, home, most_attributes))
        if child.tail:
            content.append(child.tail)
    return Element(_name(node, home), _attributes(node, home), tuple(content), at, tag)


def _name(node: etree._Element, home: str | None) -> str:
    name = str(node.tag)
    return _plain_name(name, home, node.prefix or "") if name.startswith("{") else name


def _attributes(node: etree._Element, home: str | None) -> dict[str, str]:
    """By name. What namespaces are in force is asked for once at most: lxml walks over all of them."""
    found = {str(name): str(value) for name, value in node.attrib.items()}
    if not any(name.startswith("{") for name in found):
        return found
    prefixes = {space: str(prefix) for prefix, space in reversed(node.nsmap.items()) if prefix}
    return {
        _plain_name(name, home, prefixes.get(name[1:].partition("}")[0], "")): value
        for name, value in found.items()
    }


def _plain_name(name: str, home: str | None, prefix: str) -> str:
    if not name.startswith("{"):
        return name
    space, _, local = name[1:].partition("}")
    if space == home:
        return local
    return f"xml:{local}" if space == _XML_NAMESPACE else f"{prefix}:{local}"


class _Places:
    """Lines and columns of offsets in a text."""

    __slots__ = ("_starts",)

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)
