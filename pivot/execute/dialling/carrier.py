"""A number through the carriers' service, which hunts for a carrier and bridges the caller with it.

Two reports tell the end: the service's and the bridge's, in either order. The later one is waited for
shortly, since a bridge's end would else be taken for that of the next attempt. The leg's Call-ID is known
only when both talk.

A caller who is not answered yet hears what the carrier plays before anybody picks up, and the switch tells a
bridge then: the number has answered when the caller's own leg is answered by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pivot.execute.dialling.attempt import (
    PARTING_S,
    SETTLE_S,
    SPARE_S,
    TALKED,
    Wishes,
    end_all,
    far_cause,
)
from pivot.execute.dialling.party import DialledParty
from pivot.execute.dialling.talk_watch import TalkWatch
from pivot.execute.step_context import Commands, StepContext
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.dialling import CarrierDone, DialCarrier, LegCreated, LegsBridged, LegsParted
from pivot.model.events import ChannelAnswered, CommandFailed, Event, Executed, TimerFired
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
    began_s: float = 0.0
    heard_s: float | None = None
    """When the caller began to hear the leg, which has perhaps not answered."""
    caller_answered: bool = False
    """The switch has answered the caller since the number is rung."""
    overdue: bool = False
    """The leg has not answered in time, and is being hung up."""
    winner: int | None = None
    bridged: bool = False
    cause: str | None = None
    code: str | None = None
    watch: TalkWatch = field(default_factory=TalkWatch)
    done: bool = False

    def start(self, context: StepContext) -> Commands:
        self.msg_id = context.draw_id()
        self.timer = f"dial {self.msg_id}"
        self.began_s = context.at_s
        wishes = self.wishes
        yield from self.parties[0].begins(context)
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

    def receive(self, event: Event, context: StepContext) -> Commands:
        party = self.parties[0]
        yield from self._watch_talk(event, context)
        match event:
            case LegCreated(call_id, other_leg) if call_id == context.leg and self.winner is None:
                party.call_id = other_leg
            case ChannelAnswered(call_id) if call_id == context.leg:
                self.caller_answered = True
                if self.heard_s is not None:
                    yield from self._talk(context.at_s, context)
                elif self._caller_was_answered and self.cause is None:
                    yield StartTimer(self.timer, PARTING_S)  # the bridge is told milliseconds later
            case LegsBridged(call_id, other_leg) if call_id == context.leg and self.winner is None:
                party.call_id, self.heard_s = other_leg, context.at_s
                yield from self._hears(event, context)
            case LegsParted(call_id) if call_id == context.leg and self.heard_s is not None:
                yield StartTimer(self.timer, PARTING_S)
            case CarrierDone(msg_id, cause, code) if msg_id == self.msg_id:
                self.cause, self.code = cause, code
                yield StartTimer(self.timer, SETTLE_S)
            case Executed(call_id, "bridge", cause) if call_id == context.leg:
                if cause in TALKED and event.bridged and self.heard_s is None:
                    yield from self._talk(context.at_s, context)
                yield from self._end(context, self.cause or cause, self.code)
            case CommandFailed(msg_id=msg_id) if msg_id == self.msg_id:
                yield from self._end(context, "NORMAL_TEMPORARY_FAILURE", None)
            case TimerFired(name) if name == self.timer:
                yield from self._time_is_up(context)

    def _hears(self, event: LegsBridged, context: StepContext) -> Commands:
        """The caller hears the leg, which has answered unless the caller's own is not answered by that."""
        if not self.wishes.early_media or event.answered is not False or self.caller_answered:
            yield from self._talk(context.at_s, context)
        else:
            yield StartTimer(self.timer, max(0.0, self.began_s + self.wishes.timeout_s - context.at_s))

    def _talk(self, since_s: float, context: StepContext) -> Commands:
        if self.winner is None:
            self.winner, self.bridged = 0, True
            yield CancelTimer(self.timer)
            yield from self.parties[0].answers(context, since_s)

    @property
    def _caller_was_answered(self) -> bool:
        """By the switch, as the number has answered; not by us, before."""
        return self.wishes.early_media and self.caller_answered

    def _watch_talk(self, event: Event, context: StepContext) -> Commands:
        if self.winner is None or self.watch.over or self.done:
            return
        yield from self.watch.receive(event, self.parties[0].call_id, context)
        if self.watch.over:
            yield StartTimer(self.timer, SETTLE_S)

    def _time_is_up(self, context: StepContext) -> Commands:
        is_heard = self.heard_s is not None and self.winner is None
        if self._caller_was_answered and self.winner is None and self.cause is None:
            # The bridge was told in vain: the switch answers the caller when the number has answered.
            yield from self._talk(context.at_s, context)
            return
        if is_heard and self.cause is None and not self.overdue:
            self.overdue = True
            yield Hangup(context.draw_id(), leg=self.parties[0].call_id)
            yield StartTimer(self.timer, PARTING_S)
            return
        if self.cause is None and not self.bridged:
            yield StopMedia(context.draw_id())
        yield from self._end(context, self.cause or "NO_ANSWER", self.code)

    def end_talk(self, context: StepContext) -> Commands:
        if self.winner is not None and not self.done:
            yield Hangup(context.draw_id(), leg=self.parties[0].call_id)
            yield StartTimer(self.timer, PARTING_S)

    def stop(self, context: StepContext) -> Commands:
        """The leg hangs on the caller's bridge and goes with it."""
        if self.done:
            return
        self.done = True
        yield CancelTimer(self.timer)
        yield from self.watch.stop()
        yield from end_all(self.parties, context, "ORIGINATOR_CANCEL")

    def _end(self, context: StepContext, cause: str | None, code: str | None) -> Commands:
        if self.heard_s is not None and self.winner is None:
            cause = far_cause(cause, overdue=self.overdue)
        self.done = True
        yield CancelTimer(self.timer)
        yield from self.watch.stop()
        yield from self.parties[0].ends(context, cause, code)
