"""Enqueue and Leave: who waits hears something, is taken out or goes, and the document goes on."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pivot.execute.parameters import Texts
from pivot.model.codes import Code
from pivot.model.commands import (
    BindCall,
    CancelFetch,
    CancelTimer,
    Command,
    Fetch,
    StartTimer,
    UnbindCall,
)
from pivot.model.dialling import HoldMusic, LegsBridged, LegsParted
from pivot.model.events import (
    ChannelDestroyed,
    ChannelFound,
    DigitPressed,
    Event,
    Executed,
    Fetched,
    FetchFailed,
    TimerFired,
)
from pivot.model.fetch import FetchFailure
from pivot.model.instructions import Callback
from pivot.model.notes import Note, Noticed, Waiting
from pivot.model.queues import (
    AskPlace,
    EnterQueue,
    LeaveQueue,
    QueueChange,
    QueueNews,
    SayReady,
    queue_id,
)
from pivot.model.switch import AnswerCall, AskChannel, Hangup, SpeakText, StopMedia
from tests.calls import ACCOUNT_ID, CALL_ID, twiml
from tests.execute.histories import History
from tests.rules import RULES

QUEUE = queue_id(ACCOUNT_ID, "support")
TWILIO = replace(RULES, profile="twilio")
PLACE = QueueNews(QUEUE, QueueChange.PLACE, position=2, size=3, average_s=61.5)


def in_queue(document: str) -> History:
    """A caller who waits."""
    history = History(document, TWILIO)
    history.happens(QueueNews(QUEUE, QueueChange.ENTERED, position=1, size=1))
    return history


def told(history: History) -> dict[str, str]:
    """What the newest request says of the queue."""
    parameters: Texts = history.last(Fetch).request.parameters
    return {name: value for name, value in parameters if "Queu" in name or "Deque" in name}


def kinds(items: list[Command | Note]) -> list[type[object]]:
    return [type(item) for item in items]


def answered(history: History, document: str) -> list[Command | Note]:
    """The newest request's answer comes."""
    return history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml(document)))


def said(history: History) -> list[Command | Note]:
    """The running prompt ends."""
    return history.happens(Executed(CALL_ID, "noop", history.last(SpeakText).noop_id), after_s=2.0)


def test_the_caller_is_answered_and_enters_the_accounts_queue() -> None:
    """Two accounts never share one, whatever they call it."""
    history = History("<Enqueue maxQueueSize='7'>support</Enqueue>", TWILIO)

    answer, enter, _ = history.done[-3:]
    assert isinstance(answer, AnswerCall)
    assert enter == EnterQueue(QUEUE, "support", 7)
    assert queue_id("other account", "support") != QUEUE


def test_without_a_wait_document_there_is_music_until_somebody_takes_the_caller() -> None:
    """Then silence, and the party may join."""
    history = in_queue("<Enqueue>support</Enqueue>")
    assert isinstance(history.done[-1], HoldMusic)

    items = history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "agent"))

    assert kinds(items) == [StopMedia, StartTimer, SayReady]


def test_an_empty_wait_url_is_silence() -> None:
    """And asks nobody."""
    history = in_queue("<Enqueue waitUrl=''>support</Enqueue>")

    assert history.done[-1] == Waiting(None)


def test_each_request_of_the_wait_document_tells_the_place_as_it_is_then() -> None:
    """The owner is asked first, since others come and go."""
    history = in_queue("<Enqueue waitUrl='/wait' maxQueueSize='9'>support</Enqueue>")
    assert history.done[-1] == AskPlace(QUEUE)

    history.happens(PLACE, after_s=0.0)

    assert told(history) == {
        "QueueSid": told(history)["QueueSid"],
        "QueueTime": "0",
        "QueuePosition": "2",
        "AvgQueueTime": "61",
        "CurrentQueueSize": "3",
        "MaxQueueSize": "9",
    }
    assert told(history)["QueueSid"].startswith("QU")
    answered(history, "<Say>wait</Say>")
    assert AskPlace(QUEUE) in said(history)
    history.happens(replace(PLACE, position=1), after_s=0.0)
    assert (told(history)["QueueTime"], told(history)["QueuePosition"]) == ("2", "1")


def test_a_redirect_moves_the_wait_loop_for_good() -> None:
    """What is repeated afterwards is the document that it led to."""
    history = in_queue("<Enqueue waitUrl='/wait'>support</Enqueue>")
    history.happens(PLACE)
    answered(history, "<Redirect>/second</Redirect>")
    history.happens(PLACE)
    assert history.last(Fetch).request.url.endswith("/second")

    answered(history, "<Say>wait</Say>")
    said(history)
    history.happens(PLACE)

    assert history.last(Fetch).request.url.endswith("/second")


def test_a_document_with_nothing_to_hear_is_asked_for_once_a_second() -> None:
    """A server must not be hammered by every caller who waits; the first few times are for menus."""
    history = in_queue("<Enqueue waitUrl='/wait'>support</Enqueue>")
    asked_at: list[float] = []
    for _ in range(10):
        if isinstance(history.done[-1], StartTimer):
            history.happens(TimerFired(history.done[-1].name), after_s=history.done[-1].delay_s)
        history.happens(PLACE, after_s=0.0)
        asked_at.append(history.at_s)
        answered(history, "")

    gaps = [round(later - earlier, 3) for earlier, later in pairwise(asked_at)]
    assert gaps == [0.1, 0.1, 0.1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_a_key_in_the_wait_documents_gather_asks_its_action_with_the_place() -> None:
    """Callers choose in the queue, too."""
    history = in_queue("<Enqueue waitUrl='/wait'>support</Enqueue>")
    history.happens(PLACE)
    answered(history, "<Gather numDigits='1' action='/menu'><Say>press</Say></Gather>")
    history.happens(DigitPressed(CALL_ID, "9"))

    history.happens(PLACE)

    request = history.last(Fetch).request
    assert request.url.endswith("/menu")
    assert ("Digits", "9") in request.parameters
    assert told(history)["QueuePosition"] == "2"


def test_leave_ends_the_waiting_and_the_action_is_told() -> None:
    """The verbs behind Enqueue do not run when there is an action."""
    history = in_queue("<Enqueue action='/q' waitUrl='/wait'>support</Enqueue><Say>no</Say>")
    history.happens(PLACE)

    items = answered(history, "<Leave/><Say>no</Say>")

    assert LeaveQueue(QUEUE) in items
    assert told(history)["QueueResult"] == "leave"
    assert not any(isinstance(item, SpeakText) for item in history.done)


def test_without_action_leave_leads_to_the_next_verb() -> None:
    """And outside a queue Leave means nothing."""
    history = in_queue("<Leave/><Enqueue waitUrl='/wait'>support</Enqueue><Say>after</Say>")
    history.happens(PLACE)

    items = answered(history, "<Leave/>")

    assert [item.text for item in items if isinstance(item, SpeakText)] == ["after"]


def test_hangup_in_the_wait_document_ends_the_call() -> None:
    """No action is asked: the document wanted the end."""
    history = in_queue("<Enqueue action='/q' waitUrl='/wait'>support</Enqueue>")
    history.happens(PLACE)

    items = answered(history, "<Hangup/>")

    assert LeaveQueue(QUEUE) in items
    assert Hangup in kinds(items)
    assert history.last(Fetch).request.url.endswith("/wait")


def test_a_wait_document_that_cannot_be_had_becomes_music() -> None:
    """The caller keeps its place, and the debug document says why."""
    history = in_queue("<Enqueue waitUrl='/wait'>support</Enqueue>")
    history.happens(PLACE)

    failure = FetchFailure(Code.FETCH_REFUSED, "no")
    items = history.happens(FetchFailed(history.last(Fetch).request.fetch_id, failure))

    assert kinds(items) == [Noticed, HoldMusic]


def test_who_is_taken_hears_the_agents_document_first() -> None:
    """It tells whom the caller will talk to; only then may the agent join."""
    history = in_queue("<Enqueue>support</Enqueue>")
    history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "agent", whisper=Callback("https://app.test/about")))
    assert history.last(Fetch).request.url == "https://app.test/about"
    assert told(history)["DequeingCallSid"].startswith("CA")

    assert SayReady(QUEUE, "agent") not in answered(history, "<Say>You will talk to Ann</Say>")

    assert SayReady(QUEUE, "agent") in said(history)


def test_a_document_of_the_agents_that_fails_keeps_nobody_from_talking() -> None:
    """A caller who waited long is not lost to a broken announcement."""
    history = in_queue("<Enqueue>support</Enqueue>")
    history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "agent", whisper=Callback("https://app.test/about")))

    items = history.happens(
        FetchFailed(history.last(Fetch).request.fetch_id, FetchFailure(Code.FETCH_REFUSED, "no"))
    )

    assert SayReady(QUEUE, "agent") in items


def talking(document: str = "<Enqueue action='/q'>support</Enqueue>") -> History:
    """A caller and an agent who hear each other; the switch told the agent alone."""
    history = in_queue(document)
    history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "agent"), after_s=4.0)
    history.happens(QueueNews(QUEUE, QueueChange.JOINED, "agent"), after_s=1.2)
    return history


def parts(history: History, after_s: float) -> list[Command | Note]:
    """The owner tells that the talk is over, and our own channel is still there."""
    history.happens(QueueNews(QUEUE, QueueChange.PARTED, "agent"), after_s=after_s)
    return history.happens(TimerFired("held"), after_s=0.2)


@pytest.mark.parametrize("by", ["owner", "switch"])
def test_after_the_talk_the_action_is_told_how_long_the_caller_waited(by: str) -> None:
    """The time of the talk does not count. A switch that tells both legs is heard, too."""
    history = in_queue("<Enqueue action='/q'>support</Enqueue>")
    history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "agent"), after_s=4.0)
    if by == "owner":
        history.happens(QueueNews(QUEUE, QueueChange.JOINED, "agent"), after_s=1.2)
        parts(history, after_s=60.0)
    else:
        history.happens(LegsBridged(CALL_ID, "agent"), after_s=1.2)
        history.happens(LegsParted(CALL_ID), after_s=60.0)

    assert told(history) | {"QueueSid": ""} == {
        "QueueResult": "bridged",
        "QueueTime": "5",
        "QueueSid": "",
    }


def test_a_caller_who_talks_is_not_thrown_out() -> None:
    """It was, after 15 s: nobody told it that the talk had begun. Nothing plays into the talk either."""
    history = talking("<Enqueue action='/q' waitUrl='/wait'>support</Enqueue>")

    assert history.timers == {"watch"}
    assert history.happens(PLACE) == []
    assert history.happens(QueueNews(QUEUE, QueueChange.LOST, position=1, size=1)) == []
    assert AskPlace not in kinds(parts(history, after_s=60.0))
    assert told(history)["QueueResult"] == "bridged"


def test_a_talk_that_began_under_another_owner_silences_the_music() -> None:
    """The caller was told that it had lost the agent, and then that both talk."""
    history = in_queue("<Enqueue action='/q'>support</Enqueue>")
    history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "agent"))
    history.happens(QueueNews(QUEUE, QueueChange.LOST, position=1, size=1))

    assert StopMedia in kinds(history.happens(QueueNews(QUEUE, QueueChange.JOINED, "agent")))


@pytest.mark.parametrize("end", [ChannelDestroyed("agent"), LegsParted("agent")])
def test_a_caller_whose_agent_nobody_serves_watches_the_agents_leg(end: Event) -> None:
    """The agent's worker died: nobody would ever tell the caller that the talk is over."""
    history = talking()

    items = history.happens(QueueNews(QUEUE, QueueChange.ABANDONED, "agent"))
    assert kinds(items) == [BindCall, AskChannel, StartTimer]
    assert (items[0], items[1].leg) == (BindCall("agent"), "agent")  # type: ignore[union-attr]
    assert history.happens(ChannelFound("agent")) == []
    ends = history.happens(end)

    assert told(history)["QueueResult"] == "bridged"
    assert {UnbindCall("agent"), LeaveQueue(QUEUE)} <= set(ends)


def test_an_agents_leg_that_has_gone_unseen_ends_the_talk_too() -> None:
    """It went between its worker's death and our question; one lost answer is no proof."""
    history = talking()
    history.happens(QueueNews(QUEUE, QueueChange.ABANDONED, "agent"))
    history.happens(QueueNews(QUEUE, QueueChange.ABANDONED, "agent"))

    def waits() -> list[Command | Note]:
        return history.happens(TimerFired(history.last(StartTimer).name), after_s=5.0)

    assert kinds(waits()) == [AskChannel, StartTimer]
    history.happens(ChannelFound("agent"))
    assert kinds(waits()) == [AskChannel, StartTimer]
    assert kinds(waits()) == [AskChannel, StartTimer]
    waits()

    assert told(history)["QueueResult"] == "bridged"


def test_an_agent_who_is_lost_before_joining_puts_the_caller_back() -> None:
    """Music goes on, and the next agent may take the caller."""
    history = in_queue("<Enqueue>support</Enqueue>")
    history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "agent"))

    back = history.happens(QueueNews(QUEUE, QueueChange.LOST, position=1, size=1))

    assert HoldMusic in kinds(back)
    assert SayReady(QUEUE, "next") in history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "next"))


def test_an_agent_who_never_joins_leaves_no_caller_in_silence() -> None:
    """The caller goes on with its document."""
    history = in_queue("<Enqueue action='/q'>support</Enqueue>")
    history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "agent"))
    joining = next(item for item in reversed(history.done) if isinstance(item, StartTimer))

    items = history.happens(TimerFired(joining.name), after_s=joining.delay_s)

    assert LeaveQueue(QUEUE) in items
    assert told(history)["QueueResult"] == "system-error"


@pytest.mark.parametrize(
    ("document", "result", "number"),
    [
        ("<Enqueue action='/q'>support</Enqueue>", "queue-full", 14207),
        ("<Enqueue action='/q'></Enqueue>", "error", None),
    ],
)
def test_who_cannot_enter_hears_the_action(document: str, result: str, number: int | None) -> None:
    """No QueueSid and no QueueTime: the queue was never entered."""
    history = History(document, TWILIO)
    if number is not None:
        items = history.happens(QueueNews(QUEUE, QueueChange.FULL, size=1000))
        assert [item.twilio_code for item in items if isinstance(item, Noticed)] == [number]

    assert told(history) == {"QueueResult": result}


@pytest.mark.parametrize("joined", [False, True])
def test_a_caller_who_hangs_up_leaves_the_queue_and_the_action_is_told(joined: bool) -> None:
    """Nothing is sent to the channel that is gone."""
    history = in_queue("<Enqueue action='/q' waitUrl='/wait'>support</Enqueue>")
    history.happens(PLACE)
    if joined:
        history.happens(QueueNews(QUEUE, QueueChange.TAKEN, "agent"))
        history.happens(QueueNews(QUEUE, QueueChange.JOINED, "agent"))

    items = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert LeaveQueue(QUEUE) in items
    assert (CancelFetch in kinds(items)) is not joined
    assert told(history)["QueueResult"] == ("bridged" if joined else "hangup")
    assert history.sent_to_the_dead() == []


def test_an_owner_that_does_not_answer_costs_nobody_silence() -> None:
    """There is music; if the owner never comes back, the caller goes on with its document."""
    history = History("<Enqueue action='/q' waitUrl='/wait'>support</Enqueue>", TWILIO)
    entering = history.last(StartTimer)

    assert kinds(history.happens(TimerFired(entering.name))) == [HoldMusic, StartTimer]
    gives_up = history.happens(TimerFired(entering.name), after_s=60.0)

    assert LeaveQueue(QUEUE) in gives_up
    assert told(history) == {"QueueResult": "system-error"}


def test_a_late_answer_of_the_owner_begins_the_waiting_as_the_document_wants_it() -> None:
    """The music that bridged the time stops."""
    history = History("<Enqueue waitUrl='/wait'>support</Enqueue>", TWILIO)
    history.happens(TimerFired(history.last(StartTimer).name))

    items = history.happens(QueueNews(QUEUE, QueueChange.ENTERED, position=1, size=1))

    assert kinds(items) == [CancelTimer, StopMedia, Waiting, AskPlace]
