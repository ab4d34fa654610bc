"""One case on the engine: session, switch and caller on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import quote, urljoin

from pivot.execute.machine import CallMachine
from pivot.execute.rules import Rules
from pivot.execute.state import CallState
from pivot.meeting.local import LocalMeetings
from pivot.meeting.rooms import RoomTable
from pivot.model.call import Call, Method, Party, PivotRequest
from pivot.model.codes import Code
from pivot.model.commands import BusCommand, End, HandOverFlow, SayFailed, SayProcessing, StartTimer
from pivot.model.events import FetchFailed, Requested
from pivot.model.notes import (
    AnswerAccepted,
    AnswerRefused,
    CallFailed,
    Emulated,
    Moment,
    Noticed,
    Unsupported,
    Waiting,
)
from pivot.model.queues import EnterQueue, LeaveQueue, QueueChange, QueueNews, TakeFromQueue
from pivot.model.rooms import EnterRoom, LeaveRoom, RoomChange, RoomNews, room_id
from pivot.model.speech import Repertoire
from pivot.session.ports import Fetcher
from pivot.session.session import Session
from pivot.session.world import World
from pivot.sim.behaviour import DOCUMENTED, SwitchBehaviour
from pivot.sim.caller import follow_script
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeBus, FakeDelivery, FakeOwnership, FakePhones, FakeSpeech
from pivot.sim.guests import Guests
from pivot.sim.leg import Observed
from pivot.sim.publisher import Clock
from pivot.sim.switch import SimulatedSwitch
from tests.conformance.bystanders import BYSTANDER, Bystanders
from tests.conformance.cases import VOICE_URL, Case, Item
from tests.conformance.servers import CaseFetcher, Servers
from tests.rules import RULES

CALL_ID = "CA00112233445566778899aabbccddeeff"
ACCOUNT_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
APOLOGY = "We are sorry, an application error has occurred. Goodbye."
ALSO_ERRORS = frozenset({31920})
"""Numbers of warnings that Twilio's catalogue counts among the errors."""
_LIMIT_S = 20_000.0
BEGAN_AT = 1_710_237_600.0
"""When every case's call begins: Tue, 12 Mar 2024 10:00:00 +0000."""


def rules_for_cases() -> Rules:
    """Twilio's profile: cases on Kazoo's own verbs, too, expect its ids and its way of completing URLs.

    A speech plug-in has one of the voices that are Twilio's alone.
    """
    translate = replace(RULES.translate, speech=Repertoire(("Polly.Joanna",)))
    return replace(
        RULES,
        translate=translate,
        profile="twilio",
        apology=APOLOGY,
        stream_gateway="sip:streams@gateway.test",
        refer_dials=True,
        sends_messages=True,
    )


def request_for(case: Case, base: str = "") -> PivotRequest:
    """What callflow would ask; `base` stands for the servers' real address."""
    call = case.call
    number = Party("+15550001111", "carrier.test")
    caller = Party("alice", "sip.test") if call.get("sip") else number
    url = case.voice_url
    if call.get("fallback_url"):
        fallback = (
            base + urljoin(VOICE_URL, call["fallback_url"]) if not base else base + call["fallback_url"]
        )
        url += ("&" if "#" in url else "#") + "fb=" + quote(fallback, safe="")
    status = call.get("status_callback")
    return PivotRequest(
        msg_id="m1",
        call=Call(
            call_id=CALL_ID,
            account_id=ACCOUNT_ID,
            control_queue="control-queue",
            controller_queue="controller-queue",
            from_=caller,
            to=Party("+15552223333", "pbx.test"),
            request=Party("+15552223333", "pbx.test"),
            caller_id_name="Bob",
            caller_id_number="+15550001111",
            switch_nodename="freeswitch@media1.test",
        ),
        voice_uri=url,
        method=Method(call.get("voice_method", "POST").lower()),
        cdr_uri=urljoin(VOICE_URL, status) if status else None,
    )


class Known(Protocol):
    """What is asked of a call's state."""

    @property
    def call_status(self) -> str: ...

    @property
    def user_variables(self) -> tuple[tuple[str, str], ...]: ...


@dataclass
class Watcher:
    """Writes down what a bystander sees of a session, in the words of the cases."""

    seen: list[Item]
    state: Known
    speech: FakeSpeech = field(default_factory=FakeSpeech)
    """Knows what each of its sounds says."""
    variables: dict[str, str] = field(default_factory=dict)
    refers: bool = False
    """The next party that is dialled is a Refer's."""
    queue: str = ""
    """The one that the call waits in or takes from."""

    def saw(self, moment: Moment, at_s: float) -> None:
        self.see_variables()
        match moment:
            case AnswerAccepted(warnings=warnings):
                for warning in warnings:
                    self.see("warn", code=warning.twilio_code)
                    if warning.twilio_code in ALSO_ERRORS:
                        self.see("error", code=warning.twilio_code)
            case AnswerRefused(code=code) | CallFailed(code=code):
                self.see("error", code=code.twilio_number)
            case FetchFailed(failure=failure):
                self.see("error", code=failure.code.twilio_number)
            case Noticed(twilio_code=number, is_error=is_error):
                self.see("error" if is_error else "warn", code=number)
            case Unsupported(verb=verb):
                self.see("unsupported", verb=verb)
            case Emulated(verb="Refer"):
                self.refers = True
            case EnterRoom(name=name, guest=guest):
                start, muted = str(guest.starts).lower(), str(guest.muted).lower()
                self.see("conference_join", name=name, start=start, muted=muted)
            case Waiting(url=url):
                self.see("wait_music", url=url)
            case RoomNews(change=RoomChange.STARTED):
                self.see("conference_start")
            case LeaveRoom(ends=ends):
                self.see("conference_leave")
                if ends:
                    self.see("conference_end")
            case RoomNews(change=RoomChange.ENDED):
                self.see("conference_leave")
            case EnterQueue(name=name) | TakeFromQueue(name=name):
                self.queue = name
            case QueueNews(change=QueueChange.ENTERED):
                self.see("queue_join", name=self.queue)
            case QueueNews(change=QueueChange.AWAITING):
                self.see("queue_wait", name=self.queue)
            case QueueNews(change=QueueChange.TAKEN) | LeaveQueue():
                self.see("queue_leave")
            case StartTimer(name, delay_s) if name.startswith("pause "):
                self.see("pause", seconds=f"{delay_s:g}")
            case SayFailed():  # callflow goes on with its own way to end a call
                self.see("error_prompt")
                self.see("hangup")
            case End():
                self.see("end", status=self.state.call_status)

    def see(self, op: str, **details: object) -> None:
        self.seen.append({"op": op, **details})

    def see_variables(self) -> None:
        for name, value in self.state.user_variables:
            if self.variables.get(name) != value:
                self.variables[name] = value
                self.see("set", key=name, value=value)

    def notice(self, observed: Observed) -> None:
        """What the switch shows of this call and of the parties it rings."""
        if observed.details.get("leg") == BYSTANDER:
            return
        wish = self.speech.spoken.get(str(observed.details.get("url")))
        if observed.op == "play" and wish is not None:  # who hears the plug-in's sound hears its text
            told = {"text": wish.text, "voice": wish.voice, "language": wish.language}
            self.see("say", leg=observed.details.get("leg"), **told)
            return
        if self.refers and observed.op == "dial":
            self.refers = False
            self.see("refer", to=(observed.details["targets"] or ("",))[0])
        is_apology = observed.op == "say" and observed.details.get("text") == APOLOGY
        self.see("error_prompt" if is_apology else observed.op, **observed.details)


def run_on_engine(case: Case, behaviour: SwitchBehaviour = DOCUMENTED) -> list[Item]:
    """Everything that is seen of a case's call, in order."""
    return timed_on_engine(case, behaviour)[0]


def timed_on_engine(case: Case, behaviour: SwitchBehaviour = DOCUMENTED) -> tuple[list[Item], float]:
    """That, and how many seconds the call lasts."""
    seen: list[Item] = []

    async def live() -> float:
        servers = Servers(case)
        loop = asyncio.get_running_loop()
        fetcher = CaseFetcher(servers, seen)
        await live_call(case, request_for(case), seen, fetcher, servers.sound_of, loop, behaviour)
        return loop.time()

    return seen, run_virtually(live())


async def live_call(
    case: Case,
    request: PivotRequest,
    seen: list[Item],
    fetcher: Fetcher,
    sound_of: Callable[[str], str | None],
    clock: Clock,
    behaviour: SwitchBehaviour = DOCUMENTED,
) -> None:
    """One call from callflow's question to the end of the session."""
    state = CallState(request, seed=case.id)
    watcher = Watcher(seen, state)
    switch: SimulatedSwitch
    others: Bystanders

    def perform(call: Call, command: BusCommand) -> None:
        if not isinstance(command, SayFailed | SayProcessing | HandOverFlow):
            others.perform(call.call_id if call.call_id in others.calls else CALL_ID, command)

    bus = FakeBus(perform)
    switch = SimulatedSwitch(clock, bus.deliver, watcher.notice, sound_of, behaviour)
    switch.ring(CALL_ID)
    loop = asyncio.get_running_loop()
    meetings = LocalMeetings(loop.time)
    world = World(bus, fetcher, FakeOwnership(), loop.time, meetings, FakePhones(), watcher.speech)
    session = Session(CallMachine(state, rules_for_cases()), FakeDelivery(request), world, (watcher,))
    let_guests_in(case, meetings.rooms, ACCOUNT_ID).follow(case.script, clock)
    others = Bystanders(case, request, world, switch, meetings.queues)
    await others.come()
    follow_script(case.script, switch, CALL_ID, clock)
    others.follow(case.script, clock)
    session.post(Requested(10.0, began_at=BEGAN_AT))
    try:
        async with asyncio.timeout(_LIMIT_S):
            await session.run()
    except TimeoutError:
        watcher.see("error", code=Code.WORKER_CRASH)
    finally:
        await others.go()


def let_guests_in(case: Case, rooms: RoomTable, account_id: str) -> Guests:
    """Those who are in the case's conference already; they come and go by its script."""
    guests, there = Guests(rooms, room_id(account_id, "Room 1")), case.call.get("conference") or {}
    for _ in range(there.get("participants", 0)):
        guests.join(starts=bool(there.get("started")))
    return guests
