"""Answers that are kept for a while: who waits for what, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pivot.cluster.read_cache import Ages, ReadCache
from pivot.errors import StoreError
from pivot.sim.clock import run_virtually


class Database:
    """Counts questions; answers with their number, or not."""

    def __init__(self, takes_s: float = 1.0) -> None:
        self.asked = 0
        self.takes_s = takes_s
        self.down = False

    async def __call__(self) -> int:
        self.asked += 1
        await asyncio.sleep(self.takes_s)
        if self.down:
            raise StoreError("down", retryable=True)
        return self.asked


def run(scene: Callable[[ReadCache[str, int], Database], Awaitable[None]], **limits: int) -> None:
    async def live() -> None:
        loop = asyncio.get_running_loop()
        recent: ReadCache[str, int] = ReadCache(loop.time, ages=Ages(10.0, 600.0), **limits)
        await scene(recent, Database())
        await recent.close()

    run_virtually(live())


def test_who_asks_the_same_waits_for_one_question() -> None:
    """A queue of callers who dial the same user costs the database one reading."""

    async def scene(recent: ReadCache[str, int], database: Database) -> None:
        assert await asyncio.gather(*(recent.get("k", database) for _ in range(50))) == [1] * 50
        assert await recent.get("k", database) == 1
        assert database.asked == 1

    run(scene)


def test_an_answer_is_asked_for_again_after_ten_seconds() -> None:
    """A user who stops forwarding is rung again soon."""

    async def scene(recent: ReadCache[str, int], database: Database) -> None:
        assert await recent.get("k", database) == 1
        await asyncio.sleep(9.9)
        assert await recent.get("k", database) == 1
        await asyncio.sleep(0.2)
        assert await recent.get("k", database) == 2

    run(scene)


def test_an_old_answer_is_better_than_none() -> None:
    """While the database is away phones ring as they did, for ten minutes."""

    async def scene(recent: ReadCache[str, int], database: Database) -> None:
        await recent.get("k", database)
        database.down = True
        await asyncio.sleep(500.0)
        assert await recent.get("k", database) == 1
        await asyncio.sleep(200.0)
        with pytest.raises(StoreError):
            await recent.get("k", database)

    run(scene)


def test_a_database_that_hangs_is_waited_for_three_seconds() -> None:
    """Also by those who came later: theirs is the same question."""

    async def scene(recent: ReadCache[str, int], database: Database) -> None:
        database.takes_s = 3600.0
        loop = asyncio.get_running_loop()
        results = await asyncio.gather(*(recent.get("k", database) for _ in range(2)), return_exceptions=True)
        assert [str(each) for each in results] == ["no answer within 3 s"] * 2
        assert loop.time() == 3.0

    run(scene)


def test_a_caller_who_hangs_up_takes_nobodys_answer_away() -> None:
    """The question goes on for those who still wait."""

    async def scene(recent: ReadCache[str, int], database: Database) -> None:
        gone = asyncio.ensure_future(recent.get("k", database))
        stays = asyncio.ensure_future(recent.get("k", database))
        await asyncio.sleep(0.5)
        gone.cancel()
        assert await stays == 1

    run(scene)


def test_answers_and_questions_are_bounded() -> None:
    """A document that dials a thousand names costs no more memory than this."""

    async def scene(recent: ReadCache[str, int], database: Database) -> None:
        for name in "abc":
            await recent.get(name, database)
        await recent.get("a", database)
        assert database.asked == 4, "the oldest of three went"
        two = [asyncio.ensure_future(recent.get(name, database)) for name in "xy"]
        await asyncio.sleep(0.1)
        with pytest.raises(StoreError, match="too much"):
            await recent.get("z", database)
        await asyncio.gather(*two)

    run(scene, most=2, at_once=2)
