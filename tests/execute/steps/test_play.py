"""Play: what the switch is told to play."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.switch import PlayMedia
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
