"""One attempt of a Dial: parties that are rung together, until nobody rings or talks any more.

There are three ways to ring: through the carriers' service (`carrier.py`), by one bridge (`bridge.py`), and
apart from the caller (`apart.py`), where a party can be spoken to before it is joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pivot.execute.dialling.party import DialledParty
from pivot.execute.step_context import Commands, StepContext
from pivot.model.dialling import Identity
from pivot.model.events import Event
from pivot.model.plain import plain

SPARE_S = 10.0
"""The switch ends an attempt by itself; this much later we no longer wait for it."""
SETTLE_S = 0.5
"""How long the second of two reports of the same end may take."""
PARTING_S = 5.0
"""How long the end of a leg that we hung up may take."""

TALKED = ("SUCCESS", "NORMAL_CLEARING")
"""What a bridge ends with when both have talked; the second also when nobody was ever rung."""
_CANCELLED = "ORIGINATOR_CANCEL"
_GIVEN_UP = "NORMAL_UNSPECIFIED"


@plain
@dataclass(frozen=True, slots=True)
class Wishes:
    """What the Dial wants of every attempt."""

    timeout_s: float
    caller: Identity
    """Who is shown calling."""
    ringback: str | None = None
    early_media: bool = False
    """The caller is not answered and hears what the party's network plays."""
    process_media: bool = False
    """The switch must hear both: to record them, or for keys."""
    force_outbound: bool = True


class Attempt(Protocol):
    """Parties that are rung together."""

    parties: list[DialledParty]
    winner: int | None
    """Who has answered for good, of `parties`."""
    bridged: bool
    """The winner and the caller hear each other, or did."""
    done: bool
    """Nothing of it goes on."""

    def start(self, context: StepContext) -> Commands:
        """Ring the parties."""

    def receive(self, event: Event, context: StepContext) -> Commands:
        """Take an event of any leg of the call, and give the commands that follow."""

    def end_talk(self, context: StepContext) -> Commands:
        """Hang up the winner; the caller stays."""

    def stop(self, context: StepContext) -> Commands:
        """Nothing may go on: parties that would stay without the caller are hung up."""


def end_all(
    parties: list[DialledParty], context: StepContext, cause: str | None, code: str | None = None
) -> Commands:
    """Nobody of these is there any more; what the switch told of each before stands."""
    for party in parties:
        yield from party.ends(context, cause, code)


def far_cause(cause: str | None, *, overdue: bool) -> str | None:
    """Why a leg is gone that was heard and has not answered.

    When it gave up by itself the switch says that the caller has cancelled, who is still there. Measured: a
    number that no carrier takes, told by an announcement.
    """
    if overdue:
        return "NO_ANSWER"
    return _GIVEN_UP if cause == _CANCELLED or cause in TALKED else cause
