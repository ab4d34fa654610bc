"""Parties rung by one bridge: the switch rings them at once and joins the caller with the first who answers.

Their Call-IDs are ours to choose, so what happens to each is heard from the start. A caller who is not
answered yet hears what a party's network plays before anybody picks up: the switch joins both then, and tells
nothing but CHANNEL_BRIDGE, which says that the caller is not answered. So answered is who has said so, by
CHANNEL_ANSWER, before the bridge or after it; or who is joined with a caller who is answered by that; or
whose end or bridge tells it afterwards. Each of these can be lost: then the others tell it, or the time.
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
    began_s: float = 0.0
    heard: int | None = None
    """Who is joined with the caller, of `parties`, and has perhaps not answered."""
    heard_s: float = 0.0
    """Since when."""
    early: bool = False
    """The caller was not answered then, so nobody had answered."""
    caller_answered: bool = False
    """The switch has answered the caller since they are rung, as it does when somebody has answered."""
    overdue: bool = False
    """The one who is heard has not answered in time, and is being hung up."""
    winner: int | None = None
    bridged: bool = False
    ended: Executed | None = None
    """The bridge's end, when the parties' own are still waited for."""
    watch: TalkWatch = field(default_factory=TalkWatch)
    done: bool = False

    def start(self, context: StepContext) -> Commands:
        self.msg_id = context.draw_id()
        self.timer = f"dial {self.msg_id}"
        self.began_s = context.at_s
        wishes = self.wishes
        for party in self.parties:
            yield BindCall(party.call_id)
            yield from party.begins(context)
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

    def receive(self, event: Event, context: StepContext) -> Commands:
        yield from self._watch_talk(event, context)
        match event:
            case LegRinging(call_id) if party := self._party(call_id):
                yield from party.rings(context)
            case ChannelAnswered(call_id) if party := self._party(call_id):
                yield from self._answers(party, context)
            case ChannelAnswered(call_id) if call_id == context.leg:
                yield from self._caller_answers(context)
            case LegsBridged(call_id) if call_id == context.leg and self.winner is None:
                yield from self._hears(event, context)
            case LegsParted(call_id) if call_id == context.leg and self.heard is not None:
                yield StartTimer(self.timer, PARTING_S)
            case ChannelDestroyed(call_id) if party := self._party(call_id):
                yield from self._party_gone(party, event, context)
            case Executed(call_id, "bridge") if call_id == context.leg:
                yield from self._bridge_ended(event, context)
            case CommandFailed(msg_id=msg_id) if msg_id == self.msg_id:
                yield from self._end(context, "NORMAL_TEMPORARY_FAILURE")
            case TimerFired(name) if name == self.timer:
                yield from self._time_is_up(context)

    def end_talk(self, context: StepContext) -> Commands:
        if self.winner is not None and not self.done:
            yield Hangup(context.draw_id(), leg=self.parties[self.winner].call_id)
            yield StartTimer(self.timer, PARTING_S)

    def stop(self, context: StepContext) -> Commands:
        """The legs hang on the caller's bridge and go with it."""
        if self.done:
            return
        self.done = True
        yield CancelTimer(self.timer)
        yield from self.watch.stop()
        yield from end_all(self.parties, context, "ORIGINATOR_CANCEL")
        for party in self.parties:
            yield UnbindCall(party.call_id)

    # Who answers

    def _answers(self, party: DialledParty, context: StepContext) -> Commands:
        yield from party.answers(context)
        yield from self._talk_if_answered()
        if self.heard is None and self.ended is None:
            yield StartTimer(self.timer, PARTING_S)  # the bridge is told milliseconds later

    def _caller_answers(self, context: StepContext) -> Commands:
        """The switch answers the caller when somebody has answered, and for nothing else."""
        self.caller_answered = True
        if self.heard is not None:
            yield from self.parties[self.heard].answers(context)
            yield from self._talk_if_answered()

    def _hears(self, event: LegsBridged, context: StepContext) -> Commands:
        self.heard, self.heard_s = self._number(event.other_leg), context.at_s
        self.early = self.wishes.early_media and event.answered is False and not self.caller_answered
        if not self.early:
            yield from self.parties[self.heard].answers(context)
        yield from self._talk_if_answered()
        if self.winner is None:
            # The switch rings nobody any more: the time for an answer is ours to count.
            left_s = self.began_s + self.wishes.timeout_s - context.at_s
            yield StartTimer(self.timer, max(0.0, left_s))

    def _talk_if_answered(self) -> Commands:
        if self.winner is not None or self.heard is None:
            return
        if self.parties[self.heard].answered_at_s is not None:
            self.winner, self.bridged = self.heard, True
            yield CancelTimer(self.timer)

    def _was_answered(self, context: StepContext) -> Commands:
        """The one who is heard had answered, as its end tells."""
        if self.winner is None and self.heard is not None:
            yield from self.parties[self.heard].answers(context, since_s=self.heard_s)
            yield from self._talk_if_answered()

    def _watch_talk(self, event: Event, context: StepContext) -> Commands:
        if self.winner is None or self.watch.over or self.done:
            return
        yield from self.watch.receive(event, self.parties[self.winner].call_id, context)
        if self.watch.over:
            yield StartTimer(self.timer, SETTLE_S)

    # Ends

    def _party_gone(self, party: DialledParty, event: ChannelDestroyed, context: StepContext) -> Commands:
        is_heard = self.heard is not None and self.parties[self.heard] is party
        if is_heard and event.answered:
            yield from self._was_answered(context)
        cause = self._far_cause(event.hangup_cause) if is_heard else event.hangup_cause
        yield from party.ends(context, cause, event.hangup_code)
        if all(each.over for each in self.parties):
            if self.ended is not None:
                yield from self._end(context, None)
            else:
                yield StartTimer(self.timer, PARTING_S)

    def _bridge_ended(self, event: Executed, context: StepContext) -> Commands:
        if event.response in TALKED and event.bridged and not self.early:
            if self.heard is None:
                self.heard, self.heard_s = self._answerer(), context.at_s
            yield from self._was_answered(context)
        if len(self.parties) == 1:
            cause = event.response if self.heard is None else self._far_cause(event.response)
            yield from self._end(context, cause, event.hangup_code)
        elif all(each.over for each in self.parties):
            yield from self._end(context, event.response)
        elif self.ended is None:
            self.ended = event
            yield StartTimer(self.timer, SETTLE_S)

    def _far_cause(self, cause: str | None) -> str | None:
        """Why the one who is heard is gone."""
        return cause if self.winner is not None else far_cause(cause, overdue=self.overdue)

    def _time_is_up(self, context: StepContext) -> Commands:
        if self.ended is not None:
            yield from self._end(context, self.ended.response)
        elif self.heard is None and self._has_answered():
            # The bridge was told in vain: the switch joins the first who answers.
            self.heard, self.heard_s = self._answerer(), context.at_s
            yield from self._talk_if_answered()
        elif self.heard is not None and self.winner is None and not self.overdue:
            self.overdue = True
            yield Hangup(context.draw_id(), leg=self.parties[self.heard].call_id)
            yield StartTimer(self.timer, PARTING_S)
        else:
            if not self.bridged:
                yield StopMedia(context.draw_id())
            yield from self._end(context, "NORMAL_CLEARING" if self.bridged else "NO_ANSWER")

    def _end(self, context: StepContext, cause: str | None, code: str | None = None) -> Commands:
        self.done = True
        yield CancelTimer(self.timer)
        yield from self.watch.stop()
        yield from end_all(self.parties, context, cause, code)
        for party in self.parties:
            yield UnbindCall(party.call_id)

    def _party(self, call_id: str) -> DialledParty | None:
        return next((party for party in self.parties if party.call_id == call_id), None)

    def _has_answered(self) -> bool:
        """Somebody who is still there."""
        return any(party.answered_at_s is not None and not party.over for party in self.parties)

    def _answerer(self) -> int:
        """Who talks or has talked, when the beginning was not told; of several one who is there."""
        answered = [n for n, party in enumerate(self.parties) if party.answered_at_s is not None]
        return next((n for n in answered if not self.parties[n].over), next(iter(answered), 0))

    def _number(self, call_id: str) -> int:
        """A leg that we did not dial stands for the first: the switch may have replaced it."""
        numbers = (number for number, party in enumerate(self.parties) if party.call_id == call_id)
        return next(numbers, 0)
