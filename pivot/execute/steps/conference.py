"""Dial Conference: wait for the conference to start, be in it, and go on afterwards.

While it has not started the caller is outside the switch's conference and hears the wait document or
music. The room's owner tells who comes and goes; one member tells the callback of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.aside import Aside
from pivot.execute.dialling.tape import Tape
from pivot.execute.ids import call_sid, sid
from pivot.execute.line import Course, Line
from pivot.execute.step import AskFor, GoOn, Result
from pivot.model.commands import BindCall, CancelTimer, StartTimer, UnbindCall
from pivot.model.dialling import HoldMusic
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    TimerFired,
)
from pivot.model.instructions import Callback, ConferenceNoun, DialVerb
from pivot.model.notes import Waiting
from pivot.model.plain import plain
from pivot.model.rooms import (
    BeepConference,
    ConferenceJoined,
    EnterRoom,
    JoinConference,
    LeaveConference,
    LeaveRoom,
    RoomChange,
    RoomNews,
    room_id,
)
from pivot.model.switch import StopMedia
from pivot.translate.twiml.places import Place

_FULL = 16020
_LEAVING_S = 3.0


@plain
@dataclass(slots=True)
class ConferenceStep:
    """One caller in one room."""

    verb: DialVerb
    noun: ConferenceNoun
    room: str = ""
    entered: bool = False
    waiting: Aside | None = None
    holding: bool = False
    join_id: str = ""
    participant: int | None = None
    leaving: bool = False
    over: bool = False
    others: int = 0
    callback: Callback | None = None
    told: int = 0
    timer: str = ""
    tape: Tape | None = None
    result: Result | None = None

    def start(self, line: Line) -> Course:
        line.state.dialled = True
        yield from line.pick_up()
        account_id = line.state.request.call.account_id or ""
        self.room = room_id(account_id, self.noun.name)
        self.timer = f"conference {line.draw_id()}"
        noun = self.noun
        yield EnterRoom(
            self.room,
            noun.name,
            noun.start_on_enter,
            noun.max_participants,
            noun.muted,
            line.resolved(noun.status),
        )
        if noun.coach is not None:
            yield line.warn("coach has no effect yet: this caller is heard by all", None)

    def receive(self, event: Event, line: Line) -> Course:
        match event:
            case RoomNews(room=room) if room == self.room and not self.over:
                yield from self._news(event, line)
            case ConferenceJoined(call_id, participant) if call_id == line.leg:
                self.participant = participant
                if self.leaving:
                    yield LeaveConference(line.draw_id(), self.room, participant)
            case Executed(call_id, "conference") if call_id == line.leg and self.join_id:
                yield from self._end(line)
            case CommandFailed(msg_id=msg_id) if msg_id is not None and msg_id == self.join_id:
                yield from self._end(line, "failed")
            case TimerFired(name) if name == self.timer:
                yield from self._timed(line)
            case DigitPressed(call_id, digit) if call_id == line.leg and digit == self.verb.hangup_on:
                yield from self._go(line)
            case ChannelDestroyed(call_id) if call_id == line.leg:
                yield from self._end(line)
            case _ if self.waiting is not None:
                yield from self.waiting.receive(event, line)
                if self.waiting.result is not None:  # what is left is silence
                    self.waiting = None

    def stop(self, line: Line) -> Course:
        yield from self._stop_waiting(line)
        yield CancelTimer(self.timer)
        yield from self._exit(line)

    # In the room

    def _news(self, news: RoomNews, line: Line) -> Course:
        self.others = news.others
        self.callback = news.callback or self.callback
        match news.change:
            case RoomChange.FULL:
                yield line.fault(f"the conference {self.noun.name[:40]!r} is full", _FULL)
                yield from self._end(line, "failed")
            case RoomChange.ENTERED:
                self.entered = True
                yield from self._tell("join", "participant-join", line, line.leg)
                yield from self._join(line) if news.started else self._wait(line)
            case RoomChange.JOINED:
                yield from self._tell("join", "participant-join", line, news.member)
            case RoomChange.LEFT:
                yield from self._tell("leave", "participant-leave", line, news.member)
            case RoomChange.STARTED:
                yield from self._tell("start", "conference-start", line)
                if not self.join_id:
                    yield from self._join(line)
            case RoomChange.ENDED:
                self.entered = False
                yield from self._tell("end", "conference-end", line)
                yield from self._go(line)

    def _wait(self, line: Line) -> Course:
        noun = self.noun
        if noun.wait_url is None:
            self.holding = True
            yield HoldMusic(line.draw_id())
        elif noun.wait_url and not line.profile.wait_url_is_document:
            self.holding = True
            yield HoldMusic(line.draw_id(), line.media(noun.wait_url))
        elif noun.wait_url:
            yield Waiting(line.resolve(noun.wait_url))
            self.waiting = Aside(line.leg, Place.CONFERENCE_WAIT)
            yield from self.waiting.ask(noun.wait_url, noun.wait_method, line)
        else:
            yield Waiting(None)

    def _stop_waiting(self, line: Line) -> Course:
        if self.waiting is not None:
            yield from self.waiting.stop(line)
            self.waiting = None
        if self.holding:
            self.holding = False
            yield StopMedia(line.draw_id())

    def _join(self, line: Line) -> Course:
        yield from self._stop_waiting(line)
        self.join_id = line.draw_id()
        yield BindCall(f"conference {line.leg}")
        yield JoinConference(self.join_id, self.room, self.noun.muted)
        if self.noun.beep_on_enter:
            yield BeepConference(line.draw_id(), self.room)
        if self.noun.record:
            self.tape = Tape.of_conference(self.noun, line)
            yield from self.tape.start(line)
        yield StartTimer(self.timer, self.verb.time_limit_s)

    # Out of it

    def _timed(self, line: Line) -> Course:
        """The limit of time; or leaving took too long, and the caller must not be stuck."""
        yield from self._end(line) if self.leaving else self._go(line)

    def _go(self, line: Line) -> Course:
        """Leave, if the switch has us in its conference; its report ends the verb."""
        if not self.join_id:
            yield from self._end(line)
        elif not self.leaving:
            self.leaving = True
            if self.participant is not None:
                yield LeaveConference(line.draw_id(), self.room, self.participant)
            yield StartTimer(self.timer, _LEAVING_S)

    def _end(self, line: Line, status: str = "answered") -> Course:
        yield from self._stop_waiting(line)
        yield CancelTimer(self.timer)
        yield from self._exit(line)
        if self.verb.action is None:
            self.result = GoOn()
        else:
            told = (("DialCallStatus", status), *(self.tape.parameters(line) if self.tape else ()))
            self.result = AskFor(self.verb.action, self.verb.method, told)

    def _exit(self, line: Line) -> Course:
        if self.over:
            return
        self.over = True
        if self.tape is not None:
            yield from self.tape.stop(line)
        if self.join_id:
            if self.noun.beep_on_exit and self.entered and self.others:
                yield BeepConference(line.draw_id(), self.room)
            yield UnbindCall(f"conference {line.leg}")
        if self.entered:
            yield from self._tell("leave", "participant-leave", line, line.leg)
            ends = self.noun.end_on_exit
            yield LeaveRoom(self.room, ends)
            if ends or not self.others:
                yield from self._tell("end", "conference-end", line)

    def _tell(self, event: str, word: str, line: Line, member: str = "") -> Course:
        """Only the member who was given the callback tells."""
        callback = self.callback
        if callback is None or event not in callback.events:
            return
        number, self.told = self.told, self.told + 1
        told = (
            ("ConferenceSid", sid(line.profile, "CF", self.room)),
            ("FriendlyName", self.noun.name),
            ("SequenceNumber", str(number)),
            ("StatusCallbackEvent", word),
            *((("CallSid", call_sid(line.profile, member)),) if member else ()),
        )
        yield from line.notify(callback.url, callback.method, told)
