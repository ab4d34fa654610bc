"""No TwiML costs more steps than in proportion to its size: for every verb, noun and attribute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pivot.translate.twiml import Place
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.ssml import ELEMENTS
from pivot.translate.twiml.verbs import VERBS
from tests.budget.results import RULES, read
from tests.budget.steps import assert_linear, steps

WIDE = replace(RULES, max_xml_nodes=100_000)
CONTENT = {
    "Dial": "+14155550100",
    "Enqueue": "a",
    "Play": "/a.mp3",
    "Redirect": "/a",
    "Refer": "<Sip>sip:a@example.com</Sip>",
    "Say": "a",
    "Set": '<Variable key="a" value="b"/>',
    "Sms": "a",
    "Start": '<Stream url="wss://a.test/"/>',
    "Connect": '<Stream url="wss://a.test/"/>',
}
NOUNS = {
    "Dial": ("Client", "Conference", "Device", "Number", "Queue", "Sim", "Sip", "User"),
    "Connect": ("ConversationRelay", "Conversation", "Room", "Stream", "VirtualAgent"),
    "Gather": ("Pause", "Play", "Say"),
    "Prompt": ("Say", "Play"),
    "Say": tuple(sorted(ELEMENTS)),
    "Set": ("Variable",),
    "Start": ("Recording", "Siprec", "Stream", "Transcription"),
}
NESTED = [(verb, noun) for verb, nouns in NOUNS.items() for noun in nouns]


def reading(inner: str, place: Place = Place.CALL) -> Callable[[], None]:
    body = f"<Response>{inner}</Response>"
    return lambda: read(body, "text/xml", WIDE, place)


def attributes_of(path: tuple[str, ...]) -> list[str]:
    """Every attribute that the reader of the last element asks for."""
    asked: dict[str, set[str]] = {}
    original = Attributes.written

    def written(self: Attributes, name: str) -> str | None:
        asked.setdefault(self._element.name, set()).add(name)
        return original(self, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Attributes, "written", written)
        reading("".join(f"<{name}>" for name in path) + "a" + "".join(f"</{name}>" for name in path[::-1]))()
    return sorted(asked.get(path[-1], set()))


def filled(verb: str, attributes: str = "", inner: str | None = None) -> str:
    return f"<{verb} {attributes}>{CONTENT.get(verb, '') if inner is None else inner}</{verb}>"


SHAPES: dict[str, Callable[[str, int], str]] = {
    "many": lambda verb, size: filled(verb) * size,
    "wrong attributes": lambda verb, size: filled(verb, 'a="1" b="2" c="3"') * size,
    "many attributes": lambda verb, size: filled(verb, " ".join(f'a{n}=""' for n in range(min(size, 99)))),
    "blanks between attributes": lambda verb, size: filled(
        verb, f'{" " * size * 20}a="1" b="2"' + "\n" * size
    ),
    "unknown children": lambda verb, size: filled(verb, inner="<x/>" * size),
    "children of its own kind": lambda verb, size: filled(verb, inner=filled(verb) * size),
    "words between children": lambda verb, size: filled(verb, inner="a b <Say/>" * size),
    "a long text": lambda verb, size: filled(verb, inner="a. " * size * 5),
    "comments": lambda verb, size: filled(verb, inner="<!-- a -->" * size),
    "instructions": lambda verb, size: filled(verb, inner="<?a b?>" * size),
    "CDATA": lambda verb, size: filled(verb, inner="<![CDATA[a<b]]>" * size),
    "character references": lambda verb, size: filled(verb, inner="&#65;&amp;" * size),
    "white space": lambda verb, size: filled(verb, inner=" \n\t" * size),
    "namespaces": lambda verb, size: filled(verb, 'xmlns:a="b" a:c="d"') * size,
    "foreign names": lambda verb, size: f'<a:b xmlns:a="{verb}" a:c="d"/>' * size,
    "nested": lambda verb, size: f"<{verb}>" * min(size, 60) + f"</{verb}>" * min(size, 60),
}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_costs_steps_in_proportion(verb: str) -> None:
    """Hundreds of it, thousands of warnings, children, comments and blanks; wherever it runs."""
    for shape in SHAPES.values():

        def make(size: int, shape: Callable[[str, int], str] = shape) -> Callable[[], None]:
            return reading(shape(verb, size))

        assert_linear(make, 25)
    assert_linear(lambda size: reading(filled(verb) * size, Place.QUEUE_WAIT), 25)


@pytest.mark.parametrize(("verb", "noun"), NESTED)
def test_every_noun_costs_steps_in_proportion(verb: str, noun: str) -> None:
    """Each kind of child its verb takes, many of them and with much in it."""
    parameter = '<Parameter name="a" value="b"/>'
    for inner in (
        lambda size: f'<{noun} a="1" b="2">sip:a@example.com</{noun}>' * size,
        lambda size: f"<{noun}>{'1-' * size * 10}</{noun}>",
        lambda size: f'<{noun} url="wss://a.test/">{parameter * size}</{noun}>',
        lambda size: f"<{noun}>sip:a@example.com?{'&amp;'.join(['X-a=b'] * size)}</{noun}>",
        lambda size: f"<{noun}>" * min(size, 60) + f"</{noun}>" * min(size, 60),
    ):
        assert_linear(lambda size, inner=inner: reading(filled(verb, inner=inner(size))), 30)  # type: ignore[misc]


@pytest.mark.parametrize("path", [*((verb,) for verb in sorted(VERBS)), *NESTED], ids="/".join)
def test_every_attribute_costs_steps_in_proportion(path: tuple[str, ...]) -> None:
    """Values of any length, of words, of keys, as a URL, a number or nothing of the kind."""
    opened = "".join(f"<{name}>" for name in path[:-1])
    closed = "".join(f"</{name}>" for name in path[-2::-1]) if len(path) > 1 else ""
    for attribute in attributes_of(path):
        for part in ("1", "a ", "http://a:b@"):

            def make(size: int, attribute: str = attribute, part: str = part) -> Callable[[], None]:
                value = part * size
                return reading(f'{opened}<{path[-1]} {attribute}="{value}">a</{path[-1]}>{closed}')

            assert_linear(make, 300)


def test_the_attributes_are_found() -> None:
    """A test that looks at none would pass as well."""
    assert "numDigits" in attributes_of(("Gather",))
    assert "statusCallbackEvent" in attributes_of(("Dial", "Number"))


@pytest.mark.parametrize(
    "text",
    [
        "<" * 65_000,
        "<Response>" + "<a>" * 20_000,
        "<Response>" + "<a></b>" * 9_000,
        "<Response>" + "<x:y/>" * 10_000 + "</Response>",
        "<Response><Say " + " ".join(f"x{n}:y=''" for n in range(5_000)) + "/></Response>",
        "<Response><Say>" + "&a;" * 20_000,
        "<Response/>" + "<a " * 20_000,
        "<Response/>" + "\0" * 60_000,
        "<!--" * 16_000,
        "<?a?>" * 12_000 + "<!DOCTYPE a>",
        "<Response " + " ".join(f'xmlns:a{n}="b{n}"' for n in range(1_500)) + "/>",
        "<Response>" + "".join(f'<a xmlns:b{n}="c">' for n in range(200)),
        "<Response><" + "a" * 64_000 + " b='1'/></Response>",
        "<Response><Say " + "a" * 64_000 + "='1'/></Response>",
    ],
    ids=lambda text: text[:16],
)
def test_text_that_is_no_twiml_is_refused_in_few_steps(text: str) -> None:
    """Also where it is read leniently, and read again for that."""
    assert steps(lambda: read(text, "text/xml")) < 250_000
