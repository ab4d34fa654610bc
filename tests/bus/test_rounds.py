"""Rounds of requests to a broker that is slow with single ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from pivot.bus.rounds import LONG_S, Change, Rounds


class SlowBroker:
    """Answers rounds only when told to."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []
        self.answers: list[asyncio.Future[None]] = []
        self.done: list[tuple[list[str], Exception | None]] = []
        self.asked = asyncio.Condition()

    def lane(self) -> Change:
        async def change(legs: Sequence[str]) -> None:
            self.rounds.append(list(legs))
            answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.answers.append(answer)
            async with self.asked:
                self.asked.notify_all()
            await answer

        return change

    async def has_rounds(self, count: int) -> None:
        """Return when the broker was asked so often."""
        async with self.asked:
            await asyncio.wait_for(self.asked.wait_for(lambda: len(self.rounds) >= count), 10)

    def over(self, keys: Sequence[str], rounds: Rounds, error: Exception | None) -> None:
        self.done.append((list(keys), error))


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def broker() -> SlowBroker:
    return SlowBroker()


async def test_what_comes_during_a_quick_round_is_the_next(broker: SlowBroker) -> None:
    """One request for many calls: a binding costs the broker more than the rest of a call."""
    rounds = Rounds([broker.lane(), broker.lane()], broker.over, name="r")
    rounds.want("a", "a")
    await turns()
    for each in "bcd":
        rounds.want(each, each)
    await turns()
    assert broker.rounds == [["a"]]

    broker.answers[0].set_result(None)
    await turns()

    assert broker.rounds == [["a"], ["b", "c", "d"]]


async def test_a_slow_round_holds_up_only_itself(broker: SlowBroker) -> None:
    """One binding took 12.7 s: the calls behind it must be heard meanwhile."""
    rounds = Rounds([broker.lane(), broker.lane(), broker.lane()], broker.over, name="r")
    rounds.want("slow", "slow")
    await turns()
    rounds.want("next", "next")

    await broker.has_rounds(2)
    broker.answers[1].set_result(None)
    await turns()
    rounds.want("third", "third")
    await turns()

    assert broker.rounds == [["slow"], ["next"], ["third"]]
    assert broker.done == [(["next"], None)]


async def test_more_slow_rounds_than_channels_wait_for_one_of_them(broker: SlowBroker) -> None:
    """Nothing is lost, and nothing is asked twice."""
    rounds = Rounds([broker.lane(), broker.lane()], broker.over, name="r")
    for count, each in enumerate("ab", 1):
        rounds.want(each, each)
        await broker.has_rounds(count)
    rounds.want("c", "c")
    await asyncio.sleep(3 * LONG_S)
    assert broker.rounds == [["a"], ["b"]]

    broker.answers[0].set_result(None)
    await turns()

    assert broker.rounds == [["a"], ["b"], ["c"]]


async def test_a_round_that_fails_is_told_and_frees_its_channel(broker: SlowBroker) -> None:
    """The next round goes by it: a new connection has taken the broken one's place."""
    rounds = Rounds([broker.lane()], broker.over, name="r")
    rounds.want("a", "a")
    await turns()
    error = ConnectionError("gone")
    broker.answers[0].set_exception(error)
    await turns()
    rounds.want("b", "b")
    await turns()

    assert broker.done == [(["a"], error)]
    assert broker.rounds == [["a"], ["b"]]
