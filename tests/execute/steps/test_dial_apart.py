"""Parties who are rung apart from the caller, with the events that a real cluster tells of them.

Measured on FreeSWITCH 1.10.11 behind Kazoo 4.3: calls `numurl-1`, `number-senddigits-1` and `-41` of the
recorded ones. No command on such a leg is told to be completed there.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pivot.model.codes import Code
from pivot.model.commands import Fetch, StartTimer
from pivot.model.dialling import (
    CallApart,
    JoinLeg,
    LegControlled,
    LegFailed,
    LegReady,
    LegsBridged,
    LegsParted,
)
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    Event,
    Executed,
    Fetched,
    TimerFired,
)
from pivot.model.switch import Hangup, SpeakText, StopMedia
from tests.calls import CALL_ID, twiml
from tests.execute.histories import History

WHISPER = "<Dial action='/d'><Sip url='/w'>sip:kate@example.com</Sip></Dial><Say>back again</Say>"
KEYS = "<Dial action='/d'><Number sendDigits='ww12#'>+15550009999</Number></Dial>"


def answered(document: str, whisper: str | None = None) -> tuple[History, str]:
    """The party has answered, and its document is there; with the party's Call-ID."""
    history = History(document)
    apart = history.last(CallApart)
    leg = apart.endpoint.call_id
    history.happens(LegControlled(apart.msg_id, leg, "b-queue"))
    history.happens(LegReady(apart.msg_id, leg))
    if whisper is not None:
        history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml(whisper)))
    return history, leg


def fire(history: History) -> None:
    """The newest timer is due."""
    timer = history.last(StartTimer)
    history.happens(TimerFired(timer.name), after_s=timer.delay_s)


def joined(document: str, whisper: str | None = None) -> tuple[History, str]:
    history, leg = answered(document, whisper)
    if whisper is None:
        fire(history)
    history.happens(LegsBridged(CALL_ID, leg))
    return history, leg


def told(history: History) -> dict[str, str]:
    """What the newest request tells of the Dial."""
    parameters = history.last(Fetch).request.parameters
    return {name: value for name, value in parameters if name.startswith("Dial")}


@pytest.mark.parametrize("by", ["party", "both"])
def test_after_a_join_the_callers_queue_is_flushed(by: str) -> None:
    """A join is never completed: whatever is sent after it would wait behind it until the caller gives up."""
    history, leg = joined(WHISPER.replace(" action='/d'", ""), "<Response/>")

    items = [*history.happens(ChannelDestroyed(leg, "NORMAL_CLEARING"))] if by == "party" else []
    items += history.happens(LegsParted(CALL_ID))

    sounds = [item for item in items if isinstance(item, StopMedia | SpeakText)]
    assert [type(item) for item in sounds] == [StopMedia, SpeakText]
    assert [item.leg for item in sounds] == [None, None]


def bridge_ended(leg: str) -> Executed:
    return Executed(leg, "bridge", "NORMAL_CLEARING")


@pytest.mark.parametrize("told_of", [LegsParted, bridge_ended])
@pytest.mark.parametrize("together", [False, True])
def test_who_has_hung_up_behind_a_number_is_not_waited_for(
    told_of: Callable[[str], Event], together: bool
) -> None:
    """Of a pair of legs only the far one ended; the caller was joined to the near one, in silence."""
    history, leg = joined(KEYS) if together else answered(KEYS)

    items = history.happens(told_of(leg))

    assert [item.leg for item in items if isinstance(item, Hangup)] == [leg]
    assert any(isinstance(item, JoinLeg) for item in history.done) is together
    assert told(history)["DialBridged"] == str(together).lower()


def test_nobody_is_joined_to_a_leg_whose_command_failed_because_it_ended() -> None:
    """What runs on a leg is refused when the leg ends, which is told in either order, within milliseconds."""
    history, leg = answered(WHISPER, "<Say>one moment</Say>")
    said = history.last(SpeakText)

    history.happens(CommandFailed("tts", Code.CALL_COMMAND, "Could not execute", said.msg_id), after_s=0.001)
    history.happens(ChannelDestroyed(leg, "NORMAL_CLEARING", "sip:200"), after_s=0.001)

    assert not any(isinstance(item, JoinLeg) for item in history.done)
    assert history.sent_to_the_dead() == []
    assert told(history)["DialBridged"] == "false"


def test_a_talk_that_never_was_has_no_duration() -> None:
    """The party heard its document and hung up: `DialCallDuration=12` was told."""
    history, leg = answered(WHISPER, "<Say>one moment</Say>")

    history.happens(ChannelDestroyed(leg, "NORMAL_CLEARING", "sip:200"), after_s=12.0)

    assert "DialCallDuration" not in told(history)


def test_a_number_that_nobody_routes_has_failed() -> None:
    """The switch ends its leg normally, before anybody was rung; `no-answer` was told."""
    history = History(KEYS)

    history.happens(LegFailed(history.last(CallApart).msg_id, "NORMAL_CLEARING"), after_s=2.8)

    assert told(history)["DialCallStatus"] == "failed"


def test_keys_to_a_party_take_their_time_and_then_it_is_joined() -> None:
    """The keys were out 2.2 s after the answer, and the party was joined after 10.0 s."""
    history, leg = answered(KEYS)
    timer = history.last(StartTimer)
    assert timer.delay_s == pytest.approx(2.8)

    history.happens(TimerFired(timer.name), after_s=2.8)

    assert history.last(JoinLeg).target == leg
