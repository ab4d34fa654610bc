"""Nothing in a document's text or URL is expanded by the switch."""

from __future__ import annotations

import orjson
import pytest

from pivot.model.call import Call, Party
from pivot.model.dialling import HoldMusic
from pivot.model.switch import PlayMedia, Respond, SetNumber, SpeakText, SwitchCommand
from pivot.wire.envelope import Sender
from pivot.wire.expansion import named_as_written, spoken_as_written
from pivot.wire.messages import encode_command

PARTY = Party("1001", "sip.example.com")
CALL = Call("c1", "a1", "control", "controller", from_=PARTY, to=PARTY, request=PARTY)
TRICK = "${system(id)}"
COMMANDS: tuple[SwitchCommand, ...] = (
    SpeakText("m1", "n1", f"Your id is {TRICK}."),
    PlayMedia("m1", "n1", f"https://app.example.com/{TRICK}.mp3"),
    PlayMedia("m1", "n1", TRICK),
    Respond("m1", "n1", 486, "busy", f"https://app.example.com/{TRICK}"),
    HoldMusic("m1", f"https://app.example.com/{TRICK}"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_no_command_carries_anything_to_expand(command: SwitchCommand) -> None:
    """Else a document could read out the channel's variables, or run the switch's commands."""
    message = encode_command(CALL, command, Sender("pivot@apps", "own-queue"), "unused")

    assert b"${" not in message.payload
    assert orjson.loads(message.payload)["Call-ID"] == "c1"


@pytest.mark.parametrize(
    "text", ["costs $5 {net}", "100% [sic]", "$", "{}", "", "it's 5 o'clock", "^^:a:b", "naïve 日本"]
)
def test_what_is_nothing_to_expand_is_spoken_as_it_stands(text: str) -> None:
    """Money, templates and languages are no tricks."""
    assert spoken_as_written(text) == text


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("%[tts_voice=kal,foo=bar]hi", "% tts_voice=kal,foo=bar]hi"),
        ("  %;[a=b;c=d]hi", "  %; a=b;c=d]hi"),
        ("%[[[a=b]hi", "%   a=b]hi"),
        ("%\n[a=b]hi", "%  a=b]hi"),
        ("$\\'{secret}", "$ '{secret}"),
        ("$\\{secret}", "$ {secret}"),
        ("a\x00b\u2028c\ud800", "a b c "),
    ],
)
def test_a_text_sets_no_variables_and_hides_none(text: str, spoken: str) -> None:
    """`%[a=b]` in front of an argument sets variables, and a backslash goes before `${` is looked for."""
    assert spoken_as_written(text) == spoken


@pytest.mark.parametrize(
    "media",
    [
        "https://a.example.com/a b.mp3",
        "https://u:p@a.example.com:8443/$x/y!(1),'2';?a[]=1&b=%20#f",
        "http://[::1]:8000/naïve.wav",
        "welcome-2.wav",
        "0123456789abcdef0123456789abcdef",
        "/0123456789abcdef0123456789abcdef/fedcba9876543210fedcba9876543210",
        "tone_stream://%(1000,0,440);loops=3",
        "tone_stream://v=-7;%(100,0,941.0,1477.0)",
        "silence_stream://2000,1400",
        "prompt://system_media/vm-enter_pass/en-us",
        "local_stream://recording-1.mp3",
    ],
)
def test_media_that_documents_name_stay(media: str) -> None:
    """URLs, ids and the streams of the table."""
    assert named_as_written(media) == media


@pytest.mark.parametrize(
    ("media", "named"),
    [
        ("https://a.example.com/$x/{y}.mp3", "https://a.example.com/$x/%7By%7D.mp3"),
        ("http://h.example/$\\'{secret}.wav", "http://h.example/$%5C'%7Bsecret%7D.wav"),
        ("https://a.example.com/x.wav@@8000", "https://a.example.com/x.wav@%408000"),
        ("https://a.example.com/@@@@", "https://a.example.com/@%40%40%40"),
        ("https://a.example.com/a|b\n\u2028", "https://a.example.com/a%7Cb%0A%E2%80%A8"),
        ("/path/secret.wav@@://", "_path_secret.wav_____"),
        ("/tmp/secret.wav", "_tmp_secret.wav"),
        ("%[sound_prefix=/path]secret.wav", "__sound_prefix__path_secret.wav"),
        ("%[playback_delimiter=!]/path/secret.wav!x://", "__playback_delimiter____path_secret.wav_x___"),
        ("file_string:///a!/b", "file_string____a__b"),
        ("shell_stream://id", "shell_stream___id"),
        ("say:en:name_spelled:pronounced:x", "say_en_name_spelled_pronounced_x"),
        ("tone_stream://path=/path/tones", "tone_stream___path__path_tones"),
        ("TONE_STREAM://%(1)", "TONE_STREAM_____1_"),
        ("local_stream://../x", "local_stream______x"),
        ("../x", "___x"),
        ("https.wav/../x", "https.wav____x"),
        ("$${hold_music}", "___hold_music_"),
    ],
)
def test_what_is_no_url_and_no_id_is_neither_a_file_nor_a_command(media: str, named: str) -> None:
    """A URL means the same; everything else becomes an id that nothing has."""
    assert named_as_written(media) == named


@pytest.mark.parametrize("text", ["$${a}", "${${a}}", "$${"])
def test_no_trick_is_left_by_taking_one_apart(text: str) -> None:
    """Nested and doubled."""
    assert "${" not in spoken_as_written(text)
    assert "${" not in named_as_written(text)


def test_a_bar_in_a_text_does_not_choose_the_voice() -> None:
    """The switch's application takes `engine|voice|text`: what stands before a bar would not be heard."""
    assert spoken_as_written("Sales | Support | Billing") == "Sales   Support   Billing"


def test_a_callers_number_sets_no_other_variable() -> None:
    """On the caller's own leg `~` begins the next one, and there are some that run the switch's commands."""
    told = encode_command(CALL, SetNumber("m1", "1~api_hangup_hook=shutdown"), Sender("pivot@a", "q"), "")

    assert orjson.loads(told.payload)["Custom-Channel-Vars"]["Caller-ID-Number"] == ""
