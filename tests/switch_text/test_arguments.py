"""Arguments of applications: what is played or spoken is a name or a text to the switch, and nothing more."""

from __future__ import annotations

from string import ascii_letters, digits
from typing import Any
from xml.sax.saxutils import escape

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivot.model.dialling import CallToHear, Endpoint, EndpointKind, HoldMusic, JoinLeg
from pivot.model.switch import Hangup, PlayMedia, Respond, SendDigits, SpeakText, SwitchCommand
from pivot.wire.envelope import Sender
from pivot.wire.messages import encode_command
from tests.calls import call
from tests.execute.histories import History
from tests.rules import RULES
from tests.switch_text.reader import read_application, read_originate, read_playback
from tests.switch_text.texts import TEXTS
from tests.switch_text.writer import written_media, written_originate

SENDER = Sender("pivot@apps", "own-queue")
PREFIXES = st.sampled_from(
    ["", "", "http://h.test/", "https://h.test/a?", "tone_stream://", "local_stream://"]
)


def sent(command: SwitchCommand) -> list[dict[str, Any]]:
    """The command as the switch gets it; a queue's commands one by one."""
    message = orjson.loads(encode_command(call(), command, SENDER, "unused").payload)
    every: list[dict[str, Any]] = message.get("Commands", [message])
    return every


@given(PREFIXES, TEXTS)
@settings(max_examples=500)
def test_a_play_opens_what_it_names_and_nothing_of_the_media_server(prefix: str, text: str) -> None:
    """From the document, through translation and engine, to the argument of `playback`."""
    history = History(f"<Play>{escape(prefix + text)}</Play>", RULES)
    for command in [item for item in history.done if isinstance(item, PlayMedia)]:
        for message in sent(command):
            if message["Application-Name"] == "play":
                assert read_playback(written_media(message["Media-Name"])) == []


@given(PREFIXES, TEXTS)
@settings(max_examples=500)
def test_the_last_guard_lets_no_media_name_through_that_is_more(prefix: str, text: str) -> None:
    """Whoever made the command."""
    media = prefix + text
    for command in (PlayMedia("m", "n", media), HoldMusic("m", media), Respond("m", "n", 486, text, media)):
        for message in sent(command):
            name = message.get("Media-Name", message.get("Hold-Media"))
            assert name is None or read_playback(written_media(name)) == []
            assert read_application(message.get("Response-Message", "")) == []


@given(TEXTS)
@settings(max_examples=500)
def test_a_say_is_spoken_and_sets_nothing(text: str) -> None:
    """Markup, variables, voices: what is no text is left out."""
    history = History(f"<Say>{escape(text)}</Say>", RULES)
    for command in [item for item in history.done if isinstance(item, SpeakText)]:
        spoken = [message["Text"] for message in sent(command) if message["Application-Name"] == "tts"]
        assert all(read_application(each) == [] and "|" not in each for each in spoken)


@given(TEXTS)
def test_words_and_keys_are_words_and_keys(text: str) -> None:
    """Voice, language, engine, cause, keys."""
    speak, _ = sorted(sent(SpeakText("m", "n", "a", text, text, text)), key=lambda each: "Text" not in each)
    (hangup,) = sent(Hangup("m", text))
    keys = [each["DTMFs"] for each in sent(SendDigits("m", "n", text)) if "DTMFs" in each]
    told = [speak["Voice"], speak["Language"], speak["Engine"], hangup.get("Hangup-Cause", ""), *keys]

    assert all(set(each) <= {*ascii_letters, *digits, *"_.-*#+"} for each in told)


@pytest.mark.parametrize(
    "call_id",
    ["a,system:reboot", "a' inline", "a b", "{x}y", "<x>", "a:_:b", "${x}", 'a"b\\\\', "%[a=b]c", "[]"],
)
def test_a_call_id_is_no_more_than_a_name(call_id: str) -> None:
    """SIP lets a caller choose its own, and brackets and quotes are allowed there: then nobody is joined."""
    endpoint = Endpoint("s", "b1", EndpointKind.ROUTE, "sip:s@h.test")
    (joined,) = sent(JoinLeg("m", call_id))
    (heard,) = sent(CallToHear("m", endpoint, call_id, 10.0))

    assert joined["Target-Call-ID"] not in ("", call_id)
    assert read_application(joined["Target-Call-ID"]) == []
    read = read_originate(written_originate(heard, "5"))
    assert read.findings == []
    assert read.arguments == [f"eavesdrop:{heard['Eavesdrop-Call-ID']}", "inline"]
    assert not set(",'") & set(heard["Eavesdrop-Call-ID"])
