"""At most one effective outcome in every order of events; exactly one while callflow waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.model.codes import Code
from pivot.model.commands import (
    Acknowledge,
    Command,
    End,
    Fetch,
    HandOverFlow,
    SayFailed,
    SayProcessing,
)
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    Drained,
    Event,
    Fetched,
    FetchFailed,
    Requested,
    TimerFired,
    Usurped,
)
from pivot.model.fetch import FetchFailure
from pivot.model.notes import Note
from pivot.model.plain import from_json, to_json
from pivot.model.switch import Hangup
from tests.calls import CALL_ID, answer, pivot_request, twiml
from tests.rules import RULES

FLOW = answer('{"module":"hangup"}')
BAD = answer('{"module":')
SAY = twiml("<Say>hi</Say>")
OUTSIDE = st.sampled_from(
    [
        "flow",
        "twiml",
        "bad",
        "failed",
        "hangup",
        "usurped",
        "slow",
        "deadline",
        "drain",
        "lost",
        "returned",
        "late answer",
    ]
)


def event_of(word: str, fetch_id: str) -> Event:
    events: dict[str, Event] = {
        "flow": Fetched(fetch_id, FLOW),
        "twiml": Fetched(fetch_id, SAY),
        "bad": Fetched(fetch_id, BAD),
        "failed": FetchFailed(fetch_id, FetchFailure(Code.FETCH_DNS, "no")),
        "hangup": ChannelDestroyed(CALL_ID),
        "usurped": Usurped("other"),
        "slow": TimerFired("slow"),
        "deadline": TimerFired("deadline"),
        "drain": Drained(),
        "lost": CommandFailed("SayProcessing", Code.BUS_LOST, "lost"),
        "returned": CommandFailed("SayProcessing", Code.BUS_RETURNED, "returned"),
        "late answer": Fetched("another fetch", FLOW),
    }
    return events[word]


def play(words: list[str], fallback: bool) -> list[Command | Note]:
    """Everything that leaves the engine, its state written down and read again at every step."""
    url = "http://127.0.0.1/v" + ("#fb=http%3A%2F%2F127.0.0.1%2Ff" if fallback else "")
    machine = CallMachine(CallState(pivot_request(voice_uri=url), seed="s"), RULES)
    done = machine.receive(Requested(10.0), 0.0)
    for number, word in enumerate(words):
        machine = CallMachine(from_json(to_json(machine.state)), RULES)
        fetch_id = next(item.request.fetch_id for item in reversed(done) if isinstance(item, Fetch))
        done += machine.receive(event_of(word, fetch_id), 0.1 * number)
    return done


@given(st.lists(OUTSIDE, max_size=8), st.booleans())
def test_the_outcomes_of_one_request_never_contradict_each_other(words: list[str], fallback: bool) -> None:
    """Callflow hears `processing` or `failed`, never both, and is acknowledged at most once before it."""
    done = play(words, fallback)

    said = [item for item in done if isinstance(item, SayProcessing | SayFailed)]
    assert len(said) <= 1
    assert sum(isinstance(item, HandOverFlow) for item in done) <= 1
    if SayFailed() in done:
        assert done.index(Acknowledge()) < done.index(SayFailed())
        assert not any(isinstance(item, Hangup | HandOverFlow) for item in done)


@given(st.lists(OUTSIDE, max_size=8), st.booleans())
def test_exactly_one_thing_is_said_while_callflow_waits(words: list[str], fallback: bool) -> None:
    """Unless the call is gone or the worker stops, the deadline at the latest brings an answer."""
    words = [word for word in words if word not in ("hangup", "usurped", "drain")]

    done = play([*words, "deadline"], fallback)

    assert sum(isinstance(item, SayProcessing | SayFailed) for item in done) == 1


@given(st.lists(OUTSIDE, max_size=10), st.booleans())
def test_nothing_is_sent_to_a_channel_that_is_gone(words: list[str], fallback: bool) -> None:
    """The hang-up is the last thing that counts."""
    before = play(words, fallback)
    after = play([*words, "hangup", *words], fallback)[len(before) :]

    assert not any(isinstance(item, Hangup | SayProcessing | SayFailed | HandOverFlow) for item in after)


@given(st.lists(OUTSIDE, max_size=10))
def test_a_session_ends_once_at_most_twice_told(words: list[str]) -> None:
    """A second `End` comes only with the news that a last command failed."""
    done = play(words, fallback=False)
    failures = sum(word in ("lost", "returned") for word in words)

    assert sum(isinstance(item, End) for item in done) <= 1 + failures
