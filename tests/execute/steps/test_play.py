"""Play, and Reject with a prompt: what the switch is told to play, and when keys are out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.execute.steps.play import keys_s
from pivot.model.commands import StartTimer
from pivot.model.events import DigitPressed, Executed, TimerFired
from pivot.model.switch import Hangup, PlayMedia, Respond, SendDigits, SpeakText, StopMedia
from tests.calls import CALL_ID
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


@pytest.mark.parametrize(
    ("digits", "seconds"), [("1", 0.6), ("12#", 1.8), ("1w2", 1.7), ("W5", 1.6), ("ww12#", 2.8)]
)
def test_how_long_keys_take(digits: str, seconds: float) -> None:
    """Measured: a key each 0.52 to 0.58 s; `ww12#` was out 2.2 s after the command."""
    assert keys_s(digits) == pytest.approx(seconds)


def test_the_next_verb_waits_until_the_keys_are_out() -> None:
    """The switch completes the command after 0.02 s, when the keys are queued: of `12#` one was heard."""
    history = History("<Play digits='12#'/><Hangup/>")
    keys = history.last(SendDigits)
    history.happens(Executed(CALL_ID, "send_dtmf"), after_s=0.02)
    history.happens(Executed(CALL_ID, "noop", keys.noop_id), after_s=0.01)
    timer = history.last(StartTimer)
    assert not any(isinstance(item, Hangup) for item in history.done)
    assert timer.delay_s == pytest.approx(1.8)

    items = history.happens(TimerFired(timer.name), after_s=1.8)

    assert any(isinstance(item, Hangup) for item in items)


def test_keys_that_the_switch_begins_late_are_waited_for_once_more() -> None:
    """A busy switch may take the command seconds later; the time counts from then."""
    history = History("<Play digits='12#'/><Hangup/>")
    keys = history.last(SendDigits)
    history.happens(TimerFired(history.last(StartTimer).name), after_s=1.8)

    begun = history.happens(Executed(CALL_ID, "noop", keys.noop_id), after_s=1.0)

    assert [item.delay_s for item in begun if isinstance(item, StartTimer)] == [pytest.approx(1.8)]
    items = history.happens(TimerFired(history.last(StartTimer).name), after_s=1.8)
    assert any(isinstance(item, Hangup) for item in items)


def test_a_pause_sends_silence_and_waits_by_its_own_time() -> None:
    """The switch sent no packet in it: a phone takes the line for dead, and a recording misses the pause."""
    history = History("<Pause length='3'/><Say>two</Say>")
    silence, timer = history.last(PlayMedia), history.last(StartTimer)
    assert (silence.media, silence.terminators, timer.delay_s) == ("silence_stream://3000", (), 3.0)
    history.happens(Executed(CALL_ID, "play", "FILE PLAYED"))

    items = history.happens(TimerFired(timer.name), after_s=3.0)

    assert any(isinstance(item, SpeakText) for item in items)


def test_a_pause_that_ends_early_ends_its_silence() -> None:
    """A key of a Gather is such an end."""
    history = History("<Gather numDigits='1' action='/g'><Pause length='30'/></Gather>")

    items = history.happens(DigitPressed(CALL_ID, "1"))

    assert any(isinstance(item, StopMedia) for item in items)


def test_who_is_not_answered_goes_on_ringing() -> None:
    """Silence would be early media in place of the ringing."""
    history = History("<Pause length='3'/><Reject/>", replace(RULES, profile="twilio"))

    assert not any(isinstance(item, PlayMedia) for item in history.done)
