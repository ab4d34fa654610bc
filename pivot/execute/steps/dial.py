"""Dial: the caller is connected with somebody, and is still there afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

from pivot.execute.dialling.attempt import Attempt, Wishes
from pivot.execute.dialling.call_recording import CallRecording
from pivot.execute.dialling.caller_id import caller_of, doubtful_number, needs_identity, shown
from pivot.execute.dialling.outcome import dial_parameters
from pivot.execute.dialling.party import DialledParty
from pivot.execute.dialling.queue import queue_party
from pivot.execute.dialling.ring_tones import ring_tone
from pivot.execute.dialling.separate_legs import SeparateLegsAttempt
from pivot.execute.dialling.targets import attempt_for, parties_of, ring_time_s, wanted
from pivot.execute.recordings import FILE_WAIT_S, is_filed
from pivot.execute.step_context import Commands, Step, StepContext
from pivot.execute.step_result import AskFor, GoOn, Linger, Result
from pivot.execute.steps.conference import ConferenceStep
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.dialling import EndpointsFound, Identity, LookUpEndpoints
from pivot.model.events import ChannelDestroyed, DigitPressed, Event, TimerFired
from pivot.model.instructions import (
    ClientNoun,
    ConferenceNoun,
    DeviceNoun,
    DialVerb,
    NumberNoun,
    QueueNoun,
    RecordCall,
    RingNoun,
    SipNoun,
    UserNoun,
)
from pivot.model.plain import plain

_LOOK_UP_S = 5.0
_CALLER_ID = 13214
_TOO_MANY = 13250
_MOST_PARTIES = 100
"""Of one Dial: each is a binding of ours and an endpoint of one bridge."""
_RING_NOUNS = (NumberNoun, SipNoun, ClientNoun, UserNoun, DeviceNoun)


@plain
@dataclass(slots=True)
class DialStep:
    """Rings the nouns, together or one after the other, until somebody has talked or nobody is left.

    Users, devices and clients are looked up first. The other leg's end, the limit of time and the key that
    ends it lead to the action or the next verb; so does the caller's end, whose answer nobody hears.
    """

    verb: DialVerb
    lookup_id: str = ""
    timer: str = ""
    """Of the look-up, later of the talk's limit."""
    caller: Identity = field(default_factory=Identity)
    """Who is shown calling; known once they ring."""
    waiting: list[list[DialledParty]] = field(default_factory=list)
    """Who is still to be rung, in groups that ring together."""
    earlier: list[DialledParty] = field(default_factory=list)
    """Who was rung before the attempt under way."""
    attempt: Attempt | None = None
    """The one under way, in the end the last one."""
    recording: CallRecording | None = None
    filing: bool = False
    """The talk is over, and the file of its recording is on its way."""
    bridged: bool = False
    early_media: bool = False
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        context.state.dialled = True
        context.drop_typed()
        queue = next((noun for noun in self.verb.nouns if isinstance(noun, QueueNoun)), None)
        answers = context.profile.dial_of_nouns_answers or self.verb.has_text or queue is not None
        self.early_media = not context.state.answered and (self.verb.answer_on_bridge or not answers)
        if not self.early_media:
            yield from context.pick_up()
        if self.verb.nouns:
            yield from context.show_number(self.verb.caller_id or caller_of(context).number)
        if queue is not None:
            self.waiting = [[queue_party(queue)]]
            yield from self._next(context)
            return
        asked = tuple(each for each in map(wanted, self._nouns()) if each is not None)
        identity, number = needs_identity(context), doubtful_number(self.verb, context)
        if self._nouns() and (asked or identity or number):
            self.lookup_id, self.timer = context.draw_id(), f"look up {context.draw_id()}"
            yield LookUpEndpoints(self.lookup_id, asked, identity, number)
            yield StartTimer(self.timer, _LOOK_UP_S)
        else:
            yield from self._ring(EndpointsFound(""), context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        if self.recording is not None:
            yield from self.recording.receive(event, context)
        match event:
            case _ if isinstance(self.result, Linger):
                yield from self._linger(event, context)
            case _ if self.filing:
                yield from self._file(event, context)
            case EndpointsFound(lookup_id) if lookup_id and lookup_id == self.lookup_id:
                yield CancelTimer(self.timer)
                if event.owned is False:
                    yield context.warn(
                        f"callerId {self.verb.caller_id} is no number of the account", _CALLER_ID
                    )
                yield from self._ring(event, context)
            case TimerFired(name) if name == self.timer and self.lookup_id:
                yield context.fault("the account's phones could not be looked up in time", None)
                yield from self._ring(EndpointsFound(""), context)
            case TimerFired(name) if name == self.timer and self.attempt is not None:
                yield from self.attempt.end_talk(context)
            case DigitPressed(call_id, digit) if (
                call_id == context.leg and digit == self.verb.hangup_on and self.bridged and self.attempt
            ):
                yield from self.attempt.end_talk(context)
            case ChannelDestroyed(call_id) if call_id == context.leg:
                yield from self._caller_gone(context)
            case _ if self.attempt is not None:
                yield from self.attempt.receive(event, context)
                yield from self._follow(context)

    def stop(self, context: StepContext) -> Commands:
        yield CancelTimer(self.timer)
        if self.attempt is not None:
            yield from self.attempt.stop(context)
        if self.recording is not None:
            yield from self.recording.stop(context)
        if isinstance(self.result, Linger):
            self._decide(context)

    def _nouns(self) -> list[RingNoun]:
        return [noun for noun in self.verb.nouns if isinstance(noun, _RING_NOUNS)]

    # Ringing

    def _ring(self, known: EndpointsFound, context: StepContext) -> Commands:
        self.lookup_id = ""
        self.caller = shown(self.verb, known.identity, known.owned, context)
        answers = iter(known.found)
        parties: list[DialledParty] = []
        for noun in self._nouns():
            found = next(answers, ()) if wanted(noun) is not None else ()
            parties += parties_of(noun, found, self.caller, context)
        for party in parties:
            party.shown_as = (self.verb.caller_id or "") if known.owned is not False else ""
        if len(parties) > _MOST_PARTIES:
            message = f"Dial would ring {len(parties)} phones; the first {_MOST_PARTIES} are rung"
            yield context.warn(message, _TOO_MANY)
            parties = parties[:_MOST_PARTIES]
        if self.verb.sequential:
            self.waiting = [[party] for party in parties]
        else:
            self.waiting = [parties] if parties else []
        yield from self._next(context)

    def _next(self, context: StepContext) -> Commands:
        if not self.waiting:
            yield from self._finish(context)
            return
        group, self.waiting = self.waiting[0], self.waiting[1:]
        self.earlier += self.attempt.parties if self.attempt else []
        self.attempt = attempt_for(group, self._wishes(group, context))
        yield from self.attempt.start(context)
        if self.verb.record is RecordCall.FROM_RINGING and self.recording is None:
            yield from self._record(context)

    def _wishes(self, group: list[DialledParty], context: StepContext) -> Wishes:
        verb = self.verb
        return Wishes(
            ring_time_s([party.noun for party in group], verb, context),
            self.caller,
            ring_tone(verb.ring_tone),
            self.early_media,
            # What goes on beside the call hears it on the switch.
            verb.record is not RecordCall.NO or verb.hangup_on is not None or bool(context.state.side),
            verb.continue_on_fail,
        )

    def _follow(self, context: StepContext) -> Commands:
        attempt = self.attempt
        assert attempt is not None
        if attempt.bridged and not self.bridged:
            yield from self._talk(context)
        if not attempt.done:
            return
        if attempt.winner is not None or not self.waiting:
            yield from self._finish(context)
        else:
            yield from self._next(context)

    def _talk(self, context: StepContext) -> Commands:
        """The caller and somebody hear each other."""
        self.bridged = True
        if not context.state.answered:
            context.state.answered, context.state.call_status = True, "in-progress"
        self.timer = f"dial limit {context.draw_id()}"
        yield StartTimer(self.timer, self.verb.time_limit_s)
        if self.verb.record is RecordCall.FROM_ANSWER:
            yield from self._record(context)

    def _record(self, context: StepContext) -> Commands:
        self.recording = CallRecording.of_dial(self.verb, context)
        yield from self.recording.start(context)

    # The end

    def _finish(self, context: StepContext) -> Commands:
        yield CancelTimer(self.timer)
        if self.recording is not None:
            yield from self.recording.stop(context)
        if self._tells_file():
            # The action hears of the file when it is there.
            self.filing, self.timer = True, f"file {context.draw_id()}"
            yield StartTimer(self.timer, FILE_WAIT_S)
        else:
            self._decide(context)

    def _tells_file(self) -> bool:
        return (
            self.verb.action is not None
            and self.bridged
            and self.recording is not None
            and not self.recording.refused
        )

    def _file(self, event: Event, context: StepContext) -> Commands:
        if self._is_filed(event, context) or event == TimerFired(self.timer):
            yield CancelTimer(self.timer)
            self._decide(context)
        elif isinstance(event, ChannelDestroyed) and event.call_id == context.leg:
            self.result = Linger()

    def _is_filed(self, event: Event, context: StepContext) -> bool:
        return self.recording is None or is_filed(self.recording.recording.key, event, context)

    def _decide(self, context: StepContext) -> None:
        parties, _ = self._parties()
        context.drop_typed()  # keys that were pressed meanwhile were for the other party
        context.dial_ended(parties[-1].cause if parties else None)
        if self.verb.action is None:
            self.result = GoOn()
            return
        told = dial_parameters(*self._parties(), context, bridged=self.bridged)
        if self.recording is not None and self.bridged:
            told = (*told, *self.recording.parameters(context))
        self.result = AskFor(self.verb.action, self.verb.method, told, outlives_caller=True)

    def _parties(self) -> tuple[list[DialledParty], DialledParty | None]:
        """All who were rung, and who of them answered."""
        if self.attempt is None:
            return self.earlier, None
        number = self.attempt.winner
        winner = None if number is None else self.attempt.parties[number]
        return [*self.earlier, *self.attempt.parties], winner

    def _caller_gone(self, context: StepContext) -> Commands:
        """Whoever would stay on the switch without the caller is hung up, as soon as somebody can."""
        if self.attempt is not None:
            yield from self.attempt.stop(context)
        self.filing = self._tells_file()
        if self.filing or (isinstance(self.attempt, SeparateLegsAttempt) and self.attempt.uncontrolled):
            self.result = Linger()
        else:
            self._decide(context)

    def _linger(self, event: Event, context: StepContext) -> Commands:
        if isinstance(self.attempt, SeparateLegsAttempt):
            yield from self.attempt.receive(event, context)
            if self.attempt.uncontrolled:
                return
        if not self.filing or self._is_filed(event, context):
            self._decide(context)


def dial_step(verb: DialVerb) -> Step:
    """What runs a Dial depends on whom it calls."""
    conference = next((noun for noun in verb.nouns if isinstance(noun, ConferenceNoun)), None)
    return DialStep(verb) if conference is None else ConferenceStep(verb, conference)
