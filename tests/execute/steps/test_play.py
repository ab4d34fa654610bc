"""Play, and Reject with a prompt: what the switch is told to play."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.switch import PlayMedia, Respond
from tests.execute.histories import History
from tests.rules import RULES


@pytest.mark.parametrize("profile", ["kazoo", "twilio"])
@pytest.mark.parametrize(
    ("written", "played"),
    [
        ("tone_stream://%(250,0,800);loops=2", "tone_stream://%(250,0,800);loops=2"),
        ("silence_stream://2000", "silence_stream://2000"),
        ("local_stream://a1b2.mp3", "local_stream://a1b2.mp3"),
        ("prompt://system_media/vm-goodbye/en-us", "prompt://system_media/vm-goodbye/en-us"),
        ("0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"),
        ("https://m.test/a_b/c.mp3?t=1:2", "https://m.test/a_b/c.mp3?t=1:2"),
    ],
)
def test_what_names_itself_is_played_as_it_stands(profile: str, written: str, played: str) -> None:
    """Streams and media ids are the switch's own, and no references to a server."""
    history = History(f"<Play>{written}</Play>", replace(RULES, profile=profile))

    assert history.last(PlayMedia).media == played


def test_the_prompt_of_a_reject_is_a_reference_as_well() -> None:
    """As it stands a path would be one of the media server, where others' recordings lie."""
    history = History("<Reject prompt='/tmp/busy.mp3'/>", replace(RULES, profile="twilio"))

    assert history.last(Respond).media == "http://127.0.0.1:8000/tmp/busy.mp3"
