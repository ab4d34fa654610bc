"""Gather: which keys a request tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.commands import Fetch
from pivot.model.events import DigitPressed, Executed, TimerFired
from pivot.model.switch import PlayMedia, SpeakText
from tests.calls import CALL_ID
from tests.execute.histories import History
from tests.rules import RULES

TWILIO = replace(RULES, profile="twilio")


def digits(history: History) -> str | None:
    """What the newest request says of keys; None: nothing."""
    return dict(history.last(Fetch).request.parameters).get("Digits")


def heard(history: History) -> None:
    """The prompt is over."""
    prompt = next(item for item in reversed(history.done) if isinstance(item, SpeakText | PlayMedia))
    history.happens(Executed(CALL_ID, "noop", prompt.noop_id))


def test_keys_that_nobody_asked_for_ride_on_the_next_request_of_a_kazoo_application() -> None:
    """`keys_ride_on_next`: Kazoo collects through Say and Play, and forgets at the request."""
    kazoo, twilio = (History("<Say>a</Say><Redirect>/x</Redirect>", rules) for rules in (RULES, TWILIO))
    for history in (kazoo, twilio):
        history.happens(DigitPressed(CALL_ID, "1"))
        history.happens(DigitPressed(CALL_ID, "2"))
        heard(history)

    assert (digits(kazoo), digits(twilio)) == ("12", None)


@pytest.mark.parametrize(
    "document",
    [
        "<Gather><Say>a</Say></Gather><Redirect>/x</Redirect>",
        "<Dial><Number>+15550009999</Number></Dial><Redirect>/x</Redirect>",
    ],
)
def test_no_keys_are_told_once_where_they_were_wanted(document: str) -> None:
    """An application of Kazoo's sees an empty Digits behind a Gather with prompts and behind a Dial."""
    kazoo, twilio = History(document), History(document, TWILIO)
    for history in (kazoo, twilio):
        if "Gather" in document:
            heard(history)
            history.happens(TimerFired(next(name for name in history.timers if name.startswith("gather"))))
        else:
            history.happens(DigitPressed(CALL_ID, "7"))  # for the other party
            history.happens(Executed(CALL_ID, "bridge", "NO_ANSWER"))

    assert (digits(kazoo), digits(twilio)) == ("", None)


def test_a_gather_without_prompts_and_keys_tells_no_digits() -> None:
    """As Kazoo asks then: the parameter is absent, not empty."""
    history = History("<Gather action='/g'/>")

    history.happens(TimerFired(next(name for name in history.timers if name.startswith("gather"))))

    assert digits(history) is None
