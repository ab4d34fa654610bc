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
from pivot.execute.side_document import Aside
from pivot.execute.step import Finish
from pivot.execute.step_context import Course, Line
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
class ApartAttempt:
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
    whisper: Aside | None = None
    refused: CommandFailed | None = None
    """Of a command to the winner: perhaps the winner is gone, which is told about now."""
    join_id: str = ""
    bridged: bool = False
    done: bool = False

    def start(self, line: Line) -> Course:
        self.timer = f"dial {line.draw_id()}"
        for party in self.parties:
            self.msg_ids.append(line.draw_id())
            yield BindCall(party.call_id)
            yield from party.begins(line)
            yield CallApart(
                self.msg_ids[-1], party.endpoint, self.wishes.timeout_s, self.wishes.caller.inside
            )
        yield RingBack(line.draw_id(), self.wishes.ringback, answered=line.state.answered)
        yield StartTimer(self.timer, self.wishes.timeout_s + SPARE_S)

    def receive(self, event: Event, line: Line) -> Course:
        match event:
            case LegControlled(msg_id, call_id, queue) if msg_id in self.msg_ids:
                self._settle(msg_id)
                yield from self._controlled(call_id, queue, line)
            case LegRinging(call_id) if party := self._party(call_id):
                yield from party.rings(line)
            case LegReady(msg_id) if msg_id in self.msg_ids:
                yield from self._ready(self.msg_ids.index(msg_id), line)
            case LegFailed(msg_id, cause) if msg_id in self.msg_ids:
                self._settle(msg_id)
                yield from self._lost(self.parties[self.msg_ids.index(msg_id)], line, cause, None)
            case ChannelDestroyed(call_id, cause, code) if party := self._party(call_id):
                yield from self._lost(party, line, cause, code)
            case LegsParted(call_id) | Executed(call_id, "bridge") if self._is_winners(call_id):
                yield from self._give_up(line, "NORMAL_CLEARING")
            case LegsBridged(call_id) if call_id == line.leg and self.join_id:
                self.bridged = True
                yield CancelTimer(self.timer)
            case LegsParted(call_id) if call_id == line.leg and self.bridged:
                yield from self._give_up(line, "NORMAL_CLEARING")
            case CommandFailed(msg_id=msg_id) if msg_id is not None and msg_id == self.join_id:
                yield from self._give_up(line, "NORMAL_TEMPORARY_FAILURE")
            case TimerFired(name) if name == self.timer and self.refused is not None:
                refused, self.refused = self.refused, None
                yield from self._before_joining(refused, line)
            case TimerFired(name) if name == self.timer:
                yield from self._give_up(line, "NO_ANSWER")
            case CommandFailed() if self._is_before_joining:
                # What runs on a leg fails when it ends, which may be told later.
                self.refused = event
                yield StartTimer(self.timer, SETTLE_S)
            case _ if self._is_before_joining:
                yield from self._before_joining(event, line)

    def end_talk(self, line: Line) -> Course:
        if self.winner is not None and not self.done:
            yield Hangup(line.draw_id(), leg=self.parties[self.winner].call_id)
            yield StartTimer(self.timer, PARTING_S)

    def stop(self, line: Line) -> Course:
        if self.done:
            return
        yield from self._silence(line)
        yield from self._give_up(line, "ORIGINATOR_CANCEL")

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

    def _controlled(self, call_id: str, queue: str, line: Line) -> Course:
        line.state.controls[call_id] = queue
        party = self._party(call_id)
        if party is None or party.over:
            yield Hangup(line.draw_id(), leg=call_id)

    def _ready(self, number: int, line: Line) -> Course:
        party = self.parties[number]
        if self.winner is not None or party.over:
            yield from self._cancel(party, line, "LOSE_RACE")
            return
        self.winner = number
        yield CancelTimer(self.timer)
        yield from party.answers(line)
        for other in self.parties:
            if other is not party:
                yield from self._cancel(other, line, "LOSE_RACE")
        if isinstance(party.noun, NumberNoun) and party.noun.send_digits:
            self.keys = KeysStep(party.noun.send_digits)
            yield from self.keys.start(self._there(line))
        else:
            yield from self._whisper(line)

    def _before_joining(self, event: Event, line: Line) -> Course:
        if self.keys is not None:
            yield from self.keys.receive(event, self._there(line))
            if self.keys.result is not None:
                self.keys = None
                yield from self._whisper(line)
        elif self.whisper is not None:
            yield from self.whisper.receive(event, line)
            yield from self._after_whisper(line)

    def _whisper(self, line: Line) -> Course:
        party = self._answered()
        wanted = party.noun.leg
        if wanted.url is None:
            yield from self._join(line)
            return
        self.whisper = Aside(party.call_id, Place.WHISPER, party.child(line))
        yield from self.whisper.ask(wanted.url, wanted.method, line)

    def _after_whisper(self, line: Line) -> Course:
        result = self.whisper.result if self.whisper else None
        if self.whisper is None or result is None:
            return
        failed, self.whisper = self.whisper.failed, None
        if failed or not isinstance(result, Finish) or result.asked:
            yield from self._give_up(line, "NORMAL_CLEARING")
        else:
            yield from self._join(line)

    def _join(self, line: Line) -> Course:
        party, self.join_id = self._answered(), line.draw_id()
        yield from line.pick_up()  # a joined caller who is not answered would hear nothing
        yield StopMedia(line.draw_id())
        yield JoinLeg(self.join_id, party.call_id, party.label)
        yield StartTimer(self.timer, PARTING_S)

    # Ends

    def _lost(self, party: DialledParty, line: Line, cause: str | None, code: str | None) -> Course:
        yield from party.ends(line, cause, code)
        line.state.controls.pop(party.call_id, None)
        is_winner = self.winner is not None and party is self._answered()
        if is_winner:
            yield from without_channel(self._silence(line), line.state)
        if is_winner or all(each.over for each in self.parties):
            yield from self._end(line, cause)

    def _cancel(self, party: DialledParty, line: Line, cause: str) -> Course:
        """Hang a party up; one that has no control queue yet, as soon as it has."""
        if party.call_id in line.state.controls and party.ended_at_s is None:
            yield Hangup(line.draw_id(), leg=party.call_id)
        yield from party.ends(line, cause)

    def _give_up(self, line: Line, cause: str) -> Course:
        for party in self.parties:
            yield from self._cancel(party, line, cause)
        yield from self._end(line, cause)

    def _end(self, line: Line, cause: str | None) -> Course:
        if self.done:
            return
        self.done = True
        yield CancelTimer(self.timer)
        yield from self._silence(line)
        if self.join_id:
            yield from empty_queue(line)
        else:
            yield StopMedia(line.draw_id())  # the ringing
        yield from end_all(self.parties, line, cause)
        for party in self.parties:
            yield UnbindCall(party.call_id)

    def _silence(self, line: Line) -> Course:
        """Nothing of what is done before both are joined goes on."""
        if self.keys is not None:
            yield from self.keys.stop(self._there(line))
            self.keys = None
        if self.whisper is not None:
            yield from self.whisper.stop(line)
            self.whisper = None

    def _there(self, line: Line) -> Line:
        """The winner's leg instead of the caller's."""
        return line.elsewhere(self._answered().call_id, line.base_url)

    def _answered(self) -> DialledParty:
        assert self.winner is not None
        return self.parties[self.winner]

    def _settle(self, msg_id: str) -> None:
        if msg_id not in self.settled:
            self.settled.append(msg_id)

    def _party(self, call_id: str) -> DialledParty | None:
        return next((party for party in self.parties if party.call_id == call_id), None)
