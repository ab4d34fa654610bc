"""Whatever happens in whatever order: the engine never raises, and is silent after the end."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pivot.execute.call_data import Phase
from pivot.execute.machine import CallMachine
from pivot.execute.state import CallState
from pivot.model.codes import Code
from pivot.model.commands import CancelTimer, Command, End, Fetch, StartTimer
from pivot.model.dialling import LegFailed, LegPrepared, LegReady, LegsBridged, LegsParted
from pivot.model.events import (
    ChannelAnswered,
    ChannelDestroyed,
    ChannelFound,
    CommandFailed,
    DigitPressed,
    Drained,
    Event,
    Executed,
    Fetched,
    FetchFailed,
    FileSent,
    RecordingStarted,
    RecordingStopped,
    Requested,
    TimerFired,
    Usurped,
)
from pivot.model.fetch import FetchFailure
from pivot.model.notes import Note
from pivot.model.plain import from_json, to_json
from pivot.model.speech import Synthesise, Synthesised, SynthesisFailed
from pivot.model.switch import RecordLeg, SendFile, SwitchCommand
from tests.calls import CALL_ID, answer, pivot_request, twiml
from tests.rules import RULES_WITH_PLUGIN as RULES

PROMPTS = ("<Say>a</Say>", "<Say loop='2' voice='kate'>b</Say>", "<Play>/a.wav</Play>", "<Pause/>")
VERBS = st.sampled_from(
    [
        *PROMPTS,
        "<Play digits='12'/>",
        "<Gather/>",
        "<Gather numDigits='2'><Say>a</Say><Pause/><Play>/b.wav</Play></Gather>",
        "<Gather actionOnEmptyResult='true' bargeIn='false'><Say>a</Say></Gather>",
        "<Gather numDigits='1'><Say voice='kate'>a</Say><Say voice='Polly.Joanna'>b</Say></Gather>",
        "<Gather input='speech dtmf' timeout='1'><Say>a</Say></Gather>",
        "<Record/>",
        "<Record recordingStatusCallback='/s' recordingStatusCallbackEvent='in-progress completed absent'/>",
        "<Record timeout='0' playBeep='false'/>",
        "<Echo/>",
        "<Redirect/>",
        "<Reject/>",
        "<Hangup/>",
        "<Set><Variable key='a' value='b'/></Set>",
        "<Pay action='/p'/>",
        "<Sms action='/s'>x</Sms>",
        "<Sms to='5550001111' from='5554443333'>x</Sms>",
        "<Leave/>",
        "<Dial>+15550009999</Dial>",
        "<Dial action='/d'><Number url='/w' statusCallback='/s'>+15550009999</Number></Dial>",
        "<Dial action='/d'><Sip>sip:a@b.test</Sip></Dial>",
        "<Dial hangupOnStar='true'><Conference waitUrl='/w'>room</Conference></Dial>",
        "<Dial><Queue>q</Queue></Dial>",
        "<Enqueue waitUrl='/w' action='/q'>q</Enqueue>",
        "<Start><Recording/></Start>",
        "<Stop><Recording/></Stop>",
        "<Start><Recording name='r' recordingStatusCallback='/s'/></Start><Pause/>",
        "<Stop><Recording name='r'/></Stop>",
        "<Start><Stream url='wss://a.test/s' statusCallback='/s'/></Start>",
        "<Start><Transcription name='t' track='both_tracks'/></Start>",
        "<Stop><Stream/></Stop>",
        "<Refer action='/rf'><Sip>sip:a@b.test</Sip></Refer>",
        "<Connect action='/c'><Stream url='wss://a.test/s'/></Connect>",
        "<Connect><ConversationRelay url='wss://a.test/r'/></Connect>",
    ]
)
DOCUMENTS = st.lists(VERBS, max_size=4).map(lambda verbs: twiml("".join(verbs)))
WORDS = (
    "done key # spoken unspoken complaint answered found recorded silent started sent unsent timer fetched",
    "failed bad",
    "refused lost returned hangup usurped drain other",
    "prepared ready failed-leg bridged parted over leg-gone",
)
HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(" ".join(WORDS).split()), DOCUMENTS, st.integers(0, 7)), max_size=25
)


class Life:
    """One call's engine, written down and read again after every event, and all that left it."""

    def __init__(self, profile: str, cdr: bool) -> None:
        request = pivot_request(cdr_uri="http://127.0.0.1/cdr" if cdr else None)
        gateway = "sip:streams@gateway.test"
        self._rules = replace(
            RULES, profile=profile, stream_gateway=gateway, refer_dials=True, sends_messages=True
        )
        self.state = CallState(request, seed="s")
        self.left: list[Command | Note] = []
        self.after_the_end: list[Command | Note] = []
        self.timers: list[str] = []
        self._fetches: list[str] = []
        self._gone = False
        self.happens(Requested(10.0))

    def happens(self, event: Event) -> None:
        """The engine takes the event; its state survives being written down."""
        machine = CallMachine(self.state, self._rules)
        if isinstance(event, TimerFired) and event.name in self.timers:
            self.timers.remove(event.name)
        if isinstance(event, ChannelDestroyed) and event.call_id == CALL_ID:
            self._gone = self.state.phase is not Phase.NEW
        course = machine.receive(event, float(len(self.left)))
        self.left += course
        if self._gone:
            self.after_the_end += course
        for item in course:
            match item:
                case StartTimer(name):
                    self.timers = [*(each for each in self.timers if each != name), name]
                case CancelTimer(name):
                    self.timers = [each for each in self.timers if each != name]
                case Fetch(request):
                    self._fetches.append(request.fetch_id)
        written = to_json(machine.state)
        self.state = from_json(json.loads(json.dumps(written)))
        assert to_json(self.state) == written

    def event(self, word: str, document: object, number: int) -> Event:
        """An event of this kind, about something that is under way if there is such a thing."""
        noops = [item.noop_id for item in self.left if hasattr(item, "noop_id")]
        speeches = [item.speech_id for item in self.left if isinstance(item, Synthesise)]
        records = [item.name for item in self.left if isinstance(item, RecordLeg)]
        files = [item.msg_id for item in self.left if isinstance(item, SendFile)]
        msg_ids = [item.msg_id for item in self.left if hasattr(item, "msg_id")]
        path = f"/tmp/{records[-1]}" if records and number % 2 else ""
        fetch_id = self._fetches[-1 - number % 2] if len(self._fetches) > 1 else self._fetches[-1]
        legs = [item.endpoint.call_id for item in self.left if hasattr(item, "endpoint")]
        legs += [each.call_id for item in self.left for each in getattr(item, "endpoints", ())]
        leg, msg_id = legs[-1] if legs else "x", msg_ids[-1 - number % len(msg_ids)] if msg_ids else "x"
        events: dict[str, Event] = {
            "prepared": LegPrepared(msg_id, leg, "leg-control", "originate"),
            "ready": LegReady(msg_id, leg),
            "failed-leg": LegFailed(msg_id, "NO_ANSWER"),
            "bridged": LegsBridged(CALL_ID, leg),
            "parted": LegsParted(CALL_ID),
            "over": Executed(CALL_ID, "bridge", "NORMAL_CLEARING"),
            "leg-gone": ChannelDestroyed(leg, "NORMAL_CLEARING"),
            "done": Executed(CALL_ID, "noop", noops[-1] if noops else "x"),
            "key": DigitPressed(CALL_ID, "1234567*"[number]),
            "#": DigitPressed(CALL_ID, "#"),
            "spoken": Synthesised(speeches[-1] if speeches else "x", "http://127.0.0.1/a.wav"),
            "unspoken": SynthesisFailed(speeches[-1] if speeches else "x", "no"),
            "complaint": Executed(CALL_ID, "play", "FILE NOT FOUND"),
            "answered": ChannelAnswered(CALL_ID),
            "found": ChannelFound(CALL_ID),
            "started": RecordingStarted(CALL_ID, path),
            "recorded": RecordingStopped(CALL_ID, path, float(number), "#" if number % 3 else None),
            "silent": RecordingStopped(CALL_ID, path, float(number), by_silence=True),
            "sent": FileSent(files[-1] if files else "x", ok=True),
            "unsent": FileSent(files[-1] if files else "x", ok=False),
            "timer": TimerFired(self.timers[number % len(self.timers)] if self.timers else "x"),
            "fetched": Fetched(fetch_id, document),  # type: ignore[arg-type]
            "bad": Fetched(fetch_id, answer("<Response>", "text/xml")),
            "failed": FetchFailed(fetch_id, FetchFailure(Code.FETCH_DNS, "no")),
            "refused": CommandFailed("x", Code.CALL_COMMAND, "no", msg_ids[-1] if msg_ids else "x"),
            "lost": CommandFailed("x", Code.BUS_LOST, "lost"),
            "returned": CommandFailed("x", Code.BUS_RETURNED, "returned"),
            "hangup": ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"),
            "usurped": Usurped("other"),
            "drain": Drained(),
            "other": DigitPressed("another leg", "5"),
        }
        return events[word]


def live(document: object, happenings: list[tuple[str, object, int]], profile: str, cdr: bool) -> Life:
    life = Life(profile, cdr)
    life.happens(life.event("fetched", document, 0))
    for word, later, number in happenings:
        life.happens(life.event(word, later, number))
        _no_timer_without_its_step(life)
    return life


def _no_timer_without_its_step(life: Life) -> None:
    """A step's timer is named in the step; the machine's own have one word."""
    program = json.dumps(to_json(life.state.program))
    of_steps = [name for name in life.timers if " " in name]
    if life.state.phase is Phase.RUNNING:
        assert all(f'"{name}"' in program for name in of_steps), (of_steps, program)


PROFILES = st.sampled_from(["kazoo", "twilio"])


@settings(max_examples=150)
@given(DOCUMENTS, HAPPENINGS, PROFILES, st.booleans())
def test_no_history_makes_the_engine_raise_or_lose_its_state(
    document: object, happenings: list[tuple[str, object, int]], profile: str, cdr: bool
) -> None:
    """The bus delivers late, twice, or not at all; and a call may go on in another worker at any event."""
    live(document, happenings, profile, cdr)


@settings(max_examples=150)
@given(DOCUMENTS, HAPPENINGS, HAPPENINGS, PROFILES)
def test_nothing_is_sent_to_a_channel_that_is_gone(
    document: object,
    before: list[tuple[str, object, int]],
    after: list[tuple[str, object, int]],
    profile: str,
) -> None:
    """Only a file that the media server still holds may be sent for, and legs of our own be ended."""
    life = live(document, [*before, ("hangup", document, 0), *after], profile, True)

    sent = [item for item in life.after_the_end if isinstance(item, SwitchCommand)]
    assert [item for item in sent if not _is_tidying(item)] == []


def _is_tidying(command: SwitchCommand) -> bool:
    leg = getattr(command, "leg", None)
    return isinstance(command, SendFile) or (leg is not None and leg != CALL_ID)


@settings(max_examples=100)
@given(DOCUMENTS, HAPPENINGS, PROFILES)
def test_after_a_hang_up_the_session_ends_when_everything_is_told_or_time_is_up(
    document: object, happenings: list[tuple[str, object, int]], profile: str
) -> None:
    """Nothing waits for ever for a recording or a server."""
    life = live(document, happenings, profile, True)
    life.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
    for _ in range(3):
        for name in tuple(life.timers):
            life.happens(TimerFired(name))
        for item in tuple(life.left):
            if isinstance(item, Fetch):
                failure = FetchFailure(Code.FETCH_TOTAL_TIMEOUT, "no")
                life.happens(FetchFailed(item.request.fetch_id, failure))

    assert any(isinstance(item, End) for item in life.left)
