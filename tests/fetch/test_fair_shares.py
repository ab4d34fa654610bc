"""One customer's dead server takes no more than that customer's share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest

from pivot.app.metrics import Metrics
from pivot.app.process import show_fetching
from pivot.fetch.breaker import BreakerState
from pivot.fetch.fetcher import HttpFetcher
from pivot.fetch.limits import SMALL_BYTES, Memory, Places, Pool
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure
from tests.fetch.support import Seen, Server, codes, fetcher, question, reply, server


def hang(seen: Seen) -> bytes | None:
    return None if seen.target.startswith("/hang") else reply()


@asynccontextmanager
async def hanging(opened: HttpFetcher, there: Server, count: int, account: str = "a") -> AsyncIterator[None]:
    """So many fetches that have their place, and no answer."""
    asking = [
        asyncio.create_task(opened.fetch(question(f"{there.url}/hang", account_id=account)))
        for _ in range(count)
    ]
    await there.was_asked(count)
    try:
        yield
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def ends(awaitable: Awaitable[Answer | FetchFailure]) -> Answer | FetchFailure:
    async with asyncio.timeout(30):
        return await awaitable


async def test_a_hanging_server_takes_its_own_places_only() -> None:
    """The next call to it waits and says so; a call to another server is not held up."""
    async with (
        server(hang) as dead,
        server(reply()) as alive,
        fetcher(per_host=3) as opened,
        hanging(opened, dead, 3),
    ):
        waited = await ends(opened.fetch(question(f"{dead.url}/x#tt=200", account_id="b")))
        other = await ends(opened.fetch(question(alive.url, account_id="c")))

    assert isinstance(waited, FetchFailure)
    assert (waited.code, codes(waited)) == (Code.FETCH_BUSY, [Code.FETCH_BUSY])
    assert isinstance(other, Answer)


async def test_an_account_takes_its_own_places_only() -> None:
    """However many servers it names."""
    async with (
        server(hang) as one,
        server(reply()) as two,
        fetcher(per_account=3) as opened,
        hanging(opened, one, 3, account="a"),
    ):
        waited = await ends(opened.fetch(question(f"{two.url}/#tt=200", account_id="a")))
        other = await ends(opened.fetch(question(f"{two.url}/", account_id="b")))

    assert isinstance(waited, FetchFailure)
    assert waited.code is Code.FETCH_BUSY
    assert isinstance(other, Answer)


async def test_a_place_that_comes_free_in_time_is_used() -> None:
    """Waiting counts against the deadline, and is told apart in the times."""
    async with server(hang) as there, fetcher(per_host=1) as opened:
        async with hanging(opened, there, 1):
            second = asyncio.create_task(opened.fetch(question(there.url)))
            await asyncio.sleep(0.05)
        result = await ends(second)

    assert isinstance(result, Answer)
    assert (result.attempts[0].times.queue_s or 0) >= 0.04


async def test_nothing_is_left_behind() -> None:
    """After answers, failures and callers who hung up, every place is free again."""
    async with server(hang) as there, fetcher() as opened:
        async with hanging(opened, there, 5):
            await opened.fetch(question(there.url))
            await opened.fetch(question(f"{there.url}/hang#tt=100"))
        assert (opened.in_flight, opened.inflight_bytes) == (0, 0)
        assert opened._tools.hosts.in_use() == opened._tools.accounts.in_use() == 0


async def test_a_failing_origin_is_left_alone_and_tested_by_one() -> None:
    """Callers go on with `_` or the fallback at once, until one request finds it well."""
    state = {"broken": True}

    def say(seen: Seen) -> bytes:
        return b"" if state["broken"] else reply()

    async with server(say) as there, fetcher(breaker_failures=3, breaker_open_s=0.2, retries=0) as opened:

        async def ask() -> Answer | FetchFailure:
            return await opened.fetch(question(there.url))

        assert [codes(await ask()) for _ in range(5)] == [[Code.FETCH_CLOSED]] * 3 + [
            [Code.FETCH_BREAKER]
        ] * 2
        assert (len(there.seen), opened.breaker_states()) == (3, {there.url: BreakerState.OPEN})

        refused = await ask()
        assert isinstance(refused, FetchFailure)
        assert (refused.attempts[0].breaker, refused.attempts[0].status) == ("open", None)
        state["broken"] = False
        await asyncio.sleep(0.25)
        together = await asyncio.gather(*(ask() for _ in range(5)))

        assert sorted(attempt.breaker or "" for result in together for attempt in result.attempts) == [
            *["open"] * 4,
            "probing",
        ]
        assert len(there.seen) == 4
        assert isinstance(await ask(), Answer)
        assert opened.breaker_states() == {}


async def test_metrics_tell_what_is_in_flight_and_which_breakers_are_not_closed() -> None:
    """The operator sees a dead server without asking a customer."""
    metrics = Metrics()
    async with server(b"") as there, fetcher(breaker_failures=1, retries=0) as opened:
        show_fetching(metrics, opened)
        await opened.fetch(question(there.url))
        lines = metrics.text().decode().splitlines()

    assert [line for line in lines if line.startswith("pivot_fetch_") and "seconds" not in line] == [
        "pivot_fetch_in_flight 0.0",
        "pivot_fetch_inflight_bytes 0.0",
        "pivot_fetch_denied_total 0.0",
        "pivot_fetch_breakers_open 1.0",
        "pivot_fetch_breakers_probing 0.0",
    ]


async def test_the_breaker_can_be_off() -> None:
    """`[fetch] breaker = false`."""
    async with server(b"") as there, fetcher(breaker=False, breaker_failures=1, retries=0) as opened:
        results = [await opened.fetch(question(there.url)) for _ in range(3)]

    assert [codes(result) for result in results] == [[Code.FETCH_CLOSED]] * 3


@pytest.mark.parametrize("fragment", ["#rt=100", "#tt=100", "#ct=100&rt=100"])
async def test_an_impatient_customer_opens_no_breaker_for_others(fragment: str) -> None:
    """Who shortens the time to nothing fails alone; the server may be another customer's, too."""
    async with server(hang) as there, fetcher(breaker_failures=1, retries=0) as opened:
        failed = await opened.fetch(question(f"{there.url}/hang{fragment}"))
        assert isinstance(failed, FetchFailure)
        assert isinstance(await opened.fetch(question(there.url)), Answer)


@pytest.mark.parametrize(
    "answer",
    [reply(bytes(2000)), reply(b"", "302 On", Location="/on"), reply(b"", "500 No")],
    ids=["too large", "redirects", "5xx"],
)
async def test_a_server_that_answers_is_not_down(answer: bytes) -> None:
    """Wrong answers are the customer's to mend; only silence and broken wires open the breaker."""
    settings = {"breaker_failures": 1, "max_json_bytes": 1000, "max_xml_bytes": 1000, "max_redirects": 1}
    async with server(answer) as there, fetcher(**settings) as opened:
        await opened.fetch(question(there.url))
        assert opened.breaker_states() == {}


class TestPools:
    """Who comes first is served first, and nobody is served twice."""

    async def test_those_who_give_up_are_passed_over(self) -> None:
        """A cancelled wait costs no unit."""
        pool = Pool(1)
        await pool.take()
        first, second = (asyncio.create_task(pool.take()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        pool.give_back()
        await second

        assert (pool.used, first.cancelled()) == (1, True)

    async def test_who_is_cancelled_at_the_moment_of_being_served_gives_back(self) -> None:
        """The unit was granted, but nobody came to take it."""
        pool = Pool(1)
        await pool.take()
        waiting = asyncio.create_task(pool.take())
        await asyncio.sleep(0)
        pool.give_back()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        assert (pool.used, pool.idle) == (0, True)

    async def test_a_large_wish_is_not_starved_by_small_ones(self) -> None:
        """First come, first served, whatever the size."""
        pool, order = Pool(10), []

        async def take(name: str, units: int) -> None:
            await pool.take(units)
            order.append(name)

        await pool.take(9)
        tasks = [asyncio.create_task(take(name, units)) for name, units in (("large", 10), ("small", 1))]
        await asyncio.sleep(0)
        assert order == []
        pool.give_back(9)
        await asyncio.sleep(0)
        assert order == ["large"]
        pool.give_back(10)
        await asyncio.gather(*tasks)
        assert order == ["large", "small"]

    async def test_a_key_costs_nothing_when_nobody_uses_it(self) -> None:
        """There are as many hosts as customers care to name."""
        places = Places(2)
        async with places.place("a"), places.place("a"), places.place("b"):
            assert places.in_use() == 3
        assert places._pools == {}

    async def test_bodies_together_stay_within_their_bytes(self) -> None:
        """Small ones go on while a large one waits for its turn."""
        memory = Memory(10 * SMALL_BYTES)
        most = 6 * SMALL_BYTES
        async with memory.share() as one, memory.share() as two:
            await one.grow(most)
            waiting = asyncio.create_task(two.grow(most))
            await asyncio.sleep(0)
            assert (waiting.done(), memory.used_bytes) == (False, 8 * SMALL_BYTES)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        assert memory.used_bytes == 0


async def test_large_bodies_take_turns() -> None:
    """Forty at once, memory for four: all arrive, and the bound holds at every moment."""
    body = b"x" * 200_000
    peak = 0

    async def watch(opened: HttpFetcher) -> None:
        nonlocal peak
        while True:
            peak = max(peak, opened.inflight_bytes)
            await asyncio.sleep(0.001)

    async with server(reply(body)) as there, fetcher(max_inflight_bytes=1_500_000) as opened:
        watching = asyncio.create_task(watch(opened))
        results = await asyncio.gather(*(opened.fetch(question(there.url)) for _ in range(40)))
        watching.cancel()

    assert [len(result.body) for result in results if isinstance(result, Answer)] == [len(body)] * 40
    assert 0 < peak <= 1_500_000
