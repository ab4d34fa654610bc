"""The parser: exact places, hard limits, and nothing but elements and text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivot.errors import DocumentError
from pivot.model.codes import Code
from pivot.model.instructions import Position
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml.parser import Element, parse

RULES = TranslateRules()


def elements(root: Element) -> list[Element]:
    return [root, *(found for child in root.children for found in elements(child))]


def refused(body: bytes, charset: str | None = None) -> tuple[Code, int | None, int | None]:
    with pytest.raises(DocumentError) as caught:
        parse(body, charset, RULES)
    return caught.value.code, caught.value.line, caught.value.column


def test_every_element_knows_its_line_and_column() -> None:
    """A developer must find the fault: comments, quoted brackets and CDATA may not lead astray."""
    body = (
        '<?xml version="1.0"?><!-- <Say> -->\n'
        "<Response a='x > y'>\n"
        '  <Say voice="a/>"><![CDATA[<Play>]]></Say><!-- \n --><Hangup/>\n'
        "</Response>"
    )
    found = [(item.name, item.at) for item in elements(parse(body.encode(), None, RULES))]

    assert found == [
        ("Response", Position(2, 1)),
        ("Say", Position(3, 3)),
        ("Hangup", Position(4, 5)),
    ]


def test_columns_count_characters_not_bytes() -> None:
    """An editor shows characters."""
    root = parse("<Response>日本<Say/></Response>".encode(), None, RULES)
    assert root.children[0].at == Position(1, 13)


def test_an_attribute_knows_its_place() -> None:
    """The warning of a bad value points at the attribute, also on a line of its own."""
    root = parse(b'<Response><Say a="b=1"\n   b="2" c="3"/></Response>', None, RULES)
    say = root.children[0]
    assert [say.where(name) for name in ("a", "b", "c", "d")] == [
        Position(1, 16),
        Position(2, 4),
        Position(2, 10),
        Position(1, 11),
    ]


def test_text_is_joined_across_comments_and_cdata() -> None:
    """What stands between the tags is spoken, whatever it is made of."""
    root = parse(
        b"<Response><Say>He<!-- b -->llo <?x y?><![CDATA[A & B]]>\n  &#x41; </Say></Response>", None, RULES
    )
    assert root.children[0].text == "Hello A & B A"


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE r><Response/>",
        b'<?xml version="1.0"?>\n<!-- x --><!DOCTYPE r [<!ENTITY x SYSTEM "file:///a">]><Response>&x;</Response>',
        b'\xef\xbb\xbf<?p?><!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><Response>&b;</Response>',
        '<!DOCTYPE r [<!ENTITY x "y">]><Response>&x;</Response>'.encode("utf-16"),
    ],
)
def test_a_document_type_is_refused_before_parsing(body: bytes) -> None:
    """Entities read files and grow without bound; they are defined nowhere else."""
    assert refused(body)[0] is Code.ANSWER_XML_FORBIDDEN


def test_a_document_type_in_a_comment_is_harmless() -> None:
    """Only a real one is refused."""
    body = b"<!-- <!DOCTYPE r> --><Response><Say><![CDATA[<!DOCTYPE r>]]></Say></Response>"
    assert parse(body, None, RULES).children[0].text == "<!DOCTYPE r>"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"<Response><Say>no</Response>", (1, 29)),
        (b'\n<?xml version="1.0"?><Response/>', (2, 6)),
        (b"<Response>&nbsp;</Response>", (1, 17)),
        (b"<Response><Say></Response><b>", (1, 27)),
        (b"<Response><x:Say></Response>", (1, 29)),
        (b"<Response x:a='1'><Say></Response><b>", (1, 35)),
        (b"<Response><x:Say/>&nbsp;</Response>1", (1, 25)),
        (b"Response", (1, 1)),
        (b'<Response a="1" a="2"/>', (1, 22)),
        (b"<Response>\x00</Response>", (1, 11)),
    ],
)
def test_what_is_not_well_formed_is_refused_with_its_place(body: bytes, place: tuple[int, int]) -> None:
    """The parser's own line and column reach the developer."""
    assert refused(body) == (Code.ANSWER_XML, *place)


def test_limits_of_size_depth_and_number() -> None:
    """One over is refused, the limit itself is not."""
    nested = b"<Response>" + b"<a>" * 64 + b"</a>" * 64 + b"</Response>"
    many = b"<Response>" + b"<a/>" * 1000 + b"</Response>"
    long = b"<Response>" + b" " * (65_536 - 21) + b"</Response>"

    attributes = b"<Response " + b" ".join(b"a%d='1'" % number for number in range(101)) + b"/>"

    assert refused(attributes) == (Code.ANSWER_XML_LIMIT, 1, 1)
    assert refused(nested) == (Code.ANSWER_XML_LIMIT, 1, 11 + 63 * 3)
    assert refused(many) == (Code.ANSWER_XML_LIMIT, 1, 11 + 999 * 4)
    assert refused(long + b" ") == (Code.ANSWER_XML_LIMIT, None, None)
    assert parse(long, None, RULES).name == "Response"
    assert len(elements(parse(many[:-15] + b"</Response>", None, RULES))) == 1000
    assert refused(b"<a>" * 20_000) == (Code.ANSWER_XML, 1, 771)


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<Response>é</Response>".encode(), None),
        ("<Response>é</Response>".encode("utf-8-sig"), "iso-8859-1"),
        ("<Response>é</Response>".encode("latin-1"), "ISO-8859-1"),
        ("<Response>é</Response>".encode("latin-1"), '"iso-8859-1"'),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><Response>é</Response>'.encode("latin-1"), None),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><Response>é</Response>'.encode(), "utf-8"),
        ("<Response>é</Response>".encode("utf-16"), None),
        ("<Response>é</Response>".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_the_mark_wins_over_the_charset_and_that_over_the_declaration(
    body: bytes, charset: str | None
) -> None:
    """Documents come in many encodings, and their labels disagree."""
    assert parse(body, charset, RULES).text == "é"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (b"<Response>\xe9</Response>", None),
        (b"<Response>\xe9</Response>", "no-such-set"),
        (b"<Response>\xe9</Response>", "unicode_escape"),
        (b'<?xml version="1.0" encoding="rot13"?><Response>\xe9</Response>', None),
        (b"\xff\xfe<", None),
    ],
)
def test_bytes_that_are_not_of_their_character_set_are_refused(body: bytes, charset: str | None) -> None:
    """Guessing would speak rubbish to the caller; codecs that are no character sets are never used."""
    assert refused(body, charset)[0] is Code.ANSWER_ENCODING


@pytest.mark.parametrize("body", [b"", b" \r\n ", b"\xef\xbb\xbf"])
def test_nothing_at_all_is_an_empty_answer(body: bytes) -> None:
    """It has a code of its own, because it is the commonest mistake."""
    assert refused(body)[0] is Code.ANSWER_EMPTY


def test_namespaces_do_not_hide_a_document() -> None:
    """Tools add a default namespace; elements of others stay strangers."""
    body = b'<Response xmlns="http://a" xmlns:b="http://b" xml:lang="en"><Say/><b:Say b:c="1"/></Response>'
    root = parse(body, None, RULES)
    assert (root.name, dict(root.attributes)) == ("Response", {"xml:lang": "en"})
    assert [(item.name, dict(item.attributes)) for item in root.children] == [
        ("Say", {}),
        ("b:Say", {"b:c": "1"}),
    ]


PIECES = st.sampled_from(
    [
        "<a>",
        "</a>",
        "<b x='>'>",
        "</b>",
        "<c/>",
        "<!-- <a> -->",
        "<![CDATA[</a>]]>",
        "<?p <a>?>",
        "t",
        "\n",
        "&lt;",
        "é",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(max_examples=200)
def test_places_are_those_of_the_tags(inner: str) -> None:
    """Whatever stands around it, at an element's place its own start tag begins."""
    text = f"<r>{inner}</r>"
    try:
        root = parse(text.encode(), None, RULES)
    except DocumentError:
        return
    lines = text.split("\n")
    for element in elements(root):
        assert lines[element.at.line - 1][element.at.column - 1 :].startswith(f"<{element.name}")
        assert element.tag.startswith(f"<{element.name}")


@pytest.mark.parametrize("shape", ["on one element", "on nested elements"])
def test_namespaces_in_force_are_bounded(shape: str) -> None:
    """Fifteen hundred of them made a document of 65 kB cost most of a second."""
    names = [f'xmlns:a{number}="b{number}"' for number in range(101)]
    if shape == "on one element":
        text = f"<Response {' '.join(names)}/>"
    else:
        text = f"<Response {' '.join(names[:60])}><Say {' '.join(names[60:])}/></Response>"

    with pytest.raises(DocumentError) as raised:
        parse(text.encode(), None, TranslateRules())

    assert raised.value.code == Code.ANSWER_XML_LIMIT
    assert "101 namespaces" in str(raised.value)


def test_elements_side_by_side_may_each_declare_namespaces() -> None:
    """Some libraries write their declarations anew on every element."""
    say = "<Say " + " ".join(f'xmlns:a{number}="b{number}"' for number in range(50)) + ' a7:x="1">a</Say>'

    root = parse(f"<Response>{say * 10}</Response>".encode(), None, TranslateRules())

    assert [child.attributes for child in root.children] == [{"a7:x": "1"}] * 10


def test_names_keep_the_prefix_that_they_are_written_with() -> None:
    """Two prefixes of one namespace are two names to a developer; an attribute shows the first of them."""
    text = (
        '<r:Response xmlns:r="r" xmlns:a="1" xmlns:b="1"><b:Say a:x="1" r:y="2" xml:lang="en"/></r:Response>'
    )

    (say,) = parse(text.encode(), None, TranslateRules()).children

    assert say.name == "b:Say"
    assert list(say.attributes) == ["a:x", "y", "xml:lang"]
