"""Any course of events for a document, as hypothesis imagines it: in order, late, twice, for other legs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pivot.execute.call_data import Phase
from pivot.execute.machine import CallMachine
from pivot.execute.rules import Rules
from pivot.execute.state import CallState
from pivot.meeting.membership import ends
from pivot.model.call import PivotRequest
from pivot.model.codes import Code
from pivot.model.commands import (
    CancelTimer,
    Command,
    End,
    Fetch,
    Notify,
    StartTimer,
)
from pivot.model.dialling import (
    CallerId,
    CarrierDone,
    Endpoint,
    EndpointKind,
    EndpointsFound,
    Identity,
    LegControlled,
    LegCreated,
    LegFailed,
    LegPrepared,
    LegReady,
    LegRinging,
    LegsBridged,
    LegsParted,
)
from pivot.model.events import (
    ChannelAnswered,
    ChannelDestroyed,
    CommandFailed,
    DigitPressed,
    Drained,
    Event,
    Executed,
    Fetched,
    FetchFailed,
    FileSent,
    ListenedLate,
    RecordingStarted,
    RecordingStopped,
    Requested,
    TimerFired,
    Usurped,
)
from pivot.model.fetch import FetchFailure
from pivot.model.instructions import Callback
from pivot.model.notes import Note
from pivot.model.plain import from_json, to_json
from pivot.model.queues import EnterQueue, LeaveQueue, QueueChange, QueueNews, TakeFromQueue
from pivot.model.rooms import (
    BeepConference,
    ConferenceBegun,
    ConferenceJoined,
    EndReason,
    EnterRoom,
    Guest,
    LeaveRoom,
    RoomChange,
    RoomNews,
    RoomNotice,
)
from pivot.model.speech import DropSpeech, Synthesise, Synthesised, SynthesisFailed
from pivot.model.switch import Hangup, SendFile, SwitchCommand
from tests.calls import CALL_ID, pivot_request, twiml
from tests.rules import RULES

OF_THE_MACHINE = frozenset({"slow", "deadline", "goodbye", "watch", "held"})
BEGAN_AT = 1_710_237_600.0
"""Tue, 12 Mar 2024 10:00:00 +0000."""
TOLD_OF_ROOM = Callback("https://app.test/room", events=("start", "end", "join", "leave"))
SIDE_DOCUMENT = "<Say voice='kate'>one moment</Say><Gather numDigits='1' action='/side'/><Leave/><Hangup/>"


@dataclass
class History:
    """One call, told event by event; its state is written down and read again before each."""

    document: str
    rules: Rules = RULES
    request: PivotRequest = field(default_factory=pivot_request)
    done: list[Command | Note] = field(default_factory=list)
    after_end: list[Command | Note] = field(default_factory=list)
    """What left the engine when the caller's channel was gone."""
    timers: set[str] = field(default_factory=set)
    speeches: set[str] = field(default_factory=set)
    """Syntheses that have no end yet."""
    places: set[str] = field(default_factory=set)
    """Rooms and queues whose owner may think that we are in."""
    controlled: set[str] = field(default_factory=set)
    """Legs that had a control queue of their own at any time."""
    gone_legs: set[str] = field(default_factory=set)
    to_gone_legs: list[SwitchCommand] = field(default_factory=list)
    """Commands for other legs than the caller's that came after their end."""
    gone: bool = False
    at_s: float = 0.0

    def __post_init__(self) -> None:
        self.machine = CallMachine(CallState(self.request, seed="s"), self.rules)
        self.happens(Requested(10.0, began_at=BEGAN_AT))
        self.happens(Fetched(self.last(Fetch).request.fetch_id, twiml(self.document)))

    def last(self, kind: type[Any]) -> Any:
        return next(item for item in reversed(self.done) if isinstance(item, kind))

    def files(self) -> None:
        """The media server has put every file where it belongs."""
        for item in [item for item in self.done if isinstance(item, SendFile)]:
            self.happens(FileSent(item.msg_id, ok=True), after_s=0.02)

    def happens(self, event: Event, after_s: float = 0.1) -> list[Command | Note]:
        self.at_s += after_s
        if isinstance(event, TimerFired):
            self.timers.discard(event.name)
        if isinstance(event, Synthesised | SynthesisFailed):
            self.speeches.discard(event.speech_id)
        if isinstance(event, ChannelDestroyed) and event.call_id == CALL_ID:
            self.gone = True
        elif isinstance(event, ChannelDestroyed):
            self.gone_legs.add(event.call_id)
        if isinstance(event, RoomNews | QueueNews) and ends(event):
            self.places.discard(event.room if isinstance(event, RoomNews) else event.queue)
        self.machine = CallMachine(from_json(to_json(self.machine.state)), self.rules)
        items = self.machine.receive(event, self.at_s)
        self.controlled.update(self.machine.state.controls)
        for item in items:
            match item:
                case StartTimer(name):
                    self.timers.add(name)
                case CancelTimer(name):
                    self.timers.discard(name)
                case Synthesise(speech_id):
                    self.speeches.add(speech_id)
                case DropSpeech(speech_id):
                    self.speeches.discard(speech_id)
                case EnterRoom(place) | EnterQueue(place) | TakeFromQueue(place):
                    self.places.add(place)
                case LeaveRoom(place) | LeaveQueue(place):
                    self.places.discard(place)
                case End():
                    self.timers.clear()
                    self.speeches.clear()
                    self.places.clear()
        self.done += items
        self.to_gone_legs += [
            item
            for item in items
            if isinstance(item, SwitchCommand) and getattr(item, "leg", None) in self.gone_legs
        ]
        if self.gone:
            self.after_end += items
        return items

    @property
    def over(self) -> bool:
        return self.machine.state.phase is Phase.OVER

    def imagine(self, choice: int, which: int) -> None:
        """One event more: `choice` its kind, `which` the thing it is about, among those that there are."""
        event = KINDS[choice % len(KINDS)](self, which)
        if event is not None and not self.over:
            self.happens(event, after_s=(which % 7) * 0.4)

    def settle(self) -> None:
        """What is still awaited comes: answers first, then the machine's timers."""
        telling = self.machine.state.telling
        if telling:
            self.happens(FetchFailed(telling[0], FetchFailure(Code.FETCH_REFUSED, "no")))
        elif self.timers:
            self.happens(TimerFired(sorted(self.timers)[0]))

    # What has been seen of ids, for events about them

    def ids(self, *names: str) -> list[str]:
        found = [getattr(item, name) for item in self.done for name in names if hasattr(item, name)]
        return [each for each in found if isinstance(each, str) and each] or ["unknown"]

    def legs(self) -> list[str]:
        endpoints = [item.endpoint.call_id for item in self.done if hasattr(item, "endpoint")]
        for item in self.done:
            endpoints += [each.call_id for each in getattr(item, "endpoints", ())]
        return [*endpoints, "carrier-leg", "stranger"]

    # What must be true whatever happens

    def forgotten(self) -> set[str]:
        """Timers, syntheses and stays that go on although nobody in the state remembers them."""
        state = repr(to_json(self.machine.state))
        going_on = self.timers - OF_THE_MACHINE | self.speeches | self.places
        return {name for name in going_on if name not in state}

    def sent_to_the_dead(self) -> list[SwitchCommand]:
        """Commands to a channel after its end; a second hang-up is none."""
        return [item for item in self.to_gone_legs if not isinstance(item, Hangup)] + [
            item
            for item in self.after_end
            if isinstance(item, SwitchCommand)
            and not isinstance(item, SendFile | BeepConference)
            and not (isinstance(item, Hangup) and item.leg in self.controlled)
        ]


def _pick(items: list[str], which: int) -> str:
    return items[-1 - which % len(items)]


def _answer(history: History, which: int) -> Event:
    asked = [item.request.fetch_id for item in history.done if isinstance(item, Fetch)]
    fetch_id = _pick(asked, which // 4)
    if which % 4 == 3:
        return FetchFailed(fetch_id, FetchFailure(Code.FETCH_REFUSED, "no"))
    return Fetched(fetch_id, twiml((SIDE_DOCUMENT, "", history.document)[which % 4]))


def _timer(history: History, which: int) -> Event | None:
    return TimerFired(_pick(sorted(history.timers), which)) if history.timers else None


def _found(history: History, which: int) -> Event:
    phone = Endpoint("", "", EndpointKind.DEVICE, "user_1", "pbx.test")
    return EndpointsFound(
        _pick(history.ids("lookup_id"), which),
        ((phone,) * (which % 3),) * (which % 4),
        (None, Identity(outside=CallerId("+15550001000")))[which % 2],
        (None, True, False)[which % 3],
    )


KINDS: tuple[Callable[[History, int], Event | None], ...] = (
    _answer,
    _timer,
    _timer,
    _found,
    lambda history, which: Executed(CALL_ID, "noop", _pick(history.ids("noop_id"), which)),
    lambda history, which: Executed(
        CALL_ID, "bridge", ("NORMAL_CLEARING", "USER_BUSY")[which % 2], (False, None, True)[which % 3]
    ),
    lambda history, which: Executed(_pick(history.legs(), which), "noop", _pick(history.ids("noop_id"), 0)),
    lambda history, which: Executed(CALL_ID, "conference", None, (False, None, True)[which % 3]),
    lambda history, which: DigitPressed((CALL_ID, *history.legs())[which % 2], "12*#"[which % 4]),
    lambda history, which: RoomNews(
        _pick(history.ids("room"), which),
        tuple(RoomChange)[which % len(RoomChange)],
        others=which % 3,
        started=which % 2 == 0,
        callback=(None, TOLD_OF_ROOM)[which % 2],
        notices=(RoomNotice("leave", which, Guest("other"), reason=(None, *EndReason)[which % 4]),),
        participant=which % 4,
        records=which % 5 == 0,
    ),
    lambda history, which: QueueNews(
        _pick(history.ids("queue"), which),
        tuple(QueueChange)[which % len(QueueChange)],
        ("other-caller", "agent")[which % 2],
        position=which % 3,
        size=which,
        whisper=(None, Callback("https://app.test/about"))[which % 2],
    ),
    lambda history, which: ConferenceJoined((CALL_ID, "stranger")[which % 2], which),
    lambda history, which: ConferenceBegun((CALL_ID, "stranger")[which % 2]),
    lambda history, which: LegCreated(CALL_ID, _pick(history.legs(), which)),
    lambda history, which: LegRinging(_pick(history.legs(), which)),
    lambda history, which: ChannelAnswered(_pick(history.legs(), which)),
    lambda history, which: LegsBridged(CALL_ID, _pick(history.legs(), which)),
    lambda history, which: LegsParted(CALL_ID, (False, None, True)[which % 3]),
    lambda history, which: CarrierDone(_pick(history.ids("msg_id"), which), "USER_BUSY", "sip:486"),
    lambda history, which: LegControlled(
        _pick(history.ids("msg_id"), which), _pick(history.legs(), which), "queue"
    ),
    lambda history, which: LegPrepared(
        _pick(history.ids("msg_id"), which), _pick(history.legs(), which), "queue", "originate"
    ),
    lambda history, which: LegReady(_pick(history.ids("msg_id"), which), "any"),
    lambda history, which: LegFailed(_pick(history.ids("msg_id"), which), "NO_ANSWER"),
    lambda history, which: ChannelDestroyed(_pick(history.legs(), which), "USER_BUSY", "sip:486"),
    lambda history, which: CommandFailed("Any", Code.CALL_COMMAND, "no", _pick(history.ids("msg_id"), which)),
    lambda history, which: RecordingStarted(CALL_ID, f"/tmp/{_pick(history.ids('name'), which)}"),
    lambda history, which: RecordingStopped(
        CALL_ID, f"/tmp/{_pick(history.ids('name'), which)}", which * 1.0
    ),
    lambda history, which: FileSent(_pick(history.ids("msg_id"), which), ok=which % 2 == 0),
    lambda history, which: Synthesised(_pick(history.ids("speech_id"), which), "http://127.0.0.1/a.wav"),
    lambda history, which: SynthesisFailed(_pick(history.ids("speech_id"), which), "no"),
    lambda history, which: Executed(CALL_ID, "play", ("FILE NOT FOUND", "FILE PLAYED")[which % 2]),
    lambda history, which: ListenedLate((CALL_ID, *history.legs())[which % 3]),
    lambda history, which: Usurped("other", _pick(history.legs(), which)),
    lambda history, which: ChannelDestroyed(CALL_ID, "NORMAL_CLEARING") if which % 5 == 0 else None,
    lambda history, which: Drained() if which % 13 == 0 else None,
)
"""Kinds of events; those that end the call at once come seldom."""


def notices(history: History) -> list[Notify]:
    return [item for item in history.done if isinstance(item, Notify)]
