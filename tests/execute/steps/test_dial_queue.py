"""Dial Queue: a caller who waits is joined with this one, and both go on afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.commands import Fetch, StartTimer
from pivot.model.dialling import JoinLeg, LegsBridged, LegsParted, PartLegs, RingBack
from pivot.model.events import ChannelDestroyed, CommandFailed, DigitPressed, TimerFired
from pivot.model.instructions import Callback
from pivot.model.queues import (
    LeaveQueue,
    QueueChange,
    QueueNews,
    SayJoined,
    TakeFromQueue,
    queue_id,
)
from pivot.model.switch import Hangup, StopMedia
from tests.calls import ACCOUNT_ID, CALL_ID
from tests.execute.histories import History
from tests.rules import RULES

QUEUE = queue_id(ACCOUNT_ID, "support")
TWILIO = replace(RULES, profile="twilio")
DOCUMENT = "<Dial action='/d' hangupOnStar='true'><Queue>support</Queue></Dial>"
AWAITING = QueueNews(QUEUE, QueueChange.AWAITING)
MATCHED = QueueNews(QUEUE, QueueChange.MATCHED, "waiting-call", waited_s=42.9)
READY = QueueNews(QUEUE, QueueChange.READY, "waiting-call")


def talking(document: str = DOCUMENT) -> History:
    """An agent and a caller who hear each other."""
    history = History(document, TWILIO)
    for event in (MATCHED, READY, LegsBridged(CALL_ID, "waiting-call")):
        history.happens(event)
    return history


def told(history: History) -> dict[str, str]:
    """What the action is told of the Dial."""
    parameters = dict(history.last(Fetch).request.parameters)
    return {name: value for name, value in parameters.items() if name.startswith(("Dial", "Deq"))}


def test_the_owner_is_asked_with_the_callers_document_as_an_absolute_url() -> None:
    """The waiting call asks for it, whose own documents may come from elsewhere."""
    history = History("<Dial timeout='12'><Queue url='about' method='GET'>support</Queue></Dial>", TWILIO)

    take, timer, ring = history.done[-3:]
    assert isinstance(ring, RingBack)
    assert isinstance(take, TakeFromQueue)
    assert (take.queue, take.name) == (QUEUE, "support")
    assert isinstance(take.whisper, Callback)
    assert take.whisper.url.startswith("http")
    assert take.whisper.url.endswith("/about")
    assert isinstance(timer, StartTimer)
    assert timer.delay_s == 12.0


def test_at_an_empty_queue_the_agent_hears_ringing_until_somebody_comes() -> None:
    """As long as the Dial's timeout; then nobody answered."""
    history = History(DOCUMENT, TWILIO)
    timer = history.last(StartTimer)
    assert isinstance(history.done[-1], RingBack)
    assert history.happens(AWAITING) == []

    items = history.happens(TimerFired(timer.name), after_s=30.0)

    assert LeaveQueue(QUEUE) in items
    assert told(history) == {
        "DialCallStatus": "no-answer",
        "DialBridged": "false",
        "DequeueResult": "queue-empty",
    }


def test_a_queue_that_does_not_exist_fails_the_dial() -> None:
    """At once: waiting for it would be waiting for a spelling mistake."""
    history = History(DOCUMENT, TWILIO)

    history.happens(QueueNews(QUEUE, QueueChange.UNKNOWN))

    assert told(history)["DialCallStatus"] == "failed"
    assert told(history)["DequeueResult"] == "queue-not-found"


def test_the_caller_is_joined_when_it_is_ready_and_the_owner_is_told() -> None:
    """Not before: it may still hear a document."""
    history = History(DOCUMENT, TWILIO)
    history.happens(MATCHED)

    joins = history.happens(READY)

    assert [type(item) for item in joins] == [StopMedia, JoinLeg, StartTimer]
    assert history.last(JoinLeg).target == "waiting-call"
    assert SayJoined(QUEUE, "waiting-call") in history.happens(LegsBridged(CALL_ID, "waiting-call"))


def test_after_the_talk_the_action_is_told_of_the_caller() -> None:
    """Both the present names and those of older applications."""
    history = talking()

    history.happens(LegsParted(CALL_ID), after_s=8.0)

    sid = told(history)["DialCallSid"]
    assert sid.startswith("CA")
    assert told(history) == {
        "DialCallStatus": "completed",
        "DialCallSid": sid,
        "DialCallDuration": "8",
        "DialBridged": "true",
        "DequeueResult": "bridged",
        "DequeuedCallSid": sid,
        "DequeuedCallQueueTime": "42",
        "DequeuedCallDuration": "8",
    }


@pytest.mark.parametrize("how", ["star", "limit"])
def test_an_agent_who_leaves_parts_from_the_caller_and_hangs_up_nobody(how: str) -> None:
    """The caller goes on with what comes behind its Enqueue."""
    history = talking()
    limit = next(
        item for item in reversed(history.done) if isinstance(item, StartTimer) and item.delay_s > 1000
    )

    items = history.happens(DigitPressed(CALL_ID, "*") if how == "star" else TimerFired(limit.name))

    assert any(isinstance(item, PartLegs) for item in items)
    assert not any(isinstance(item, Hangup) for item in items)
    history.happens(LegsParted(CALL_ID))
    assert told(history)["DialCallStatus"] == "completed"


def test_a_caller_who_is_lost_is_followed_by_the_next_one() -> None:
    """The agent waits on, for as long as the Dial's timeout again."""
    history = History(DOCUMENT, TWILIO)
    history.happens(MATCHED)

    history.happens(QueueNews(QUEUE, QueueChange.LOST, "waiting-call"))
    history.happens(QueueNews(QUEUE, QueueChange.MATCHED, "next-call"))
    history.happens(QueueNews(QUEUE, QueueChange.READY, "next-call"))

    assert history.last(JoinLeg).target == "next-call"


def test_a_leg_that_cannot_be_joined_goes_back_to_the_queue() -> None:
    """Its owner tells it; the agent's Dial has failed."""
    history = History(DOCUMENT, TWILIO)
    history.happens(MATCHED)
    history.happens(READY)

    refused = CommandFailed("connect_leg", "call.command", "no such call", history.last(JoinLeg).msg_id)
    items = history.happens(refused)

    assert LeaveQueue(QUEUE) in items
    assert told(history)["DialCallStatus"] == "failed"


@pytest.mark.parametrize("so_far", [(), (AWAITING,), (MATCHED,), (MATCHED, READY)])
def test_an_agent_who_hangs_up_gives_the_caller_back(so_far: tuple[QueueNews, ...]) -> None:
    """At whatever moment before both hear each other."""
    history = History(DOCUMENT, TWILIO)
    for event in so_far:
        history.happens(event)

    items = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert LeaveQueue(QUEUE) in items
    assert history.sent_to_the_dead() == []


def test_after_the_talk_the_agents_queue_is_flushed() -> None:
    """A join is never completed: the agent heard nothing of what followed until it gave up."""
    history = talking()

    items = history.happens(LegsParted(CALL_ID))

    assert [type(item) for item in items if isinstance(item, StopMedia | Fetch)] == [StopMedia, Fetch]
