"""Dial Conference: wait for the conference to start, be in it, and go on afterwards.

While it has not started the caller is outside the switch's conference and hears the wait document or
music. The room's owner tells who comes and goes; one member tells the callback of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pivot.execute.conference_callbacks import conference_parameters, conference_sid
from pivot.execute.dialling.call_recording import CallRecording
from pivot.execute.ids import call_sid
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, GoOn, Result
from pivot.execute.treatment import Treatment
from pivot.model.codes import Code
from pivot.model.commands import BindCall, CancelTimer, StartTimer, UnbindCall
from pivot.model.dialling import PartLegs
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    TimerFired,
)
from pivot.model.instructions import Callback, ConferenceNoun, DialVerb
from pivot.model.plain import plain
from pivot.model.rooms import (
    BeepConference,
    ConferenceBegun,
    ConferenceJoined,
    EndReason,
    EnterRoom,
    Guest,
    JoinConference,
    LeaveConference,
    LeaveRoom,
    RoomChange,
    RoomNews,
    RoomNotice,
    SayParticipant,
    SilenceBetween,
    room_id,
)
from pivot.model.switch import AskIdle
from pivot.translate.twiml.places import Place

_FULL = 16020
_LABEL_TAKEN = 16025
_WAIT = 13233
_SILENT_OWNER_S = 2.0
"""The room's owner has not answered for so long: the caller waits as for any conference meanwhile."""
_LOST_OWNER_S = 60.0
"""It never will."""
_JOINING_S = 10.0
_IDLE_S = 2.0
"""A leg on which nothing runs says so within that time."""
_UNREPORTED = (
    "the switch does not tell who comes into a conference: let `publish_conference_event` of ecallmgr's "
    "settings list add-member, and see that the channel has an Account-ID"
)
_LEAVING_S = 3.0


@plain
@dataclass(slots=True)
class ConferenceStep:
    """One caller in one room."""

    verb: DialVerb
    noun: ConferenceNoun
    room: str = ""
    conference: str = ""
    """The conference's own id, known once we are in."""
    known: bool = False
    """The room's owner may think that we are in."""
    entered: bool = False
    """It has said so."""
    waiting: Treatment | None = None
    join_id: str = ""
    begun: bool = False
    """The switch runs its conference on the caller's leg."""
    idle_id: str = ""
    """Of the question whether it does: set when the switch does not tell."""
    unheard: bool = False
    """The tone for our coming waits until somebody is there to hear it."""
    participant: int | None = None
    numbers: dict[str, int] = field(default_factory=dict)
    """What the switch's conference calls the others, as far as it was told before we were in."""
    leaving: bool = False
    over: bool = False
    others: int = 0
    records: bool = False
    """It is for us to record."""
    callback: Callback | None = None
    """Set when it is for us to tell."""
    told: int = 0
    """Callbacks of the conference so far."""
    roster: tuple[Guest, ...] = ()
    """The others, when it is for us to tell of their leaving."""
    timer: str = ""
    recording: CallRecording | None = None
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        context.state.dialled = True
        yield from context.pick_up()
        account_id = context.state.request.call.account_id or ""
        self.room = room_id(account_id, self.noun.name)
        self.timer = f"conference {context.draw_id()}"
        noun = self.noun
        guest = self._guest(context)
        self.known = True
        yield EnterRoom(self.room, noun.name, guest, noun.max_participants, context.resolved(noun.status))
        yield StartTimer(self.timer, _SILENT_OWNER_S)

    def receive(self, event: Event, context: StepContext) -> Commands:
        if self.recording is not None:
            yield from self.recording.receive(event, context)
        match event:
            case RoomNews(room=room) if room == self.room and not self.over:
                yield from self._news(event, context)
            case ConferenceBegun(call_id) if call_id == context.leg and self.join_id and not self.leaving:
                if not self.begun and self.participant is None:
                    self.begun = True
                    yield StartTimer(self.timer, self.verb.time_limit_s)
            case ConferenceJoined(call_id, participant) if call_id == context.leg:
                yield from self._joined(participant, context)
            case Executed(call_id, "conference") if call_id == context.leg and self.join_id:
                yield from self._end(context)
            case Executed(response=response) if response and response == self.idle_id and self._is_outside:
                yield context.fault("the switch did not bring the caller into the conference", None)
                yield from self._end(context, "failed")
            case ChannelDestroyed(call_id) if call_id == context.leg:
                yield from self._end(context, hung_up=True)
            case CommandFailed(msg_id=msg_id) if msg_id is not None and msg_id == self.join_id:
                yield from self._end(context, "failed")
            case TimerFired(name) if name == self.timer:
                yield from self._timed(context)
            case DigitPressed(call_id, digit) if call_id == context.leg and digit == self.verb.hangup_on:
                yield from self._go(context)
            case _ if self.waiting is not None:
                yield from self.waiting.receive(event, context)
                yield from self._waited(context)

    def stop(self, context: StepContext) -> Commands:
        yield from self._stop_waiting(context)
        yield CancelTimer(self.timer)
        yield from self._exit(context)

    # In the room

    def _news(self, news: RoomNews, context: StepContext) -> Commands:
        self.others, self.told, self.roster = news.others, news.told, news.roster
        self.conference = news.conference or self.conference
        self.callback, self.records = news.callback, news.records
        for notice in news.notices:
            yield from self._tell(notice, context)
        match news.change:
            case RoomChange.FULL:
                self.known = False
                yield context.fault(f"the conference {self.noun.name[:40]!r} is full", _FULL)
                yield from self._end(context, "failed")
            case RoomChange.LABEL_TAKEN:
                self.known = False
                yield context.fault(f"the label {self.noun.label!r} is another participant's", _LABEL_TAKEN)
                yield from self._end(context, "failed")
            case RoomChange.ENTERED:
                self.entered = True
                yield CancelTimer(self.timer)
                yield from self._join(context) if news.started else self._wait(context)
            case RoomChange.STARTED if not self.join_id:
                yield from self._join(context)
            case RoomChange.LEFT:
                self.numbers.pop(news.member, None)
                if self.join_id:
                    yield from self._record(context)
            case RoomChange.NUMBERED:
                self.numbers[news.member] = news.participant
                yield from self._heard_by(news.member, news.participant, context)
                if self.participant is not None and news.participant < self.participant:
                    yield from self._beep_for_coming(context)
            case RoomChange.ENDED:
                self.known = self.entered = False
                yield from self._go(context)

    def _guest(self, context: StepContext) -> Guest:
        noun = self.noun
        return Guest(
            context.leg,
            noun.start_on_enter,
            noun.end_on_exit,
            noun.muted,
            noun.coach or "",
            noun.label or "",
            noun.record,
        )

    def _wait(self, context: StepContext) -> Commands:
        noun = self.noun
        if self.waiting is not None:
            return
        if noun.wait_url and not context.profile.wait_url_is_document:
            self.waiting = Treatment(Place.CONFERENCE_WAIT, music=True, media=context.media(noun.wait_url))
        else:
            self.waiting = Treatment.of(
                noun.wait_url, noun.wait_method, context, Place.CONFERENCE_WAIT, repeats=False
            )
        yield from self.waiting.start(context)
        yield from self._waited(context)

    def _waited(self, context: StepContext) -> Commands:
        """A wait document that ends leaves silence; without one that can be run nobody is let in."""
        if self.waiting is None:
            return
        yield from self.waiting.ask(context)
        if self.waiting.failed:
            yield context.fault(
                "the conference's wait document cannot be run: the caller is not joined", _WAIT
            )
            yield from self._end(context, "failed")

    def _stop_waiting(self, context: StepContext) -> Commands:
        if self.waiting is not None:
            yield from self.waiting.stop(context)
            self.waiting = None

    def _join(self, context: StepContext) -> Commands:
        yield from self._stop_waiting(context)
        self.join_id = context.draw_id()
        yield BindCall(f"conference {context.leg}")
        yield JoinConference(self.join_id, self.room, self.noun.muted, self.noun.extras)
        self.unheard = self.noun.beep_on_enter
        yield from self._record(context)
        yield StartTimer(self.timer, _JOINING_S)

    def _joined(self, participant: int, context: StepContext) -> Commands:
        if self.participant is not None:
            return
        self.participant = participant
        if self.leaving:
            yield LeaveConference(context.draw_id(), self.room, participant)
            return
        if not self.begun:
            yield StartTimer(self.timer, self.verb.time_limit_s)
        if self.entered:
            yield SayParticipant(self.room, participant)
        for member, number in self.numbers.items():
            yield from self._heard_by(member, number, context)
        if self.numbers:
            yield from self._beep_for_coming(context)

    def _beep_for_coming(self, context: StepContext) -> Commands:
        """Played earlier it would sound in an empty room: the switch takes a second to bring us in.

        Who is in already has a number, a smaller one than ours; whoever comes later beeps by itself.
        """
        if self.unheard and not self.leaving:
            self.unheard = False
            yield BeepConference(context.draw_id(), self.room)

    @property
    def _is_outside(self) -> bool:
        """Nothing says yet that the switch's conference runs on our leg."""
        return self.participant is None and not self.begun

    def _take_for_inside(self, context: StepContext) -> Commands:
        """The conference runs on our leg, for what stands behind it does not: nobody tells us our number."""
        self.begun = True
        yield context.warn(_UNREPORTED, None, Code.SWITCH_SILENT)
        yield StartTimer(self.timer, self.verb.time_limit_s)
        if self.others:
            yield from self._beep_for_coming(context)

    def _heard_by(self, member: str, number: int, context: StepContext) -> Commands:
        """A coach is heard by the coached member alone."""
        coached = self.noun.coach
        if (
            coached is not None
            and self.participant is not None
            and call_sid(context.profile, member) != coached
        ):
            yield SilenceBetween(context.draw_id(), self.room, self.participant, number)

    def _record(self, context: StepContext) -> Commands:
        if self.records and self.recording is None:
            told_sid = conference_sid(self.room, self.conference, context)
            self.recording = CallRecording.of_conference(self.noun, told_sid, context)
            yield from self.recording.start(context)

    # Out of it

    def _timed(self, context: StepContext) -> Commands:
        """The limit of time; or somebody else took too long, and the caller must not be stuck."""
        if self.leaving:
            yield from self._end(context)
        elif not self.join_id and self.waiting is None:
            yield StartTimer(self.timer, _LOST_OWNER_S)
            yield from self._wait(context)
        elif not self.join_id:
            yield context.fault("the conference's owner does not answer", None)
            yield from self._end(context, "failed")
        elif self._is_outside and not self.idle_id:
            self.idle_id = context.draw_id()
            yield AskIdle(self.idle_id)
            yield StartTimer(self.timer, _IDLE_S)
        elif self._is_outside:
            yield from self._take_for_inside(context)
        else:
            yield from self._go(context)

    def _go(self, context: StepContext) -> Commands:
        """Leave, if the switch has us in its conference; its report ends the verb."""
        if not self.join_id:
            yield from self._end(context)
        elif not self.leaving:
            self.leaving = True
            if self.participant is not None:
                yield LeaveConference(context.draw_id(), self.room, self.participant)
            elif self.begun:
                yield PartLegs(context.draw_id())  # parks the leg whatever runs on it; a guess, not measured
            yield StartTimer(self.timer, _LEAVING_S)

    def _end(self, context: StepContext, status: str = "answered", *, hung_up: bool = False) -> Commands:
        yield from self._stop_waiting(context)
        yield CancelTimer(self.timer)
        yield from self._exit(context, hung_up=hung_up)
        context.drop_typed()
        if self.verb.action is None:
            self.result = GoOn()
        else:
            told = (
                ("DialCallStatus", status),
                *(self.recording.parameters(context) if self.recording else ()),
            )
            self.result = AskFor(self.verb.action, self.verb.method, told, outlives_caller=True)

    def _exit(self, context: StepContext, *, hung_up: bool = False) -> Commands:
        if self.over:
            return
        self.over = True
        if self.recording is not None:
            yield from self.recording.stop(context)
        if self.join_id:
            if self.noun.beep_on_exit and self.entered and self.others:
                yield BeepConference(context.draw_id(), self.room)
            yield UnbindCall(f"conference {context.leg}")
        if self.entered:
            yield from self._say_goodbye(context, hung_up)
        elif self.known:
            yield LeaveRoom(self.room, self.noun.end_on_exit, hung_up, untold=True)

    def _say_goodbye(self, context: StepContext, hung_up: bool) -> Commands:
        """Who tells of the others tells of itself, too, and of what its leaving brings about, in order."""
        guest, ends = self._guest(context), self.noun.end_on_exit
        told = self.told
        if self._wants("leave"):
            yield from self._tell(RoomNotice("leave", told, guest, hung_up), context)
            told += 1
            for other in self.roster if ends else ():
                yield from self._tell(RoomNotice("leave", told, other), context)
                told += 1
        yield LeaveRoom(self.room, ends, hung_up)
        if self._wants("end") and (ends or not self.others):
            reason = EndReason.ENDING_MEMBER_LEFT if ends else EndReason.LAST_LEFT
            yield from self._tell(RoomNotice("end", told, reason=reason, ended_by=context.leg), context)

    def _wants(self, event: str) -> bool:
        return self.callback is not None and event in self.callback.events

    def _tell(self, notice: RoomNotice, context: StepContext) -> Commands:
        if self.callback is not None:
            told_sid = conference_sid(self.room, self.conference, context)
            told = conference_parameters(notice, told_sid, self.noun.name, context)
            series = f"conference {self.room} {self.conference}"
            yield from context.notify_of_account(self.callback.url, self.callback.method, told, series)
