"""Who is in a queue, and in which order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field

from pivot.meeting.talks import Talks, Tell
from pivot.model.queues import TakeFromQueue

_REMEMBERED_WAITS = 50


@dataclass(slots=True, eq=False)
class Party:
    """Who is in a queue: `since_s` and a serial number tell its turn."""

    call_id: str
    tell: Tell
    since_s: float
    serial: int
    expects: str = ""
    """The other side that it was given by an earlier owner, and that has not come back."""
    told: bool = True
    """It has heard of the queue."""

    @property
    def turn(self) -> tuple[float, int, str]:
        """What parties are ordered by: time of entry in seconds, serial number, call id."""
        return self.since_s, self.serial, self.call_id


@dataclass(slots=True, eq=False)
class Waiter(Party):
    """A caller in the queue; `ready` means that the caller can be joined."""

    agent: Agent | None = None
    ready: bool = False

    @property
    def other(self) -> str:
        """Call id of the agent, or of the agent that is expected back; empty when there is none."""
        return self.agent.call_id if self.agent else self.expects


@dataclass(slots=True, eq=False)
class Agent(Party):
    """A party who takes callers out of the queue, with the command that asked for it."""

    command: TakeFromQueue = field(kw_only=True)
    waiter: Waiter | None = None
    told_ready: bool = False

    @property
    def other(self) -> str:
        """Call id of the caller, or of the caller that is expected back; empty when there is none."""
        return self.waiter.call_id if self.waiter else self.expects


class Turns:
    """Parties in the order of their turns; finding a place is cheap even among thousands."""

    def __init__(self) -> None:
        self._turns: list[tuple[float, int, str]] = []

    def __len__(self) -> int:
        return len(self._turns)

    @property
    def first(self) -> str:
        """Call id of the party who has waited longest."""
        return self._turns[0][2]

    def add(self, party: Party) -> None:
        """Put a party in its place; a party that is in already stays."""
        if self.ahead_of(party) is None:
            insort(self._turns, party.turn)

    def remove(self, party: Party) -> None:
        """Take a party out; nothing happens when it is not in."""
        at = self.ahead_of(party)
        if at is not None:
            del self._turns[at]

    def ahead_of(self, party: Party) -> int | None:
        """How many come before; None: it is not here."""
        at = bisect_left(self._turns, party.turn)
        return at if at < len(self._turns) and self._turns[at] == party.turn else None


@dataclass(slots=True)
class Queue:
    """One queue: callers who wait, agents who take them, and the waits of the past."""

    used_s: float
    known: bool = False
    """Somebody entered it once."""
    waiters: dict[str, Waiter] = field(default_factory=dict)
    """Those who are taken and not yet joined included."""
    agents: dict[str, Agent] = field(default_factory=dict)
    line: Turns = field(default_factory=Turns)
    free: Turns = field(default_factory=Turns)
    idle: Turns = field(default_factory=Turns)
    expected: dict[str, str] = field(default_factory=dict)
    """Who is expected, by whom."""
    talks: Talks = field(default_factory=Talks)
    waits_s: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_WAITS))

    @property
    def in_use(self) -> bool:
        """Somebody is in it."""
        return bool(self.waiters or self.agents or self.talks)

    @property
    def average_s(self) -> float:
        """Mean of the latest waits in seconds; 0 without any."""
        return sum(self.waits_s) / len(self.waits_s) if self.waits_s else 0.0
