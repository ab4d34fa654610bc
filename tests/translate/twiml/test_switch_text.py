"""Warnings of texts that the switch would take for more: they name the character and what happens instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from pivot.model.documents import TwimlDocument
from pivot.model.instructions import ClientNoun, DialVerb, PlayVerb, SayVerb, SipNoun
from pivot.translate.answer import translate
from tests.calls import answer, twiml
from tests.rules import RULES

CASES = Path(__file__).parents[2] / "vectors" / "switch_text"
"""Documents that ran a command on a real media server, played its files or took a dial string apart."""


def warned(inner: str) -> list[str]:
    return [warning.message for warning in translate(twiml(inner), RULES.translate).warnings]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cid", ["':_:'"]),
        ("dial_rce", ["'>'", "'>'"]),
        ("dial_rce_pw", ["'>'", "'>'"]),
        ("dial_rce_url", ["'>'", "'>'"]),
        ("play_local", ["nothing that can", "nothing that can", "nothing that can", "'%['", "'\\\\'"]),
    ],
)
def test_every_case_is_warned_of(name: str, said: list[str]) -> None:
    """`pivot check` says something for each of them."""
    document = translate(answer((CASES / f"{name}.xml").read_text(), "text/xml"), RULES.translate)

    assert len(document.warnings) == len(said)
    for warning, part in zip(document.warnings, said, strict=True):
        assert part in warning.message


def test_a_header_with_a_blank_is_left_out_where_parties_are_rung_apart() -> None:
    """The switch would ring nobody; all that ring together are rung apart when one of them is."""
    spoken_to = "<Sip url='/w'>sip:a@h.test?X-A=hello%20world&amp;X-B=1</Sip>"
    other = "<Client>joey<Parameter name='P' value='two words'/><Parameter name='Q' value='2'/></Client>"
    for inner, names in (
        (f"<Dial>{spoken_to}{other}</Dial>", [["X-B"], ["Q"]]),
        (f"<Dial sequential='true'>{spoken_to}{other}</Dial>", [["X-B"], ["P", "Q"]]),
        (f"<Dial>{other}</Dial>", [["P", "Q"]]),
        (f"<Dial><Number sendDigits='1'>+15550007777</Number>{other}</Dial>", [["Q"]]),
    ):
        document = translate(twiml(inner), RULES.translate)
        assert isinstance(document, TwimlDocument)
        (dial,) = document.instructions
        assert isinstance(dial, DialVerb)
        kept = [
            [item.name for item in (noun.headers if isinstance(noun, SipNoun) else noun.parameters)]
            for noun in dial.nouns
            if isinstance(noun, SipNoun | ClientNoun)
        ]
        assert kept == names
        told = [warning for warning in document.warnings if warning.twilio_code == 13252]
        assert all("blank" in warning.message and "rung" in warning.message for warning in told)
        assert len(told) == sum(names_kept in (["X-B"], ["Q"]) for names_kept in names)


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("<Say>Sales | Support</Say>", "'|'"),
        ("<Say>a \\ b</Say>", "blank is spoken"),
        ("<Say>${secret}</Say>", "'${'"),
        ("<Say>%;[a=b]hi</Say>", "'%;['"),
        ("<Play>https://h.test/{id}.mp3</Play>", "'{'"),
        ("<Play>https://h.test/a.wav@@8000</Play>", "'@@'"),
        ("<Play>shout://h.test/a.mp3</Play>", "nothing that can be played"),
        ("<Play>file_string:///a</Play>", "nothing that can be played"),
        ("<Play>TONE_STREAM://%(1)</Play>", "nothing that can be played"),
        ("<Reject prompt='/path/x.wav@@://'/>", "nothing that can be played"),
        ("<Dial callerId='1~2'>+15550007777</Dial>", "'~'"),
        ("<Dial><Sip username='a|b'>sip:a@h.test</Sip></Dial>", "'|'"),
        ("<Dial><Client>joey<Parameter name='P' value='a!b'/></Client></Dial>", "'!'"),
        ("<Dial><Sip>sip:a@h.test?X-A=a%E2%80%A8b</Sip></Dial>", "U+2028"),
    ],
)
def test_a_warning_names_what_was_refused(inner: str, said: str) -> None:
    """The character, by its number when nobody can see it."""
    assert any(said in message for message in warned(inner))


@pytest.mark.parametrize(
    "inner",
    [
        "<Say>It's 5 o'clock: 50% off, [sic] {sic} $5 @home ~ 日本</Say>",
        "<Play>https://h.test/a.mp3?x=1&amp;y=a,b;c!d'e(f)*#g</Play>",
        "<Play>music/welcome.mp3</Play>",
        "<Play>welcome-2.wav</Play>",
        "<Play>tone_stream://%(1000,0,440);loops=3</Play>",
        "<Play>local_stream://recording-1.mp3</Play>",
        "<Play>prompt://system_media/vm-enter_pass/en-us</Play>",
        "<Dial callerId='sip:kate@example.com;user=phone'>+15550007777</Dial>",
        "<Dial><Sip username='kate@x' password='p,a$s w0rd'>sip:a@h.test?X-A=a%20b%3Bc%3Dd</Sip></Dial>",
    ],
)
def test_what_is_only_text_is_warned_of_by_nobody(inner: str) -> None:
    """Guards that cry wolf are switched off."""
    assert warned(inner) == []


def test_what_is_warned_of_goes_on() -> None:
    """A party is rung without its header, a text is spoken, a URL is played."""
    inner = "<Say>a|b</Say><Play>https://h.test/{id}.mp3</Play><Dial><Sip>sip:a@h.test?X-A=a%3Eb</Sip></Dial>"
    document = translate(twiml(inner), RULES.translate)
    assert isinstance(document, TwimlDocument)
    say, play, dial = document.instructions

    assert [type(say), type(play)] == [SayVerb, PlayVerb]
    assert isinstance(dial, DialVerb)
    assert [noun.headers for noun in dial.nouns if isinstance(noun, SipNoun)] == [()]


def test_a_password_that_is_refused_is_not_repeated() -> None:
    """Warnings are logged and stored."""
    (message,) = warned("<Dial><Sip username='kate' password='top>secret'>sip:a@h.test</Sip></Dial>")

    assert "'>'" in message
    assert "secret" not in message
