"""Reject: how long the caller still hears something."""

from __future__ import annotations

from pivot.model.codes import Code
from pivot.model.commands import StartTimer
from pivot.model.events import CommandFailed, Executed, TimerFired
from pivot.model.switch import Hangup, Respond
from tests.calls import CALL_ID
from tests.execute.histories import History

PROMPT = "<Reject reason='busy' prompt='/sorry.mp3'/>"


def test_a_long_prompt_is_heard_to_its_end() -> None:
    """The few seconds that a channel has to end by itself begin when the prompt has ended."""
    history = History(PROMPT)
    assert history.last(Respond).media == "http://127.0.0.1:8000/voice/sorry.mp3"
    assert "goodbye" not in history.timers

    items = history.happens(Executed(CALL_ID, "play", "FILE PLAYED"), after_s=20.0)

    assert StartTimer("goodbye", 5.0) in items
    assert not any(isinstance(item, Hangup) for item in items)


def test_a_prompt_that_never_ends_does_not_keep_the_call() -> None:
    """Its report may be lost, and the file may be music."""
    history = History(PROMPT)

    history.happens(TimerFired(history.last(StartTimer).name), after_s=60.0)
    items = history.happens(TimerFired("goodbye"), after_s=5.0)

    assert any(isinstance(item, Hangup) for item in items)


def test_a_call_that_the_switch_does_not_decline_is_hung_up() -> None:
    """At once: nothing will be heard."""
    history = History(PROMPT)

    items = history.happens(CommandFailed("Respond", Code.CALL_COMMAND, "no", history.last(Respond).msg_id))

    assert any(isinstance(item, Hangup) for item in items)
