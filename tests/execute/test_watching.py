"""Asking after the channel when nothing is heard of it."""

from __future__ import annotations

from pivot.model.codes import Code, Outcome
from pivot.model.commands import Command, End, StartTimer
from pivot.model.events import ChannelFound, DigitPressed, Executed, ListenedLate, TimerFired
from pivot.model.notes import Note
from pivot.model.switch import AskChannel, AskIdle, SpeakText
from tests.calls import CALL_ID
from tests.execute.histories import History, notices

WAITS = "<Gather timeout='3600'/>"


def fire(history: History) -> list[Command | Note]:
    """The watch's timer fires when it is due."""
    timers = [item for item in history.done if isinstance(item, StartTimer) and item.name == "watch"]
    return history.happens(TimerFired("watch"), after_s=timers[-1].delay_s)


def question_after_s(history: History) -> float:
    """How long nothing happens until the next question; it is answered."""
    began_s = history.at_s
    while not any(isinstance(item, AskChannel) for item in fire(history)):
        pass
    waited_s = history.at_s - began_s
    history.happens(ChannelFound(CALL_ID), after_s=0.0)
    return round(waited_s, 1)


def test_who_only_waits_is_asked_after_less_and_less_often() -> None:
    """Ten thousand callers in a Gather must not cost a thousand questions a second."""
    history = History(WAITS)

    waits = [question_after_s(history) for _ in range(8)]

    assert waits == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 60.0, 60.0]


def test_whatever_else_happens_makes_the_next_question_early_again() -> None:
    """A call that does something can lose an event of it."""
    history = History(WAITS)
    for _ in range(4):
        question_after_s(history)

    history.happens(DigitPressed(CALL_ID, "1"))

    assert [question_after_s(history) for _ in range(2)] == [10.0, 20.0]


def test_a_sound_whose_end_was_lost_is_followed_by_the_next() -> None:
    """A broker that restarts loses events: the caller would hear nothing until he hangs up."""
    history = History("<Say>one</Say><Say>two</Say>")
    question_after_s(history)
    asked = history.last(AskIdle)

    items = history.happens(Executed(CALL_ID, "noop", asked.msg_id))

    assert [item.text for item in items if isinstance(item, SpeakText)] == ["two"]
    assert history.happens(Executed(CALL_ID, "noop", asked.msg_id)) == []


def test_a_recording_whose_end_was_lost_is_given_up() -> None:
    """Where the file lies is lost as well; the report may still be on its way for a moment."""
    history = History(
        "<Record recordingStatusCallback='/r' recordingStatusCallbackEvent='absent'/><Say>two</Say>"
    )
    question_after_s(history)

    history.happens(Executed(CALL_ID, "noop", history.last(AskIdle).msg_id))
    items = history.happens(TimerFired(history.last(StartTimer).name), after_s=2.0)

    assert dict(notices(history)[-1].request.parameters)["RecordingStatus"] == "absent"
    assert [item.text for item in items if isinstance(item, SpeakText)] == ["two"]


def test_who_is_listened_to_late_is_asked_after_at_once() -> None:
    """A slow binding: the caller may have hung up in between, and the end of a sound was not heard."""
    history = History("<Say>one</Say><Say>two</Say>")

    asked = history.happens(ListenedLate(CALL_ID), after_s=3.0)
    history.happens(ChannelFound(CALL_ID))

    assert [type(item) for item in asked] == [AskChannel, StartTimer]
    items = history.happens(Executed(CALL_ID, "noop", history.last(AskIdle).msg_id))
    assert [item.text for item in items if isinstance(item, SpeakText)] == ["two"]


def test_another_leg_that_is_listened_to_late_costs_nothing() -> None:
    """The end of a bridge is told on the caller's own leg."""
    history = History(WAITS)

    assert history.happens(ListenedLate("b-leg@host"), after_s=3.0) == []


def test_a_channel_that_nobody_knows_is_gone() -> None:
    """However long it was known before, two questions without an answer are enough."""
    history = History(WAITS)
    for _ in range(3):
        question_after_s(history)

    while not history.over:
        fire(history)

    assert [item for item in history.done if isinstance(item, End)] == [
        End(Outcome.GONE, Code.CALL_GONE, "the channel is gone, unheard")
    ]
