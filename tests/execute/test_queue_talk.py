"""A caller of a queue and an agent talk: the switch tells only the agent of it, yet it ends for both."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from pivot.meeting.queues import QueueTable
from pivot.model.commands import Fetch
from pivot.model.dialling import JoinLeg, LegsParted, PartLegs
from pivot.model.events import DigitPressed, Event, TimerFired
from pivot.model.queues import QueueCommand, QueueNews
from pivot.model.switch import Hangup, StopMedia, SwitchCommand
from pivot.wire.events import decode_event
from pivot.wire.routing import call_event
from tests.calls import call, pivot_request
from tests.execute.histories import History
from tests.rules import RULES

RECORDED = json.loads((Path(__file__).parents[1] / "vectors/switch/queue_talks.json").read_text())["talks"]
TWILIO = replace(RULES, profile="twilio")
AGENT, CALLER = "agent", "caller"
Happened: TypeAlias = tuple[str, Event]
DOCUMENTS = {
    CALLER: "<Enqueue action='/action'>support</Enqueue><Say>no</Say>",
    AGENT: "<Dial action='/action' hangupOnStar='true'><Queue>support</Queue></Dial><Say>no</Say>",
}


class Two:
    """The sessions of both, and the owner of the queue, which tells each at once."""

    def __init__(self) -> None:
        self.sessions: dict[str, History] = {}
        self._seen = dict.fromkeys((CALLER, AGENT), 0)
        self.at_s = 0.0
        self.table = QueueTable(lambda: self.at_s)
        for who in (CALLER, AGENT):
            request = pivot_request(call=call(call_id=who))
            self.sessions[who] = History(DOCUMENTS[who], TWILIO, request)
            self._meet(who)

    def happens(self, who: str, event: Event, after_s: float = 0.0) -> None:
        self.at_s += after_s
        session = self.sessions[who]
        session.at_s = self.at_s
        session.happens(event, after_s=0.0)
        self._meet(who)

    def _meet(self, who: str) -> None:
        """The owner does what this session says."""
        done = self.sessions[who].done
        while self._seen[who] < len(done):
            item = done[self._seen[who]]
            self._seen[who] += 1
            if isinstance(item, QueueCommand):
                self.table.perform(who, item, lambda news, who=who: self._hear(who, news))  # type: ignore[misc]

    def _hear(self, who: str, news: QueueNews) -> None:
        self.happens(who, news)

    def told(self, who: str) -> list[dict[str, str]]:
        """What the application's action was asked with, each time."""
        asked = [item.request for item in self.sessions[who].done if isinstance(item, Fetch)]
        return [dict(each.parameters) for each in asked if each.url.endswith("/action")]

    def commands(self, who: str) -> list[SwitchCommand]:
        return [item for item in self.sessions[who].done if isinstance(item, SwitchCommand)]

    def settle(self) -> None:
        """Timers that hold something back have fired."""
        for who, session in self.sessions.items():
            for name in [each for each in session.timers if each == "held"]:
                self.happens(who, TimerFired(name), after_s=2.0)


def events_of(recorded: dict[str, Any]) -> list[tuple[Happened, float]]:
    """Whose session gets which event, and how long after the one before."""
    found, last_ms = [], 0
    for each in recorded["events"]:
        members = {"Msg-ID": "m9", **each["members"]}
        event = decode_event(call_event(members["Event-Name"], each["leg"]), json.dumps(members).encode())
        if event is not None:
            found.append(((each["leg"], event), (each["t_ms"] - last_ms) / 1000))
        last_ms = each["t_ms"]
    return found


def check_told(two: Two, first: str) -> None:
    """Both actions, whoever was first to hang up."""
    (caller,), (agent,) = two.told(CALLER), two.told(AGENT)
    assert (caller["QueueResult"], caller["QueueTime"]) == ("bridged", "0")
    assert (agent["DialCallStatus"], agent["DialBridged"]) == ("completed", "true")
    assert (agent["DequeueResult"], agent["DequeuedCallDuration"]) == ("bridged", agent["DialCallDuration"])
    in_progress = {CALLER: caller, AGENT: agent}
    statuses = {who: told["CallStatus"] for who, told in in_progress.items()}
    assert statuses == {who: "completed" if who == first else "in-progress" for who in (CALLER, AGENT)}


def first_to_leave(recorded: dict[str, Any]) -> str:
    return next(
        str(each["leg"]) for each in recorded["events"] if each["members"]["Event-Name"] == "CHANNEL_DESTROY"
    )


def check_talk_goes_on(two: Two) -> None:
    """The limit of time for joining must not throw the caller out of the talk."""
    assert two.told(CALLER) == []
    assert two.sessions[CALLER].timers == {"watch"}


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each["name"])
def test_a_recorded_talk_ends_for_both(recorded: dict[str, Any]) -> None:
    """Callers were thrown out after 15 s or sat in silence, agents heard nothing any more: 4 of 4."""
    two = Two()
    (bridged, _), *ends = events_of(recorded)
    two.happens(*bridged, after_s=0.09)
    check_talk_goes_on(two)

    for (who, event), after_s in ends:
        two.happens(who, event, after_s=after_s)
    two.settle()

    check_told(two, first_to_leave(recorded))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each["name"])
def test_a_talk_ends_for_both_in_whatever_order_its_events_come(recorded: dict[str, Any]) -> None:
    """Each event is published by a process of its own."""
    (bridged, _), (first, after_s), *rest = events_of(recorded)
    for order in permutations([first, *(each for each, _ in rest)]):
        two = Two()
        two.happens(*bridged, after_s=0.09)
        for number, (who, event) in enumerate(order):
            two.happens(who, event, after_s=0.003 if number else after_s)
        two.settle()

        check_told(two, first_to_leave(recorded))


def test_after_the_talk_the_agents_queue_is_flushed_before_its_next_command() -> None:
    """connect_leg completes for nobody; whatever is sent behind it would never run."""
    two = Two()
    recorded = RECORDED[0]
    for (who, event), after_s in events_of(recorded):
        two.happens(who, event, after_s=after_s)

    kinds = [type(item) for item in two.commands(AGENT)]
    assert StopMedia in kinds[kinds.index(JoinLeg) :]


def test_an_agent_who_leaves_with_the_key_lets_the_caller_go_on() -> None:
    """Both are parked: the switch tells the agent's leg, and nobody is hung up."""
    two = Two()
    two.happens(*events_of(RECORDED[0])[0][0])
    two.happens(AGENT, DigitPressed(AGENT, "*"), after_s=4.0)
    assert any(isinstance(item, PartLegs) for item in two.commands(AGENT))

    two.happens(AGENT, LegsParted(AGENT), after_s=0.01)
    two.settle()

    check_told(two, first="nobody")
    assert not any(isinstance(item, Hangup) for who in (CALLER, AGENT) for item in two.commands(who))
