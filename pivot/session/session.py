"""One live call: events go into the engine one by one, and its commands are performed in order."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeGuard

import structlog

from pivot.errors import BusError
from pivot.execute.call_data import Phase
from pivot.execute.machine import CallMachine
from pivot.execute.rules import Rules
from pivot.model.codes import Code
from pivot.model.commands import (
    Acknowledge,
    BindCall,
    CancelFetch,
    CancelTimer,
    Command,
    End,
    Fetch,
    HandOverFlow,
    Notify,
    RecordOwnership,
    SayProcessing,
    SendMessage,
    StartTimer,
    UnbindCall,
)
from pivot.model.dialling import LookUpEndpoints
from pivot.model.events import CommandFailed, Event, Notified, TimerFired
from pivot.model.json import JsonObject
from pivot.model.notes import (
    AnswerAccepted,
    AnswerRefused,
    CallFailed,
    Emulated,
    Moment,
    Note,
    Noticed,
    Unsupported,
    Waiting,
)
from pivot.model.plain import from_json, to_json
from pivot.model.queues import AskPlace, EnterQueue, LeaveQueue, SayJoined, SayReady, TakeFromQueue
from pivot.model.rooms import EnterRoom, LeaveRoom, SayParticipant
from pivot.model.speech import (
    DropSpeech,
    PrepareSpeech,
    Synthesise,
)
from pivot.model.switch import Hangup, SwitchCommand
from pivot.session.background import BackgroundTasks
from pivot.session.event_queue import EventQueue
from pivot.session.listening import BindingFailed, Listening
from pivot.session.ports import Delivery, Observer
from pivot.session.publishing import Publishing
from pivot.session.world import World

log = structlog.get_logger()

_AT_A_TIME = 50
"""Commands and notes of one call, after which other calls have their turn."""


class Session:
    """Hosts the engine of one call until it ends.

    Args:
        machine: the call's engine, new or rebuilt.
        delivery: the request's delivery, settled when the engine says so.
        world: what commands are performed with.
        observers: told of every event, command and note; may fail without harm.
    """

    def __init__(
        self, machine: CallMachine, delivery: Delivery, world: World, observers: tuple[Observer, ...] = ()
    ) -> None:
        self._machine = machine
        self._delivery = delivery
        self._world = world
        self._observers = observers
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._events = EventQueue()
        self._outstanding: deque[Command | Note] = deque()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._beside = BackgroundTasks(machine.state.request.call, world, machine.rules, self._events.post)
        self._listening = Listening(world.bus, self._events.post)
        self._owned = False
        self._meets = False
        self._publishing = Publishing(machine, delivery, world.bus)
        self._settled = False
        self._end: End | None = None

    @property
    def call_id(self) -> str:
        """Id of the caller's leg."""
        return self._machine.state.request.call.call_id

    @property
    def _account_id(self) -> str | None:
        return self._machine.state.request.call.account_id

    @property
    def iteration(self) -> int:
        """Number of the current fetch; the first is 1."""
        return self._machine.state.iteration

    @property
    def settled(self) -> bool:
        """Whether the request was acknowledged here, or it was tried."""
        return self._settled

    def at_s(self) -> float:
        """Seconds since the request came."""
        return self._loop.time() - self._began

    def post(self, event: Event) -> None:
        """Hand an event to the call; it is seen after those that came before."""
        self._events.post(event)

    async def run(self) -> End:
        """Live until the call's end; leaves no timer, fetch or binding behind."""
        try:
            while True:
                await self._perform_outstanding()
                if self._end is not None:
                    return self._end
                self._react(await self._events.first())
                self._events.waiting.popleft()
        finally:
            await self._clean_up()

    def _react(self, event: Event) -> None:
        self.tell(event)
        at_s = self.at_s()
        try:
            self._outstanding.extend(self._machine.receive(event, at_s))
        except Exception as error:
            log.exception("session.crashed", call_id=self.call_id, on=type(event).__name__)
            self._outstanding.extend(self._machine.abandon(Code.WORKER_CRASH, repr(error), at_s))

    async def _perform_outstanding(self) -> None:
        performed = 0
        while self._outstanding:
            performed += 1
            if performed % _AT_A_TIME == 0:
                await asyncio.sleep(
                    0
                )  # most commands wait for nothing, and a document may lead to a thousand
            item = self._outstanding[0]
            self.tell(item)
            try:
                await self._perform(item)
            except BindingFailed as error:
                return self._failed(error.code, str(error), BindCall.__name__)
            except BusError as error:
                if self._is_elsewhere(item):
                    self._outstanding.popleft()
                    self.post(CommandFailed(type(item).__name__, error.code, str(error), item.msg_id))
                    continue
                return self._failed(error.code, str(error))
            except Exception as error:
                log.exception("session.crashed", call_id=self.call_id, on=type(item).__name__)
                return self._failed(Code.WORKER_CRASH, repr(error))
            self._outstanding.popleft()

    def _failed(self, code: Code, message: str, before: str = "") -> None:
        """What stood behind it was meant to happen only after it: the engine decides anew.

        `before` names the command that failed when it had been begun before the outstanding ones.
        """
        command, *dropped = filter(None, (before, *(type(each).__name__ for each in self._outstanding)))
        self._outstanding.clear()
        self._events.waiting.appendleft(CommandFailed(command, code, message, dropped=tuple(dropped)))

    def _is_elsewhere(self, item: Command | Note) -> TypeGuard[SwitchCommand | SendMessage]:
        """A message, or for a leg with a control queue of its own: its loss is not the caller's."""
        if isinstance(item, SendMessage):
            return True
        if not isinstance(item, SwitchCommand):
            return False
        return self._machine.call_for(item).call_id != self.call_id

    async def _perform(self, item: Command | Note) -> None:
        match item:
            case Fetch():
                self._beside.fetch(item)
            case CancelFetch(fetch_id):
                await self._beside.cancel_fetch(fetch_id)
            case Notify():
                self._beside.notify(item, self._notified)
            case StartTimer(name, delay_s):
                self._start_timer(name, delay_s)
            case CancelTimer(name):
                self._stop_timer(name)
            case BindCall(call_id):
                self._listening.begin(call_id)
            case UnbindCall(call_id):
                self._listening.end(call_id)
            case LookUpEndpoints():
                self._beside.look_up(item)
            case (
                EnterRoom()
                | LeaveRoom()
                | SayParticipant()
                | EnterQueue()
                | AskPlace()
                | SayReady()
                | LeaveQueue()
                | TakeFromQueue()
                | SayJoined()
            ):
                self._meets = True
                self._world.meetings.perform(self.call_id, item, self._events.post)
            case Synthesise():
                self._beside.synthesise(item)
            case DropSpeech(speech_id):
                await self._beside.drop_speech(speech_id)
            case PrepareSpeech(wish):
                self._world.speech.prepare(self._account_id, wish)
            case RecordOwnership():
                await self._world.ownership.record(self.call_id, self.snapshot)
                self._owned = True
            case Acknowledge():
                self._settled = True
                await self._publishing.until_ours(self.at_s)
                await self._delivery.acknowledge()
            case SayProcessing():
                await self._listening.ready()
                await self._publishing.say_processing(item, self.at_s)
            case HandOverFlow():
                await self._publishing.insist(item, self.at_s)
            case Hangup() if self._machine.state.phase is Phase.OVER:
                await self._publishing.insist(item, self.at_s)
            case End():
                self._end = item
            case AnswerAccepted() | AnswerRefused() | Noticed() | CallFailed() | Waiting():
                pass
            case Unsupported() | Emulated():
                pass
            case command:
                await self._listening.ready()
                if self._delivery.lost:
                    raise BusError(Code.BUS_LOST, "the request went back to the queue, for another worker")
                await self._publishing.send(command)

    def _notified(self, event: Notified) -> None:
        if self._end is None:
            self.post(event)
        else:
            self.tell(event)

    def _start_timer(self, name: str, delay_s: float) -> None:
        self._stop_timer(name)
        self._timers[name] = self._loop.call_later(max(0.0, delay_s), self._fire, name)

    def _stop_timer(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _fire(self, name: str) -> None:
        del self._timers[name]
        self.post(TimerFired(name))

    def tell(self, moment: Moment) -> None:
        """Let the observers see a moment; what goes wrong in them stays there."""
        if not self._observers:
            return
        at_s = self.at_s()
        for observer in self._observers:
            try:
                observer.saw(moment, at_s)
            except Exception:
                log.exception("session.observer_failed", call_id=self.call_id, moment=type(moment).__name__)

    async def _clean_up(self) -> None:
        if self._meets:
            self._world.meetings.leave(self.call_id)
        for name in list(self._timers):
            self._stop_timer(name)
        await self._listening.stop()
        if self._owned:
            with suppress(BusError):
                await self._world.ownership.release(self.call_id)
        await self._beside.stop()

    # Written down and rebuilt

    def snapshot(self) -> JsonObject:
        """All that another worker needs to go on with this call, as JSON."""
        now = self._world.now()
        timers = {name: now + timer.when() - self._loop.time() for name, timer in self._timers.items()}
        return {
            "state": to_json(self._machine.state),
            "began_at": now - self.at_s(),
            "timers_due_at": timers,
            **self._beside.written(),
            "bound": self._listening.legs,
            "outstanding": [to_json(item) for item in self._outstanding],
            "inbox": [to_json(event) for event in self._events.waiting],
        }

    @classmethod
    def rebuild(
        cls,
        snapshot: Any,
        rules: Rules,
        delivery: Delivery,
        world: World,
        observers: tuple[Observer, ...] = (),
    ) -> Session:
        """A session that goes on where `snapshot` was taken, perhaps in another process.

        Bindings are made again, what was asked for and not answered yet is asked for again, fetches, speech,
        look-ups and notices, and timers keep their due times.
        """
        session = cls(CallMachine(from_json(snapshot["state"]), rules), delivery, world, observers)
        now = world.now()
        session._began -= now - snapshot["began_at"]
        session._outstanding.extend(BindCall(call_id) for call_id in snapshot["bound"])
        for command, ends_at in snapshot["fetches"]:
            fetch: Fetch = from_json(command)
            request = replace(fetch.request, deadline_s=ends_at - now)
            session._outstanding.append(replace(fetch, request=request))
        for kind in ("speeches", "asides", "outstanding"):
            session._outstanding.extend(from_json(item) for item in snapshot[kind])
        for event in snapshot["inbox"]:
            session.post(from_json(event))
        for name, due_at in snapshot["timers_due_at"].items():
            session._start_timer(name, due_at - now)
        return session
