"""A live call on virtual time: what leaves it, and that it goes on after being written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from pivot.execute.machine import CallMachine
from pivot.execute.rules import Rules
from pivot.execute.state import CallState
from pivot.model.call import Party, PivotRequest
from pivot.model.codes import Code, Outcome
from pivot.model.commands import BusCommand, End, HandOverFlow, SayFailed, SayProcessing, SendMessage
from pivot.model.documents import Document, KazooFlow, Refusal
from pivot.model.events import ChannelDestroyed, Event, Executed, Requested
from pivot.model.fetch import Answer, FetchFailure, FetchRequest, Purpose
from pivot.model.json import JsonObject
from pivot.model.notes import Moment
from pivot.model.speech import SpeechWish
from pivot.model.switch import AnswerCall, Hangup, PlayMedia, SpeakText, StopMedia
from pivot.session.ports import NoPhones, NoSpeech, Observer, Phones, Speech
from pivot.session.session import Session
from pivot.session.world import World
from pivot.sim.clock import run_virtually
from pivot.sim.fakes import FakeBus, FakeDelivery, FakeFetcher, FakeOwnership, FakePhones, FakeSpeech
from tests.calls import CALL_ID, answer, call, pivot_request, twiml
from tests.rules import RULES_WITH_PLUGIN as RULES

FLOW = '{"module":"hangup","data":{}}'
Reply = Callable[[FetchRequest], Answer | FetchFailure]


class Scene:
    """A call and the world around it: a switch that speaks for two seconds, and hangs up when told to."""

    def __init__(
        self,
        reply: Reply = lambda request: answer(FLOW),
        delay_s: float = 0.0,
        request: PivotRequest | None = None,
        speech: Speech | None = None,
        phones: Phones | None = None,
    ) -> None:
        self.request = request or pivot_request()
        self.bus = FakeBus(self._switch)
        self.delivery = FakeDelivery(self.request)
        self.ownership = FakeOwnership()
        self.fetcher = FakeFetcher(reply, delay_s)
        self.rules = RULES
        self.world = World(
            self.bus,
            self.fetcher,
            self.ownership,
            now=lambda: asyncio.get_running_loop().time(),
            speech=speech or NoSpeech(),
            phones=phones or NoPhones(),
        )

    def _switch(self, call: object, command: BusCommand) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(command, SpeakText | PlayMedia):
            loop.call_later(2.0, self.bus.deliver, CALL_ID, Executed(CALL_ID, "noop", command.noop_id))
        if isinstance(command, Hangup):
            loop.call_later(0.1, self.bus.deliver, CALL_ID, ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    def begin(self, *observers: Observer) -> Session:
        machine = CallMachine(CallState(self.request, "s"), self.rules)
        session = Session(machine, self.delivery, self.world, observers)
        session.post(Requested(10.0))
        return session

    def run(
        self, *happenings: tuple[float, Event], observers: tuple[Observer, ...] = ()
    ) -> tuple[End, float]:
        """Live to the end; returns it and the virtual second at which it came."""

        async def live() -> tuple[End, float]:
            loop = asyncio.get_running_loop()
            for at_s, event in happenings:
                loop.call_later(at_s, self.bus.deliver, CALL_ID, event)
            return await self.begin(*observers).run(), loop.time()

        return run_virtually(live())

    @property
    def commands(self) -> list[BusCommand]:
        return [command for _, command in self.bus.sent]


def test_a_quick_answer_costs_no_binding() -> None:
    """The fast path is consume, fetch, publish, publish, acknowledge."""
    scene = Scene()

    assert scene.run() == (End(Outcome.OK), 0.0)
    assert scene.commands == [SayProcessing(), HandOverFlow(FLOW)]
    assert (scene.delivery.acknowledged, scene.bus.bound, scene.ownership.records) == (1, (), {})


class ReadsElsewhere:
    """Takes its time over every answer; says what it is told to."""

    def __init__(self, result: Document | Refusal, delay_s: float) -> None:
        self.asked: list[tuple[str | None, bytes, str]] = []
        self._result, self._delay_s = result, delay_s

    async def translate(
        self, account_id: str | None, answer: Answer, place: str, rules: Rules
    ) -> Document | Refusal | None:
        self.asked.append((account_id, answer.body, place))
        await asyncio.sleep(self._delay_s)
        return self._result


def test_an_answer_that_was_read_elsewhere_is_not_read_again() -> None:
    """The document comes with the answer; nobody else's call waited for it."""
    elsewhere = ReadsElsewhere(KazooFlow('{"module":"elsewhere"}'), 0.5)
    scene = Scene()
    scene.world = replace(scene.world, translator=elsewhere)

    assert scene.run() == (End(Outcome.OK), 0.5)
    assert scene.commands == [SayProcessing(), HandOverFlow('{"module":"elsewhere"}')]
    assert elsewhere.asked == [(scene.request.call.account_id, FLOW.encode(), "call")]


def test_a_refusal_from_elsewhere_is_the_calls_own() -> None:
    """With its code, as if the engine had read the answer."""
    scene = Scene()
    refusal = Refusal(Code.ANSWER_JSON_LIMIT, "too much")
    scene.world = replace(scene.world, translator=ReadsElsewhere(refusal, 0.5))

    end, _ = scene.run()

    assert (end.outcome, end.code, end.message) == (Outcome.BRANCHED, Code.ANSWER_JSON_LIMIT, "too much")
    assert scene.commands == [SayFailed()]


def test_a_hang_up_ends_the_reading_of_an_answer() -> None:
    """Nobody waits for a document without a caller, and callflow waits nine seconds at most."""
    scene = Scene()
    scene.world = replace(scene.world, translator=ReadsElsewhere(KazooFlow("{}"), 60.0))
    end, at_s = scene.run((1.0, ChannelDestroyed(CALL_ID)))
    assert (end.code, at_s) == (Code.CALL_GONE, 1.0)

    scene = Scene()
    scene.world = replace(scene.world, translator=ReadsElsewhere(KazooFlow("{}"), 60.0))
    end, at_s = scene.run()
    assert (end.code, scene.commands) == (Code.CALL_DEADLINE, [SayFailed()])
    assert at_s < 9.5


def test_a_hang_up_ends_a_slow_fetch() -> None:
    """The customer's server is not worth waiting for when nobody is on the phone."""
    scene = Scene(delay_s=5.0)

    end, at_s = scene.run((1.0, ChannelDestroyed(CALL_ID)))

    assert (end.outcome, end.code, at_s) == (Outcome.GONE, Code.CALL_GONE, 1.0)
    assert (scene.commands, scene.delivery.acknowledged, scene.bus.bound) == ([], 1, ())


def test_a_dead_server_costs_nine_seconds_at_most() -> None:
    """callflow waits ten."""
    scene = Scene(delay_s=60.0)

    end, at_s = scene.run()

    assert end.outcome == Outcome.BRANCHED
    assert at_s < 9.0
    assert scene.commands == [SayFailed()]


def test_twiml_runs_and_hangs_up() -> None:
    """Say, then the document's end: the call is answered, spoken to and ended."""
    scene = Scene(lambda request: twiml("<Say>Hello</Say>"))

    end, at_s = scene.run()

    assert end == End(Outcome.OK)
    assert [type(command) for command in scene.commands] == [SayProcessing, AnswerCall, SpeakText, Hangup]
    assert (scene.delivery.acknowledged, scene.bus.bound) == (1, ())
    assert at_s == pytest.approx(2.1)


SAY = "<Say voice='kate'>Hello</Say>"


def test_a_plugins_speech_is_played() -> None:
    """The session asks the plug-in, and the switch plays what it made."""
    speech = FakeSpeech(delay_s=1.0)
    scene = Scene(lambda request: twiml(SAY), speech=speech)

    end, at_s = scene.run()

    assert end == End(Outcome.OK)
    assert at_s == pytest.approx(3.1)
    assert [type(command) for command in scene.commands] == [SayProcessing, AnswerCall, PlayMedia, Hangup]
    assert list(speech.spoken.values()) == [SpeechWish("Hello", "kate")]


class BrokenSpeech(NoSpeech):
    async def synthesise(self, account_id: str | None, wish: SpeechWish) -> str:
        raise RuntimeError("a fault of ours")


@pytest.mark.parametrize(
    ("speech", "lasts_s"),
    [
        (FakeSpeech(complaint="no such voice"), 2.1),
        (FakeSpeech(delay_s=60.0), 5.1),
        (BrokenSpeech(), 2.1),
        (NoSpeech(), 2.1),
    ],
    ids=["fails", "hangs", "crashes", "is not there"],
)
def test_a_plugin_that_makes_no_sound_costs_no_call(speech: Speech, lasts_s: float) -> None:
    """The switch speaks, after three seconds at most."""
    scene = Scene(lambda request: twiml(SAY), speech=speech)

    end, at_s = scene.run()

    assert end == End(Outcome.OK)
    assert at_s == pytest.approx(lasts_s)
    assert [type(command) for command in scene.commands] == [SayProcessing, AnswerCall, SpeakText, Hangup]


def test_a_hang_up_ends_the_waiting_for_speech() -> None:
    """No task is left behind; the loop would else end with it."""
    scene = Scene(lambda request: twiml(SAY), speech=FakeSpeech(delay_s=60.0))

    end, at_s = scene.run((1.0, ChannelDestroyed(CALL_ID)))

    assert (end, at_s) == (End(Outcome.OK), 1.0)
    assert [type(command) for command in scene.commands] == [SayProcessing, AnswerCall]


def test_what_is_said_next_is_announced_to_the_plugin() -> None:
    """So that it is there when its turn comes."""
    speech = FakeSpeech()
    Scene(lambda request: twiml(f"<Say>One</Say>{SAY}"), speech=speech).run()

    assert speech.prepared == [SpeechWish("Hello", "kate")]


def test_an_engine_that_crashes_still_answers_callflow() -> None:
    """One call may fail; nobody may wait for us in vain."""

    def crash(request: FetchRequest) -> Answer:
        raise RuntimeError("a fault of ours")

    scene = Scene(crash)

    end, _ = scene.run()

    assert (end.outcome, end.code) == (Outcome.BRANCHED, Code.WORKER_CRASH)
    assert scene.commands == [SayFailed()]


@pytest.mark.parametrize(
    ("document", "at", "commands", "outcome"),
    [
        (answer(FLOW), SayProcessing, [SayFailed], Outcome.BRANCHED),
        (answer(FLOW), HandOverFlow, [SayProcessing, Hangup], Outcome.HUNG_UP),
        (answer("no"), SayFailed, [], Outcome.GONE),
        (twiml("<Say>Hello</Say>"), SayProcessing, [SayFailed], Outcome.BRANCHED),
        (
            twiml("<Say>Hello</Say>"),
            SpeakText,
            [SayProcessing, AnswerCall, StopMedia, Hangup],
            Outcome.HUNG_UP,
        ),
    ],
)
def test_a_crash_while_publishing_leaves_nobody_waiting(
    document: Answer, at: type[BusCommand], commands: list[type[BusCommand]], outcome: Outcome
) -> None:
    """Callflow goes on or the call ends, and no request stays with us for good."""
    scene = Scene(lambda request: document)

    def crash(command: BusCommand) -> None:
        if isinstance(command, at):
            raise RuntimeError("a fault of ours")

    scene.bus.refuse = crash

    end, _ = scene.run()

    assert (end.outcome, end.code) == (outcome, Code.WORKER_CRASH)
    assert [type(command) for command in scene.commands] == commands
    assert (scene.delivery.acknowledged, scene.bus.bound) == (1, ())


def test_a_failing_observer_harms_nobody() -> None:
    """Debug capture may never cost a call."""

    class Broken:
        def saw(self, moment: Moment, at_s: float) -> None:
            raise RuntimeError("a fault of the recorder")

    assert Scene().run(observers=(Broken(),))[0] == End(Outcome.OK)


def test_a_refused_publication_drops_what_stood_behind_it() -> None:
    """A flow without `processing` in front of it would be lost on callflow; and nobody is given the request
    once callflow has gone on."""
    scene = Scene()
    scene.bus.refuse = lambda command: Code.BUS_LOST if isinstance(command, SayProcessing) else None

    end, _ = scene.run()

    assert (end.outcome, end.code) == (Outcome.GONE, Code.BUS_LOST)
    assert (scene.commands, scene.delivery.acknowledged) == ([], 1)


def test_a_call_whose_processing_was_not_confirmed_is_left_alone() -> None:
    """Callflow may be serving the caller by now; a hang-up of ours would end that."""
    scene = Scene(lambda request: twiml("<Say>Hello</Say>"))
    scene.bus.refuse = lambda command: Code.BUS_LOST if isinstance(command, SayProcessing) else None

    end, _ = scene.run()

    assert (end.outcome, end.code) == (Outcome.GONE, Code.BUS_LOST)
    assert (scene.commands, scene.delivery.acknowledged, scene.bus.bound) == ([], 1, ())


def test_a_call_that_cannot_be_heard_branches() -> None:
    """Without its events we cannot run it, and callflow still waits: `failed`, not a hang-up."""
    scene = Scene(lambda request: twiml("<Say>Hello</Say>"))
    scene.bus.refuse_binding = Code.BUS_LOST

    end, _ = scene.run()

    assert (end.outcome, end.code) == (Outcome.BRANCHED, Code.BUS_LOST)
    assert (scene.commands, scene.delivery.acknowledged) == ([SayFailed()], 1)


class SlowOwnership(FakeOwnership):
    async def record(self, call_id: str, snapshot: Callable[[], JsonObject]) -> None:
        await asyncio.sleep(12.0)


def test_processing_is_not_said_when_callflow_has_gone_on() -> None:
    """Something made us wait for long; whatever we said now would take the call from `_`."""
    scene = Scene(lambda request: twiml("<Say>Hello</Say>"), delay_s=8.0)
    scene.world = replace(scene.world, ownership=SlowOwnership())

    end, _ = scene.run()

    assert (end.outcome, end.code) == (Outcome.GONE, Code.BUS_LOST)
    assert (scene.commands, scene.delivery.acknowledged) == ([], 1)


def test_a_request_that_went_to_another_worker_is_not_hung_up_by_us() -> None:
    """The acknowledgement came too late, so somebody else runs the call."""
    scene = Scene(lambda request: twiml("<Say>Hello</Say>"))

    def lose(command: BusCommand) -> None:
        scene.delivery.lost = True

    scene.bus.refuse = lambda command: lose(command) if isinstance(command, SayProcessing) else None

    end, _ = scene.run()

    assert (end.outcome, end.code) == (Outcome.GONE, Code.BUS_LOST)
    assert scene.commands == [SayProcessing()]


def test_a_text_message_that_nobody_takes_costs_no_call() -> None:
    """The caller hears the next verb: the message was no command to the channel."""
    document = twiml("<Sms to='+15554443333'>hi</Sms><Say>Hello</Say>")
    scene = Scene(lambda request: document)
    scene.request = pivot_request(call=call(request=Party("+15552223333", "pbx.test")))
    scene.rules = replace(RULES, sends_messages=True)
    scene.bus.refuse = lambda command: Code.BUS_RETURNED if isinstance(command, SendMessage) else None

    end, _ = scene.run()

    assert end == End(Outcome.OK)
    assert [type(command) for command in scene.commands] == [SayProcessing, AnswerCall, SpeakText, Hangup]


def test_a_lost_hang_up_is_sent_again() -> None:
    """The broker was away when the document ended; nobody may be left in silence because of it."""
    scene = Scene(lambda request: twiml("<Say>Hello</Say>"))
    losses = iter([Code.BUS_LOST, Code.BUS_LOST])
    scene.bus.refuse = lambda command: next(losses, None) if isinstance(command, Hangup) else None

    end, at_s = scene.run()

    assert end == End(Outcome.OK)
    assert [type(command) for command in scene.commands] == [SayProcessing, AnswerCall, SpeakText, Hangup]
    assert at_s == pytest.approx(2.1)


def test_a_session_ends_although_no_hang_up_can_be_sent() -> None:
    """The broker stays away: the worker may not keep the call for ever."""
    scene = Scene(lambda request: twiml("<Say>Hello</Say>"))
    scene.bus.refuse = lambda command: Code.BUS_LOST if isinstance(command, Hangup) else None

    end, at_s = scene.run()

    assert end.outcome == Outcome.OK
    assert at_s == pytest.approx(2.0 + RULES.goodbye_s)


def test_a_request_that_went_back_to_the_queue_is_left_to_its_next_worker() -> None:
    """The connection broke while the server was asked: our answer could contradict another worker's."""
    scene = Scene(delay_s=1.0)
    scene.delivery.lost = True

    end, _ = scene.run()

    assert (end.outcome, end.code) == (Outcome.GONE, Code.BUS_LOST)
    assert scene.commands == []


class Killed(BaseException):
    """The worker's process ends here."""


class Killer:
    """Writes the call down at the n-th moment it sees, and then kills it."""

    def __init__(self, at: int) -> None:
        self.countdown = at
        self.session: Session | None = None
        self.snapshot = ""

    def saw(self, moment: Moment, at_s: float) -> None:
        self.countdown -= 1
        if self.countdown == 0 and self.session is not None:
            self.snapshot = json.dumps(self.session.snapshot())
            raise Killed


SCENES: dict[str, Callable[[], Scene]] = {
    "a flow": lambda: Scene(delay_s=1.0),
    "no answer": lambda: Scene(lambda request: answer("no", status=500), delay_s=1.0),
    "two documents": lambda: Scene(
        lambda request: (
            twiml("<Say>One</Say><Redirect>/two</Redirect>")
            if request.iteration == 1
            else twiml("<Pause length='3'/><Say>Two</Say>")
        ),
        delay_s=1.0,
    ),
    "a phone that is looked up": lambda: Scene(
        lambda request: twiml(
            "<Dial timeout='5' action='/d'><Client statusCallback='/s'>joey</Client></Dial>"
            if request.iteration == 1
            else "<Say>Bye</Say>"
        ),
        phones=FakePhones(),
    ),
    "synthesised speech": lambda: Scene(
        lambda request: twiml(f"{SAY}<Gather timeout='1'>{SAY}</Gather>"), speech=FakeSpeech(delay_s=1.0)
    ),
}


async def live_twice(scene: Scene, kill_at: int) -> End:
    """A call whose worker dies at some moment, and that goes on in another one."""
    killer = Killer(kill_at)
    session = killer.session = scene.begin(killer)
    with suppress(Killed):
        return await session.run()
    rebuilt = Session.rebuild(json.loads(killer.snapshot), RULES, scene.delivery, scene.world)
    return await rebuilt.run()


@pytest.mark.parametrize("name", SCENES)
def test_a_call_goes_on_wherever_its_worker_died(name: str) -> None:
    """Same end, same commands: none is missing, and none comes twice."""
    undisturbed = SCENES[name]()
    expected, _ = undisturbed.run()

    for kill_at in range(1, 40):
        scene = SCENES[name]()
        end = run_virtually(live_twice(scene, kill_at))
        assert end == expected, kill_at
        assert scene.commands == undisturbed.commands, kill_at
        assert scene.bus.bound == (), kill_at


def test_a_notice_in_flight_is_sent_again_by_the_next_worker() -> None:
    """Who is told twice can tell by its number; who is told never cannot."""

    async def live() -> tuple[list[str], list[str]]:
        told_at_once = "statusCallback='/s' statusCallbackEvent='initiated'"
        document = f"<Dial timeout='5'><Client {told_at_once}>joey</Client></Dial>"
        scene = Scene(
            lambda request: twiml(document if request.purpose is Purpose.DOCUMENT else ""),
            delay_s=1.0,
            phones=FakePhones(),
        )
        session = scene.begin()
        living = asyncio.create_task(session.run())
        await asyncio.sleep(1.5)  # of virtual time: the notice is on its way
        snapshot = json.loads(json.dumps(session.snapshot()))
        living.cancel()
        with suppress(asyncio.CancelledError):
            await living
        before = told(scene)
        await Session.rebuild(snapshot, RULES, scene.delivery, scene.world).run()
        return before, told(scene)

    before, after = run_virtually(live())

    assert len(before) == 1
    assert after == before * 2


def told(scene: Scene) -> list[str]:
    """Ids of the notices that were sent."""
    return [each.fetch_id for each in scene.fetcher.requests if each.purpose is Purpose.CALLBACK]
