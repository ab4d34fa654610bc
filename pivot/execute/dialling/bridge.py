"""Parties rung by one bridge: the switch rings them at once and joins the caller with the first who answers.

Their Call-IDs are ours to choose, so what happens to each is heard from the start.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.dialling.attempt import PARTING_S, SPARE_S, Wishes, end_all
from pivot.execute.dialling.party import DialledParty
from pivot.execute.step_context import Course, Line
from pivot.model.commands import BindCall, CancelTimer, StartTimer, UnbindCall
from pivot.model.dialling import BridgeTo, LegRinging, LegsBridged, LegsParted
from pivot.model.events import (
    ChannelAnswered,
    ChannelDestroyed,
    CommandFailed,
    Event,
    Executed,
    TimerFired,
)
from pivot.model.plain import plain
from pivot.model.switch import Hangup, StopMedia


@plain
@dataclass(slots=True)
class BridgeAttempt:
    """Rings some parties at once."""

    parties: list[DialledParty]
    wishes: Wishes
    msg_id: str = ""
    timer: str = ""
    winner: int | None = None
    bridged: bool = False
    done: bool = False

    def start(self, line: Line) -> Course:
        self.msg_id = line.draw_id()
        self.timer = f"dial {self.msg_id}"
        wishes = self.wishes
        for party in self.parties:
            yield BindCall(party.call_id)
            yield from party.begins(line)
        yield BridgeTo(
            self.msg_id,
            tuple(party.endpoint for party in self.parties),
            wishes.timeout_s,
            wishes.caller.inside,
            wishes.ringback,
            ignore_early_media=not wishes.early_media,
            process_media=wishes.process_media,
        )
        yield StartTimer(self.timer, wishes.timeout_s + SPARE_S)

    def receive(self, event: Event, line: Line) -> Course:
        match event:
            case LegRinging(call_id) if party := self._party(call_id):
                yield from party.rings(line)
            case ChannelAnswered(call_id) if party := self._party(call_id):
                yield from party.answers(line)
            case LegsBridged(call_id, other_leg) if call_id == line.leg and self.winner is None:
                self.winner, self.bridged = self._number(other_leg), True
                yield CancelTimer(self.timer)
                yield from self.parties[self.winner].answers(line)
            case LegsParted(call_id) if call_id == line.leg and self.bridged:
                yield StartTimer(self.timer, PARTING_S)
            case ChannelDestroyed(call_id, cause, code) if party := self._party(call_id):
                yield from party.ends(line, cause, code)
                if all(each.over for each in self.parties):
                    yield StartTimer(self.timer, PARTING_S)
            case Executed(call_id, "bridge", cause) if call_id == line.leg:
                yield from self._end(line, cause)
            case CommandFailed(msg_id=msg_id) if msg_id == self.msg_id:
                yield from self._end(line, "NORMAL_TEMPORARY_FAILURE")
            case TimerFired(name) if name == self.timer:
                if not self.bridged:
                    yield StopMedia(line.draw_id())
                yield from self._end(line, "NO_ANSWER")

    def end_talk(self, line: Line) -> Course:
        if self.winner is not None and not self.done:
            yield Hangup(line.draw_id(), leg=self.parties[self.winner].call_id)
            yield StartTimer(self.timer, PARTING_S)

    def stop(self, line: Line) -> Course:
        """The legs hang on the caller's bridge and go with it."""
        if self.done:
            return
        self.done = True
        yield CancelTimer(self.timer)
        yield from end_all(self.parties, line, "ORIGINATOR_CANCEL")
        for party in self.parties:
            yield UnbindCall(party.call_id)

    def _party(self, call_id: str) -> DialledParty | None:
        return next((party for party in self.parties if party.call_id == call_id), None)

    def _number(self, call_id: str) -> int:
        """A leg that we did not dial stands for the first: the switch may have replaced it."""
        numbers = (number for number, party in enumerate(self.parties) if party.call_id == call_id)
        return next(numbers, 0)

    def _end(self, line: Line, cause: str | None) -> Course:
        self.done = True
        yield CancelTimer(self.timer)
        yield from end_all(self.parties, line, cause)
        for party in self.parties:
            yield UnbindCall(party.call_id)
