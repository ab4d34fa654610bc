"""Documents that lead to each other: a loop hurts the customer's server, music for hours does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.codes import Code, Outcome
from pivot.model.commands import End, Fetch, StartTimer
from pivot.model.events import ChannelDestroyed, Executed, Fetched, TimerFired
from pivot.model.notes import CallFailed, Noticed
from pivot.model.switch import AnswerCall, Hangup, PlayMedia, SpeakText
from tests.calls import CALL_ID, twiml
from tests.execute.histories import History
from tests.rules import RULES

AGAIN = "<Redirect>/again</Redirect>"


def answer(history: History, document: str, after_s: float) -> bool:
    """The next document comes; False: none was asked for."""
    asked = history.last(Fetch).request.fetch_id
    if history.machine.state.question is None:
        return False
    history.happens(Fetched(asked, twiml(document)), after_s=after_s)
    return True


def test_a_redirect_to_itself_ends_with_a_word() -> None:
    """Measured: 23 requests in 0.5 s, and then the call was hung up without any trace of why."""
    history = History(AGAIN, replace(RULES, apology="Sorry."))

    rounds = 1
    while answer(history, AGAIN, after_s=0.02):
        rounds += 1

    why = ("21 documents led to each other within 10 s, and the caller heard, said and pressed nothing",)
    assert rounds == 21
    assert [item for item in history.done if isinstance(item, CallFailed)] == [
        CallFailed(Code.CALL_LOOP, *why)
    ]
    assert history.last(SpeakText).text == "Sorry."
    history.happens(Executed(CALL_ID, "noop", history.last(SpeakText).noop_id))
    history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
    assert history.last(End) == End(Outcome.HUNG_UP, Code.CALL_LOOP, *why)


def music(history: History) -> None:
    """A sound of three minutes is played to its end."""
    history.happens(Executed(CALL_ID, "play", "FILE PLAYED"), after_s=180.0)
    history.happens(Executed(CALL_ID, "noop", history.last(PlayMedia).noop_id), after_s=0.0)


def speech(history: History) -> None:
    history.happens(Executed(CALL_ID, "noop", history.last(SpeakText).noop_id), after_s=0.5)


def pause(history: History) -> None:
    history.happens(TimerFired(history.last(StartTimer).name), after_s=1.0)


@pytest.mark.parametrize(
    ("verb", "ends"),
    [("<Play>/music.mp3</Play>", music), ("<Say>wait</Say>", speech), ("<Pause length='1'/>", pause)],
)
def test_who_hears_something_in_each_round_may_stay(verb: str, ends: object) -> None:
    """Music for one who waits: an hour of it is more documents than the limit."""
    assert callable(ends)
    history = History(verb + AGAIN)

    for _ in range(3 * RULES.max_iterations):
        ends(history)
        assert answer(history, verb + AGAIN, after_s=0.05)

    assert not [item for item in history.done if isinstance(item, CallFailed)]


def test_a_file_that_is_never_there_is_a_loop() -> None:
    """The switch reports an end each time, and the caller hears nothing."""
    document = "<Play>/missing.mp3</Play>" + AGAIN
    history = History(document)

    rounds = 1
    while True:
        history.happens(Executed(CALL_ID, "play", "FILE NOT FOUND"), after_s=0.02)
        history.happens(Executed(CALL_ID, "noop", history.last(PlayMedia).noop_id), after_s=0.0)
        if not answer(history, document, after_s=1.0):
            break
        rounds += 1

    assert rounds == RULES.max_iterations
    assert history.last(CallFailed).code == Code.CALL_LOOP
    assert len([item for item in history.done if isinstance(item, Noticed)]) == rounds


def test_a_failed_action_answers_no_call_that_was_not_answered() -> None:
    """Nobody pays for a call that is answered only to be hung up."""
    history = History("<Dial action='/d'><Sip>sip:kate@example.com</Sip></Dial>")
    history.happens(Executed(CALL_ID, "bridge", "USER_BUSY"))

    assert answer(history, "not <closed", after_s=0.1)

    assert [item for item in history.done if isinstance(item, AnswerCall)] == []
    assert isinstance(history.last(Hangup), Hangup)
    assert history.last(CallFailed).code == Code.ANSWER_XML
