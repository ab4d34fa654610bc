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


@pytest.mark.parametrize("text", ["costs $5 {net}", "https://a.example.com/$x/{y}", "$", "{}", ""])
def test_what_is_nothing_to_expand_stays(text: str) -> None:
    """Money and templates are no tricks."""
    assert spoken_as_written(text) == named_as_written(text) == text


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
