"""Whatever Twilio's own package builds, translation understands or skips; it never fails."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio.twiml.voice_response import VoiceResponse

from pivot.errors import DocumentError
from pivot.model.plain import from_json, to_json
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import Place, read, read_text
from tests.translate.twiml import sdk

KINDS = sdk.parents()
TYPICAL = (
    "true false GET post PUT 0 1 5 30 -1 9999999999 x # * 1234 *# ww12 /a ../b ?c=d https://a.test/x http://["
    " ftp://a.test sip:kate@example.com;transport=tcp?x-a=b wss://a.test/s wss://[ +15550001111 dtmf speech"
    " record-from-answer onEnter completed Polly.Joanna Google.de-DE-Wavenet-B alice en-US zz busy"
)
VALUES = st.one_of(st.sampled_from([*TYPICAL.split(), "", "dtmf speech"]), st.text(max_size=12))
RULES = st.sampled_from([TranslateRules(), TranslateRules(failures="kazoo"), TranslateRules(max_tts_bytes=9)])
QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def built_documents(draw: st.DrawFn) -> str:
    """A document of the package's elements, some of them where they do not belong."""
    root = VoiceResponse()
    grow(draw, root, depth=0)
    return str(root)


def grow(draw: st.DrawFn, element: Any, depth: int) -> None:
    """Put some children, and perhaps text, into an element."""
    strange = draw(st.integers(0, 5)) == 0
    kind: Any = draw(st.sampled_from(KINDS)) if strange else type(element)
    possible = sdk.children(kind)
    for method in draw(st.lists(st.sampled_from(sorted(possible)), max_size=3)) if possible else ():
        made = possible[method]
        names = st.sets(st.sampled_from(made.parameters), max_size=6) if made.parameters else st.just(set())
        values = {name: draw(VALUES) for name in sorted({*made.required, *draw(names)})}
        child = element.nest(getattr(sdk.blank(kind), method)(**values))
        if depth < 4:
            grow(draw, child, depth + 1)
    if draw(st.integers(0, 9)) == 0:
        element.append(draw(st.text(max_size=8)))


@pytest.mark.slow
@given(built_documents(), RULES, st.sampled_from(Place))
@QUICK
def test_every_document_of_the_package_is_translated_or_refused(
    document: str, rules: TranslateRules, place: Place
) -> None:
    """A customer's mistake may cost a verb, never a crash; and what comes out can be written down."""
    try:
        found = read(document.encode(), None, rules, place)
    except DocumentError:
        return
    assert from_json(json.loads(json.dumps(to_json(found)))) == found
    assert all(warning.line and warning.column and warning.message for warning in found.warnings)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(["<Response>", "</Response>", "<Say>", "</Say>", "&", "<!", "x"]), max_size=12
        ).map(lambda parts: "".join(parts).encode()),
    ),
    st.sampled_from([None, "utf-8", "iso-8859-1", "utf-16", "x", "rot13"]),
)
@QUICK
def test_any_bytes_are_translated_or_refused(body: bytes, charset: str | None) -> None:
    """Answers come from strangers."""
    for understand in (read, read_text):
        with suppress(DocumentError):
            assert understand(body, charset, TranslateRules()) is not None


def test_every_verb_of_the_package_is_known() -> None:
    """A verb that the package can build is never skipped as unknown, but for Queue, which only Dial takes."""
    root = VoiceResponse()
    for method, made in sdk.children(VoiceResponse).items():
        getattr(root, method)(**dict.fromkeys(made.required, "x"))

    warnings = read(str(root).encode(), None, TranslateRules()).warnings

    assert [text.message for text in warnings if "is no verb" in text.message] == [
        "Queue is no verb; skipped"
    ]


def test_every_attribute_of_the_package_is_known() -> None:
    """What the package can write is no stranger, whether we honour it or not."""
    strangers = set()
    for kind in KINDS:
        for method, made in sdk.children(kind).items():
            element = getattr(sdk.blank(kind), method)(**dict.fromkeys(made.parameters, "x"))
            for warning in read(_in_place(element, kind).encode(), None, TranslateRules()).warnings:
                if "is no attribute" in warning.message:
                    strangers.add(warning.message)
    assert strangers == set()


def _in_place(element: Any, kind: Any) -> str:
    """A document with the element where its class belongs."""
    root = VoiceResponse()
    path: list[Any] = [kind]
    while path[0] is not VoiceResponse:
        path.insert(0, next(parent for parent in KINDS if _method(parent, path[0]) and parent not in path))
    spot: Any = root
    for below in path[1:]:
        spot = spot.nest(sdk.blank(below))
    spot.nest(element)
    return str(root)


def _method(parent: Any, kind: Any) -> bool:
    return any(made.kind is kind for made in sdk.children(parent).values())
