"""A number through the carriers' service, which hunts for a carrier and bridges the caller with it.

Two reports tell the end: the service's and the bridge's, in either order. The later one is waited for
shortly, since a bridge's end would else be taken for that of the next attempt. The leg's Call-ID is known
only when both talk.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.dialling.attempt import PARTING_S, SETTLE_S, SPARE_S, Wishes, end_all
from pivot.execute.dialling.party import DialledParty
from pivot.execute.step_context import Course, Line
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.dialling import CarrierDone, DialCarrier, LegCreated, LegsBridged, LegsParted
from pivot.model.events import CommandFailed, Event, Executed, TimerFired
from pivot.model.plain import plain
from pivot.model.switch import Hangup, StopMedia


@plain
@dataclass(slots=True)
class CarrierAttempt:
    """Rings one number."""

    parties: list[DialledParty]
    wishes: Wishes
    msg_id: str = ""
    timer: str = ""
    winner: int | None = None
    bridged: bool = False
    cause: str | None = None
    code: str | None = None
    done: bool = False

    def start(self, line: Line) -> Course:
        self.msg_id = line.draw_id()
        self.timer = f"dial {self.msg_id}"
        wishes = self.wishes
        yield from self.parties[0].begins(line)
        yield DialCarrier(
            self.msg_id,
            self.parties[0].endpoint.address,
            wishes.timeout_s,
            wishes.caller.outside,
            wishes.force_outbound,
            wishes.process_media,
            wishes.ringback,
            wishes.caller.emergency,
            wishes.caller.presence_id,
        )
        yield StartTimer(self.timer, wishes.timeout_s + SPARE_S)

    def receive(self, event: Event, line: Line) -> Course:
        party = self.parties[0]
        match event:
            case LegCreated(call_id, other_leg) if call_id == line.leg and self.winner is None:
                party.call_id = other_leg
            case LegsBridged(call_id, other_leg) if call_id == line.leg and self.winner is None:
                party.call_id = other_leg
                self.winner, self.bridged = 0, True
                yield CancelTimer(self.timer)
                yield from party.answers(line)
            case LegsParted(call_id) if call_id == line.leg and self.bridged:
                yield StartTimer(self.timer, PARTING_S)
            case CarrierDone(msg_id, cause, code) if msg_id == self.msg_id:
                self.cause, self.code = cause, code
                yield StartTimer(self.timer, SETTLE_S)
            case Executed(call_id, "bridge", cause) if call_id == line.leg:
                yield from self._end(line, self.cause or cause, self.code)
            case CommandFailed(msg_id=msg_id) if msg_id == self.msg_id:
                yield from self._end(line, "NORMAL_TEMPORARY_FAILURE", None)
            case TimerFired(name) if name == self.timer:
                if self.cause is None and not self.bridged:
                    yield StopMedia(line.draw_id())
                yield from self._end(line, self.cause or "NO_ANSWER", self.code)

    def end_talk(self, line: Line) -> Course:
        if self.winner is not None and not self.done:
            yield Hangup(line.draw_id(), leg=self.parties[0].call_id)
            yield StartTimer(self.timer, PARTING_S)

    def stop(self, line: Line) -> Course:
        """The leg hangs on the caller's bridge and goes with it."""
        if self.done:
            return
        self.done = True
        yield CancelTimer(self.timer)
        yield from end_all(self.parties, line, "ORIGINATOR_CANCEL")

    def _end(self, line: Line, cause: str | None, code: str | None) -> Course:
        self.done = True
        yield CancelTimer(self.timer)
        yield from self.parties[0].ends(line, cause, code)
