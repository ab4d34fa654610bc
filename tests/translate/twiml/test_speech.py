"""Which Say a speech plug-in speaks, and what it is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.instructions import GatherVerb, SayVerb
from pivot.model.speech import Repertoire, SpeechWish
from pivot.translate.rules import TranslateRules
from pivot.translate.twiml import read, read_text
from pivot.translate.twiml.say import MAX_SSML_CHARACTERS

RULES = TranslateRules(speech=Repertoire(("Polly.*", "kate")))
WITH_DEFAULT = TranslateRules(speech=Repertoire(("kate",), "kate"))


def say(inner: str, rules: TranslateRules = RULES) -> tuple[SayVerb, list[str]]:
    """The Say of a document, and what is warned of."""
    document = read(f"<Response>{inner}</Response>".encode(), None, rules)
    (verb,) = document.instructions
    if isinstance(verb, GatherVerb):
        (verb,) = verb.prompts
    assert isinstance(verb, SayVerb)
    return verb, [warning.message for warning in document.warnings]


@pytest.mark.parametrize(
    ("inner", "wish"),
    [
        ("<Say voice='Polly.Joanna'>A</Say>", SpeechWish("A", "Polly.Joanna")),
        ("<Say voice='polly.joanna-Neural'>A</Say>", SpeechWish("A", "polly.joanna-Neural")),
        ("<Say voice='KATE' language='tlh'>A</Say>", SpeechWish("A", "KATE", "tlh")),
        ("<Say voice='kate' language='nonsense!'>A</Say>", SpeechWish("A", "kate")),
        ("<Gather><Say voice='kate'>A</Say></Gather>", SpeechWish("A", "kate")),
        ("<Say voice='Google.de-DE-Wavenet-B'>A</Say>", None),
        ("<Say voice='kathleen'>A</Say>", None),
        ("<Say voice='alice'>A</Say>", None),
        ("<Say>A</Say>", None),
    ],
)
def test_a_plugin_speaks_what_names_one_of_its_voices(inner: str, wish: SpeechWish | None) -> None:
    """Voice and language go to it as written; every other Say is the switch's."""
    assert say(inner)[0].wish == wish


@pytest.mark.parametrize(
    ("inner", "wish"),
    [
        ("<Say>A</Say>", SpeechWish("A", "kate", "en-us")),
        ("<Say voice='alice' language='de-DE'>A</Say>", SpeechWish("A", "kate", "de-DE")),
        ("<Say voice='Polly.Hans'>A</Say>", SpeechWish("A", "kate", "de-de")),
        ("<Say voice='NoSuch'>A</Say>", SpeechWish("A", "kate", "en-us")),
        ("<Say voice='kate'>A</Say>", SpeechWish("A", "kate")),
    ],
)
def test_a_default_voice_speaks_everything_else(inner: str, wish: SpeechWish) -> None:
    """In the language that the document means, as far as it tells."""
    assert say(inner, WITH_DEFAULT)[0].wish == wish


def test_a_voice_that_is_there_is_no_cause_for_a_warning() -> None:
    """Neither is its SSML; the plug-in gets what we have read, and nothing that we have not."""
    inner = (
        "<Say voice='Polly.Joanna'>At <say-as interpret-as='date' evil='1'>1/2</say-as> &lt;b>"
        "<audio src='/etc/passwd'>x</audio></Say>"
    )

    verb, warned = say(inner)

    assert verb.wish is not None
    assert verb.wish.text == "At 1/2 <b>x"
    assert verb.wish.ssml == '<speak>At <say-as interpret-as="date">1/2</say-as> &lt;b&gt;x</speak>'
    assert [message.split()[0] for message in warned] == ["say-as", "audio"]
    assert say("<Say voice='kate'>A</Say>")[1] == []


def test_a_voice_that_is_not_there_is_named_with_the_one_that_speaks() -> None:
    """The developer sees why it sounds different."""
    polly = "<Say voice='Polly.Joanna'>A</Say>"

    assert "the plug-in's kate speaks" in say(polly, WITH_DEFAULT)[1][0]
    assert "the switch's female voice speaks" in say(polly, TranslateRules())[1][0]


@pytest.mark.parametrize(
    "inner",
    [
        f"<Say voice='kate'><s>{'a' * 5_000}</s></Say>",
        f"<Say voice='kate'>A{'<break time=' + chr(34) + '9' * 100 + chr(34) + '/>'}B"
        f"{'<sub alias=' + chr(34) + 'b' + chr(34) + '>' + 'c' * MAX_SSML_CHARACTERS + '</sub>'}</Say>",
    ],
    ids=["text", "markup"],
)
def test_what_is_too_long_reaches_no_plugin(inner: str) -> None:
    """A text is cut, and then its markup, which would be torn, is left out."""
    wish = say(inner)[0].wish

    assert wish is not None
    assert wish.ssml is None
    assert len(wish.text) <= 4_096


def test_a_plain_text_is_spoken_by_the_default_voice() -> None:
    """As a Say without attributes."""
    wishes = [
        verb.wish
        for rules in (WITH_DEFAULT, replace(RULES))
        for verb in read_text(b"Hello", None, rules).instructions
        if isinstance(verb, SayVerb)
    ]

    assert wishes == [SpeechWish("Hello", "kate", "en-us"), None]
