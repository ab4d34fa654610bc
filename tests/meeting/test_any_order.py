"""Commands, deaths of workers and owners, lost connections, in any order: nobody is lost or given twice."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivot.meeting.membership import News
from pivot.model.events import Event
from pivot.model.queues import (
    EnterQueue,
    LeaveQueue,
    QueueChange,
    QueueNews,
    SayJoined,
    SayReady,
    TakeFromQueue,
)
from pivot.model.rooms import EnterRoom, LeaveRoom, RoomChange, RoomNews
from pivot.sim.clock import run_virtually
from pivot.sim.worker_messages import MemoryExchange
from tests.meeting.hall import MemoryWorker, memory_worker, room

QUEUES, ROOMS = ("q1", "q2"), ("r1", "r2")
CALM_S = 60.0
WAITS_S = (0.0, 0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
WORKERS = 4


@dataclass
class Party:
    """A call, as its session would behave."""

    call_id: str
    place: str
    worker: MemoryWorker
    town: Town
    alive: bool = True
    heard: list[News] = field(default_factory=list)

    def does(
        self, command: EnterQueue | LeaveQueue | TakeFromQueue | SayReady | SayJoined | EnterRoom | LeaveRoom
    ) -> None:
        self.worker.meetings.perform(self.call_id, command, self.hear)

    def hear(self, event: Event) -> None:
        assert isinstance(event, News)
        if self.alive:
            self.heard.append(event)
            try:
                self.react(event)
            except AssertionError as error:
                self.town.faults.append(f"{self.call_id} on {event}: {error}")

    def react(self, news: News) -> None:
        raise NotImplementedError

    def hang_up(self) -> None:
        self.alive = False
        self.worker.meetings.leave(self.call_id)


@dataclass
class Caller(Party):
    taken_by: str = ""
    joined_by: str = ""
    """On the switch, which tells the agent alone."""
    talks: bool = False
    """It was told so."""
    abandoned: bool = False
    out: bool = False

    def comes(self) -> None:
        self.does(EnterQueue(self.place, "queue"))

    def react(self, news: News) -> None:
        assert isinstance(news, QueueNews)
        match news.change:
            case QueueChange.TAKEN:
                assert not self.taken_by, "given to a second agent before the first was lost"
                self.taken_by = news.other
                self.does(SayReady(self.place, news.other))
            case QueueChange.LOST:
                assert not self.talks, "back in the queue out of a talk"
                self.taken_by = ""
            case QueueChange.JOINED:
                assert news.other == self.joined_by, "told of a talk that never began"
                assert not self.talks, "told twice"
                self.talks = True
            case QueueChange.PARTED:
                assert self.talks
                assert not self.town.agents[news.other].alive, "parted from an agent who is still there"
                self.out = True
            case QueueChange.ABANDONED:
                assert self.talks
                self.abandoned = True

    @property
    def waits(self) -> bool:
        return self.alive and not self.talks


@dataclass
class Agent(Party):
    given: str = ""
    joined: bool = False
    refused: bool = False

    def comes(self) -> None:
        self.does(TakeFromQueue(self.place, "queue"))

    def react(self, news: News) -> None:
        assert isinstance(news, QueueNews)
        if self.joined:
            return
        match news.change:
            case QueueChange.MATCHED:
                assert not self.given, "given a second caller before the first was lost"
                self.given = news.other
            case QueueChange.LOST:
                self.given = ""
            case QueueChange.UNKNOWN:
                self.refused = True
            case QueueChange.READY:
                assert news.other == self.given
                self.joins(self.town.callers[news.other])

    def joins(self, caller: Caller) -> None:
        before = self.town.agents.get(caller.joined_by)
        assert before is None or not before.alive, "two agents at once"
        if caller.alive:
            assert caller.taken_by == self.call_id
            caller.joined_by = self.call_id
        self.joined = True
        self.does(SayJoined(self.place, caller.call_id))

    @property
    def waits(self) -> bool:
        return self.alive and not self.joined and not self.refused


@dataclass
class Member(Party):
    starts: bool = True
    entered: bool = False
    started: bool = False
    out: bool = False

    def comes(self) -> None:
        self.does(room(self.call_id, self.place, starts=self.starts))

    def react(self, news: News) -> None:
        assert isinstance(news, RoomNews)
        match news.change:
            case RoomChange.ENTERED:
                self.entered, self.started = True, news.started
            case RoomChange.STARTED:
                assert not self.started, "told of the start twice"
                self.started = True
            case RoomChange.ENDED:
                self.out = True

    def ends_it(self) -> None:
        self.does(LeaveRoom(self.place, ends=True))
        self.hang_up()

    @property
    def stays(self) -> bool:
        return self.alive and not self.out


class Town:
    """Workers on a broker, and the calls that they serve."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.office = MemoryExchange(lambda: chance.choice((0.001, 0.002, 0.02, 0.3)))
        self.workers = [memory_worker(self.office, f"w{number}") for number in range(WORKERS)]
        self.callers: dict[str, Caller] = {}
        self.agents: dict[str, Agent] = {}
        self.parties: list[Party] = []
        self.born = WORKERS
        self.faults: list[str] = []

    def comes(
        self, kind: type[Caller] | type[Agent] | type[Member], at: int, place: int, starts: bool
    ) -> None:
        call_id = f"{kind.__name__.lower()}{len(self.parties)}"
        worker = self.workers[at % WORKERS]
        if kind is Member:
            party: Party = Member(call_id, ROOMS[place], worker, self, starts=starts)
        elif kind is Agent:
            party = self.agents[call_id] = Agent(call_id, QUEUES[place], worker, self)
        else:
            party = self.callers[call_id] = Caller(call_id, QUEUES[place], worker, self)
        self.parties.append(party)
        party.comes()  # type: ignore[attr-defined]

    def goes(self, number: int, ends: bool) -> None:
        living = [party for party in self.parties if party.alive]
        if living:
            party = living[number % len(living)]
            if ends and isinstance(party, Member):
                party.ends_it()
            else:
                party.hang_up()

    def dies(self, number: int) -> None:
        """Its calls die with it, and another worker is started instead."""
        at = number % WORKERS
        worker = self.workers[at]
        for party in self.parties:
            if party.worker is worker:
                party.alive = False
        worker.die()
        self.workers[at] = memory_worker(self.office, f"w{self.born}")
        self.born += 1

    def loses_broker(self, number: int) -> None:
        self.workers[number % WORKERS].post.drop()

    def notices(self, number: int) -> None:
        """And is back at once."""
        post = self.workers[number % WORKERS].post
        if not post.connection:
            post.notice()
            post.connect()

    def close(self) -> None:
        for worker in self.workers:
            worker.die()

    # What must be true when all is calm

    def judge(self) -> None:
        assert self.faults == []
        agents = list(self.agents.values())
        members = [party for party in self.parties if isinstance(party, Member)]
        for queue in QUEUES:
            waiting = [each for each in self.callers.values() if each.place == queue and each.waits]
            idle = [each for each in agents if each.place == queue and each.waits]
            assert not waiting or not idle, (waiting, idle)
            for party in (*waiting, *idle):
                assert party.heard, party
            assert [each for each in waiting if each.taken_by] == []
            assert [each for each in idle if each.given] == []
        for caller in self.callers.values():
            if caller.alive and (agent := self.agents.get(caller.joined_by)) is not None:
                self._judge_talk(caller, agent)
        for place in ROOMS:
            inside = [each for each in members if each.place == place and each.stays]
            assert all(each.entered for each in inside), inside
            assert len({each.started for each in inside}) <= 1, inside
            if len(inside) > 1 and any(each.starts for each in inside):
                assert all(each.started for each in inside), inside
        self._judge_books()

    def _judge_talk(self, caller: Caller, agent: Agent) -> None:
        """No caller is thrown out of a talk, and none is left in silence after it."""
        if agent.alive:
            assert caller.talks, "in a talk that it was not told of"
            assert not caller.out
        elif caller.talks:
            assert caller.out or caller.abandoned, "still in a talk that is over"

    def _judge_books(self) -> None:
        """Nothing is kept of calls that are over, at their workers or at owners."""
        for worker in self.workers:
            here = [party for party in self.parties if party.worker is worker and in_a_place(party)]
            assert worker.meetings.members == len(here), here
        places = {party.place for party in self.parties if in_a_place(party)}
        assert sum(worker.meetings.places_owned for worker in self.workers) == len(places)


def in_a_place(party: Party) -> bool:
    """Whether the owner still has this one."""
    match party:
        case Caller(out=out):
            return party.alive and not out
        case Agent():
            return party.alive and not party.refused
        case Member():
            return party.stays
    raise AssertionError(party)


Step: TypeAlias = tuple[object, ...]

_numbers = st.integers(0, 30)
_steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("comes"),
            st.sampled_from([Caller, Agent, Member]),
            _numbers,
            st.integers(0, 1),
            st.booleans(),
        ),
        st.tuples(
            st.just("comes"), st.sampled_from([Caller, Agent, Member]), _numbers, st.just(0), st.just(True)
        ),
        st.tuples(st.just("goes"), _numbers, st.booleans()),
        st.tuples(st.just("dies"), _numbers),
        st.tuples(st.just("loses_broker"), _numbers),
        st.tuples(st.just("notices"), _numbers),
        st.tuples(st.just("wait"), st.sampled_from(WAITS_S)),
    ),
    min_size=10,
    max_size=80,
)


async def live(seed: int, steps: list[Step]) -> None:
    town = Town(seed)
    try:
        for name, *arguments in steps:
            if name == "wait":
                await asyncio.sleep(float(str(arguments[0])))
            else:
                getattr(town, str(name))(*arguments)
        for number in range(WORKERS):
            town.notices(number)
        await asyncio.sleep(CALM_S)
        town.judge()
    finally:
        town.close()


@pytest.mark.slow
@settings(max_examples=200)
@given(st.integers(0, 1_000_000), _steps)
def test_nobody_is_lost_and_nobody_given_twice(seed: int, steps: list[Step]) -> None:
    """However workers die and connections break: in the end callers and agents are matched, the members of a
    room agree on whether it has started, and no caller was ever joined by two agents."""
    run_virtually(live(seed, steps))


def long_course(chance: random.Random) -> list[Step]:
    """Half an hour of a bad day; longer than what hypothesis draws by itself."""
    kinds = (Caller, Agent, Member)
    steps: list[Step] = []
    for _ in range(80):
        step: Step = ("comes", chance.choice(kinds), chance.randrange(30), chance.choice((0, 0, 0, 1)), True)
        if chance.random() < 0.5:
            number = chance.randrange(30)
            step = chance.choice(
                (
                    ("goes", number, chance.random() < 0.3),
                    ("dies", number),
                    ("loses_broker", number),
                    ("notices", number),
                    ("wait", chance.choice(WAITS_S)),
                    ("wait", chance.choice(WAITS_S)),
                )
            )
        steps.append(step)
    return steps


@pytest.mark.parametrize("seed", range(25))
def test_nobody_is_lost_on_a_bad_day(seed: int) -> None:
    """The same, over longer courses."""
    run_virtually(live(seed, long_course(random.Random(seed))))
