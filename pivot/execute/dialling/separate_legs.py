"""Parties rung apart from the caller: they can be sent keys and hear a document before they are joined.

Each has a control queue of its own. The first who answers is the one; the others are hung up. A party that
hangs up in its document, or whose document cannot be had, is not joined: screening must not fail open.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pivot.execute.after_hangup import without_channel
from pivot.execute.after_join import empty_queue
from pivot.execute.dialling.attempt import PARTING_S, SETTLE_S, SPARE_S, Wishes, end_all
from pivot.execute.dialling.party import DialledParty
from pivot.execute.dialling.talk_watch import TalkWatch
from pivot.execute.side_document import SideDocument
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import Finish
from pivot.execute.steps.play import KeysStep
from pivot.model.commands import BindCall, CancelTimer, StartTimer, UnbindCall
from pivot.model.dialling import (
    CallApart,
    JoinLeg,
    LegControlled,
    LegFailed,
    LegReady,
    LegRinging,
    LegsBridged,
    LegsParted,
    RingBack,
)
from pivot.model.events import ChannelDestroyed, CommandFailed, Event, Executed, TimerFired
from pivot.model.instructions import NumberNoun
from pivot.model.plain import plain
from pivot.model.switch import Hangup, StopMedia
from pivot.translate.twiml.places import Place


@plain
@dataclass(slots=True)
class SeparateLegsAttempt:
    """Rings some parties at once, each on its own."""

    parties: list[DialledParty]
    wishes: Wishes
    msg_ids: list[str] = field(default_factory=list)
    """Of the commands that ring them, in the order of `parties`."""
    settled: list[str] = field(default_factory=list)
    """Those of them whose leg has a control queue, or has failed."""
    timer: str = ""
    winner: int | None = None
    keys: KeysStep | None = None
    """Those that are being sent to the winner."""
    whisper: SideDocument | None = None
    refused: CommandFailed | None = None
    """Of a command to the winner: perhaps the winner is gone, which is told about now."""
    join_id: str = ""
    bridged: bool = False
    watch: TalkWatch = field(default_factory=lambda: TalkWatch(joined=True))
    done: bool = False

    def start(self, context: StepContext) -> Commands:
        self.timer = f"dial {context.draw_id()}"
        for party in self.parties:
            self.msg_ids.append(context.draw_id())
            yield BindCall(party.call_id)
            yield from party.begins(context)
            yield CallApart(
                self.msg_ids[-1], party.endpoint, self.wishes.timeout_s, self.wishes.caller.inside
            )
        yield RingBack(context.draw_id(), self.wishes.ringback, answered=context.state.answered)
        yield StartTimer(self.timer, self.wishes.timeout_s + SPARE_S)

    def receive(self, event: Event, context: StepContext) -> Commands:
        if self.bridged and not self.done:
            yield from self.watch.receive(event, self._answered().call_id, context)
            if self.watch.over:
                yield from self._give_up(context, "NORMAL_CLEARING")
                return
        match event:
            case LegControlled(msg_id, call_id, queue) if msg_id in self.msg_ids:
                self._settle(msg_id)
                yield from self._controlled(call_id, queue, context)
            case LegRinging(call_id) if party := self._party(call_id):
                yield from party.rings(context)
            case LegReady(msg_id) if msg_id in self.msg_ids:
                yield from self._ready(self.msg_ids.index(msg_id), context)
            case LegFailed(msg_id, cause) if msg_id in self.msg_ids:
                self._settle(msg_id)
                yield from self._lost(self.parties[self.msg_ids.index(msg_id)], context, cause, None)
            case ChannelDestroyed(call_id, cause, code) if party := self._party(call_id):
                yield from self._lost(party, context, cause, code)
            case LegsParted(call_id) | Executed(call_id, "bridge") if self._is_winners(call_id):
                yield from self._give_up(context, "NORMAL_CLEARING")
            case LegsBridged(call_id) if call_id == context.leg and self.join_id:
                self.bridged = True
                yield CancelTimer(self.timer)
            case LegsParted(call_id) if call_id == context.leg and self.bridged:
                yield from self._give_up(context, "NORMAL_CLEARING")
            case CommandFailed(msg_id=msg_id) if msg_id is not None and msg_id == self.join_id:
                yield from self._give_up(context, "NORMAL_TEMPORARY_FAILURE")
            case TimerFired(name) if name == self.timer and self.refused is not None:
                refused, self.refused = self.refused, None
                yield from self._before_joining(refused, context)
            case TimerFired(name) if name == self.timer and self.join_id and not self.bridged:
                # No refusal was told, so the bridge was and is lost: both talk if the leg is there.
                self.bridged = True
                yield from self.watch.ask(self._answered().call_id, context)
            case TimerFired(name) if name == self.timer:
                yield from self._give_up(context, "NO_ANSWER")
            case CommandFailed() if self._is_before_joining:
                # What runs on a leg fails when it ends, which may be told later.
                self.refused = event
                yield StartTimer(self.timer, SETTLE_S)
            case _ if self._is_before_joining:
                yield from self._before_joining(event, context)

    def end_talk(self, context: StepContext) -> Commands:
        if self.winner is not None and not self.done:
            yield Hangup(context.draw_id(), leg=self.parties[self.winner].call_id)
            yield StartTimer(self.timer, PARTING_S)

    def stop(self, context: StepContext) -> Commands:
        """Stop ringing and hang up every leg; nothing happens when the attempt is done."""
        if self.done:
            return
        yield from self._silence(context)
        yield from self._give_up(context, "ORIGINATOR_CANCEL")

    @property
    def _is_before_joining(self) -> bool:
        """Somebody has answered, and is not joined yet."""
        return self.winner is not None and not self.join_id and not self.done

    def _is_winners(self, call_id: str) -> bool:
        """Told of a leg on which somebody has answered, this is about who stands behind it.

        A number's leg is half of a pair, and what happens on its other half has the Call-ID of the first.
        When the far party has hung up there, the leg itself can live on for ever. Measured with a carrier.
        """
        return self.winner is not None and not self.done and self._answered().call_id == call_id

    @property
    def uncontrolled(self) -> bool:
        """A party is being rung whom nobody can hang up yet."""
        return len(self.settled) < len(self.msg_ids)

    # One after the other

    def _controlled(self, call_id: str, queue: str, context: StepContext) -> Commands:
        context.state.controls[call_id] = queue
        party = self._party(call_id)
        if party is None or party.over:
            yield Hangup(context.draw_id(), leg=call_id)

    def _ready(self, number: int, context: StepContext) -> Commands:
        party = self.parties[number]
        if self.winner is not None or party.over:
            yield from self._cancel(party, context, "LOSE_RACE")
            return
        self.winner = number
        yield CancelTimer(self.timer)
        yield from party.answers(context)
        for other in self.parties:
            if other is not party:
                yield from self._cancel(other, context, "LOSE_RACE")
        if isinstance(party.noun, NumberNoun) and party.noun.send_digits:
            self.keys = KeysStep(party.noun.send_digits)
            yield from self.keys.start(self._there(context))
        else:
            yield from self._whisper(context)

    def _before_joining(self, event: Event, context: StepContext) -> Commands:
        if self.keys is not None:
            yield from self.keys.receive(event, self._there(context))
            if self.keys.result is not None:
                self.keys = None
                yield from self._whisper(context)
        elif self.whisper is not None:
            yield from self.whisper.receive(event, context)
            yield from self._after_whisper(context)

    def _whisper(self, context: StepContext) -> Commands:
        party = self._answered()
        wanted = party.noun.leg
        if wanted.url is None:
            yield from self._join(context)
            return
        self.whisper = SideDocument(party.call_id, Place.WHISPER, party.child(context))
        yield from self.whisper.ask(wanted.url, wanted.method, context)

    def _after_whisper(self, context: StepContext) -> Commands:
        result = self.whisper.result if self.whisper else None
        if self.whisper is None or result is None:
            return
        failed, self.whisper = self.whisper.failed, None
        if failed or not isinstance(result, Finish) or result.asked:
            yield from self._give_up(context, "NORMAL_CLEARING")
        else:
            yield from self._join(context)

    def _join(self, context: StepContext) -> Commands:
        party, self.join_id = self._answered(), context.draw_id()
        yield from context.pick_up()  # a joined caller who is not answered would hear nothing
        yield StopMedia(context.draw_id())
        yield JoinLeg(self.join_id, party.call_id, party.label)
        yield StartTimer(self.timer, PARTING_S)

    # Ends

    def _lost(
        self, party: DialledParty, context: StepContext, cause: str | None, code: str | None
    ) -> Commands:
        yield from party.ends(context, cause, code)
        context.state.controls.pop(party.call_id, None)
        is_winner = self.winner is not None and party is self._answered()
        if is_winner:
            yield from without_channel(self._silence(context), context.state)
        if is_winner or all(each.over for each in self.parties):
            yield from self._end(context, cause)

    def _cancel(self, party: DialledParty, context: StepContext, cause: str) -> Commands:
        """Hang a party up; one that has no control queue yet, as soon as it has."""
        if party.call_id in context.state.controls and party.ended_at_s is None:
            yield Hangup(context.draw_id(), leg=party.call_id)
        yield from party.ends(context, cause)

    def _give_up(self, context: StepContext, cause: str) -> Commands:
        for party in self.parties:
            yield from self._cancel(party, context, cause)
        yield from self._end(context, cause)

    def _end(self, context: StepContext, cause: str | None) -> Commands:
        if self.done:
            return
        self.done = True
        yield CancelTimer(self.timer)
        yield from self.watch.stop()
        yield from self._silence(context)
        if self.join_id:
            yield from empty_queue(context)
        else:
            yield StopMedia(context.draw_id())  # the ringing
        yield from end_all(self.parties, context, cause)
        for party in self.parties:
            yield UnbindCall(party.call_id)

    def _silence(self, context: StepContext) -> Commands:
        """Nothing of what is done before both are joined goes on."""
        if self.keys is not None:
            yield from self.keys.stop(self._there(context))
            self.keys = None
        if self.whisper is not None:
            yield from self.whisper.stop(context)
            self.whisper = None

    def _there(self, context: StepContext) -> StepContext:
        """The winner's leg instead of the caller's."""
        return context.elsewhere(self._answered().call_id, context.base_url)

    def _answered(self) -> DialledParty:
        assert self.winner is not None
        return self.parties[self.winner]

    def _settle(self, msg_id: str) -> None:
        if msg_id not in self.settled:
            self.settled.append(msg_id)

    def _party(self, call_id: str) -> DialledParty | None:
        return next((party for party in self.parties if party.call_id == call_id), None)
