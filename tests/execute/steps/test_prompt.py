"""Sounds whose end nobody tells: on a leg that we dialled, and in a queue that something holds."""

from __future__ import annotations

import pytest

from pivot.execute.steps.sound_time import media_s, speech_s
from pivot.model.commands import Fetch, StartTimer
from pivot.model.dialling import (
    CallApart,
    JoinLeg,
    LegControlled,
    LegReady,
    LegsBridged,
    LegsParted,
)
from pivot.model.events import (
    ChannelFound,
    DigitPressed,
    Executed,
    Fetched,
    TimerFired,
)
from pivot.model.notes import Noticed
from pivot.model.switch import AskIdle, Hangup, PlayMedia, SpeakText, StopMedia
from tests.calls import CALL_ID, twiml
from tests.execute.histories import History

SCREENING = "<Gather numDigits='1' action='/yes' timeout='4'><Say>Press 1</Say></Gather><Hangup/>"


def whispering(document: str) -> tuple[History, str]:
    """The party has answered and hears its document; with the party's Call-ID."""
    history = History("<Dial action='/d'><Sip url='/w'>sip:kate@example.com</Sip></Dial><Say>back</Say>")
    apart = history.last(CallApart)
    leg = apart.endpoint.call_id
    history.happens(LegControlled(apart.msg_id, leg, "b-queue"))
    history.happens(LegReady(apart.msg_id, leg))
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml(document)))
    return history, leg


def fire(history: History) -> None:
    """The newest timer is due."""
    timer = history.last(StartTimer)
    history.happens(TimerFired(timer.name), after_s=timer.delay_s)


def joined(history: History) -> bool:
    return any(isinstance(item, JoinLeg) for item in history.done)


@pytest.mark.parametrize(
    ("text", "least_s", "most_s"),
    [
        ("back again", 1.2, 3.5),
        ("you will be connected", 1.6, 4.5),
        ("415 555 7777", 4.0, 8.0),
        ("你好", 0.6, 4.0),
    ],
)
def test_speech_is_given_more_time_than_it_takes(text: str, least_s: float, most_s: float) -> None:
    """`least_s` was measured for the first two."""
    assert least_s < speech_s(text) < most_s


def test_of_silence_its_length_is_known() -> None:
    """Of files nobody knows it."""
    assert media_s("silence_stream://3000") == pytest.approx(5.0)
    assert media_s("https://m.test/a.mp3") is None


def test_a_party_whose_leg_tells_nothing_is_joined_when_its_document_must_be_over() -> None:
    """It heard the Say and sat there until it hung up, as the end was never told (2 of 2)."""
    history, leg = whispering("<Say>one moment</Say><Play>/a.mp3</Play>")
    assert history.last(SpeakText).leg == leg

    fire(history)
    assert history.last(PlayMedia).leg == leg
    assert not joined(history)
    fire(history)

    assert history.last(JoinLeg).target == leg
    assert "by its time" in history.last(Noticed).message


def test_a_leg_that_tells_the_end_is_joined_at_once() -> None:
    """Other switches complete everything; then no time is guessed."""
    history, leg = whispering("<Say>one moment</Say>")

    history.happens(Executed(leg, "tts"))
    assert not joined(history)
    history.happens(Executed(leg, "noop", history.last(SpeakText).noop_id))

    assert joined(history)


def test_a_key_accepts_the_call_on_a_leg_that_tells_nothing_else() -> None:
    """Keys are told on every leg: the prompt is broken off, and the action's document decides."""
    history, leg = whispering(SCREENING)

    items = history.happens(DigitPressed(leg, "1"), after_s=3.7)
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml("<Response/>")))

    assert [item.leg for item in items if isinstance(item, StopMedia)] == [leg]
    assert joined(history)


def test_without_its_key_nobody_is_joined() -> None:
    """The prompt is taken for ended, then the Gather's time runs; screening does not fail open."""
    history, leg = whispering(SCREENING)

    fire(history)
    assert history.last(StartTimer).delay_s == 4.0
    fire(history)

    assert not joined(history)
    assert [item.leg for item in history.done if isinstance(item, Hangup)] == [leg]


def test_a_queue_that_something_holds_is_emptied_once() -> None:
    """The question behind it was never answered either: dead air until the caller gave up."""
    history = History("<Say>one</Say><Say>two</Say>")
    history.happens(ChannelFound(CALL_ID), after_s=10.0)
    asked = history.last(AskIdle)

    fire(history)
    flush = history.last(StopMedia)
    items = history.happens(Executed(CALL_ID, "noop", flush.msg_id))

    assert asked.msg_id != flush.msg_id
    assert [item.text for item in items if isinstance(item, SpeakText)] == ["two"]


def test_a_switch_that_does_not_answer_that_either_holds_nobody_up() -> None:
    """One flush, not one after the other."""
    history = History("<Say>one</Say><Say>two</Say>")
    history.happens(ChannelFound(CALL_ID), after_s=10.0)

    fire(history)
    fire(history)

    assert sum(isinstance(item, StopMedia) for item in history.done) == 1
    assert history.last(SpeakText).text == "two"


@pytest.mark.parametrize("document", ["<Play>/a.mp3</Play>", f"<Say>{'word ' * 60}</Say>"])
def test_what_may_still_be_heard_is_not_broken_off(document: str) -> None:
    """A file can last an hour, and a long text half a minute."""
    history = History(document)

    items = history.happens(ChannelFound(CALL_ID), after_s=10.0)

    assert [type(item) for item in items] == [AskIdle]


def test_a_flush_after_a_join_that_was_lost_is_sent_again() -> None:
    """And the sound that waited behind the join is heard."""
    history, leg = whispering("<Response/>")
    history.happens(LegsBridged(CALL_ID, leg))
    history.happens(LegsParted(CALL_ID))
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml("<Play>/a.mp3</Play>")))

    again = history.happens(ChannelFound(CALL_ID), after_s=10.0)
    assert [type(item) for item in again] == [StopMedia, PlayMedia]

    assert [type(item) for item in history.happens(ChannelFound(CALL_ID), after_s=20.0)] == [AskIdle]


def test_a_flush_that_was_completed_is_not_sent_again() -> None:
    """A long file plays on."""
    history, leg = whispering("<Response/>")
    history.happens(LegsBridged(CALL_ID, leg))
    history.happens(LegsParted(CALL_ID))
    history.happens(Executed(CALL_ID, "noop", history.last(StopMedia).msg_id))
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml("<Play>/a.mp3</Play>")))

    again = history.happens(ChannelFound(CALL_ID), after_s=10.0)

    assert [type(item) for item in again] == [AskIdle]
