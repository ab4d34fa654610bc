"""One customer's trouble stays that customer's: places and memory."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from pivot.errors import ConfigError
from pivot.fetch.limits import SMALL_BYTES, Memory, Places, Pool
from tests.fetch.helpers import answered, ask, failed, fetcher_for_tests, serving


async def silent(request: web.BaseRequest) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


async def hello(request: web.BaseRequest) -> web.Response:
    return web.Response(text="hello")


@pytest.mark.parametrize("limit", ["per_host", "per_account"])
async def test_waiting_for_a_place_ends_as_busy(limit: str) -> None:
    """A dead server holds its own callers up, and says why; another's answer at once."""
    async with (
        serving(silent) as dead,
        serving(hello) as alive,
        fetcher_for_tests(timeout_s=0.8, breaker=False, **{limit: 2}) as fetcher,
    ):
        stuck = [asyncio.create_task(fetcher.fetch(ask(dead, account_id="a"))) for _ in range(4)]
        await asyncio.sleep(0.05)
        answered(await asyncio.wait_for(fetcher.fetch(ask(alive, account_id="b")), 0.6))
        codes = [failed(result) for result in await asyncio.gather(*stuck)]
        assert fetcher.in_flight == 0

    assert codes == ["fetch.read_timeout"] * 2 + ["fetch.busy"] * 2


async def test_places_are_given_in_the_order_of_asking() -> None:
    """Nobody overtakes, and who gives up leaves no gap."""
    places = Places(1)
    order: list[int] = []

    async def use(number: int) -> None:
        async with places.place("host"):
            order.append(number)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(use(number)) for number in range(5)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert (order, places.in_use()) == ([0, 1, 3, 4], 0)


async def test_a_place_granted_to_one_who_just_left_goes_to_the_next() -> None:
    """Cancelled between being served and running: the unit is not lost."""
    pool = Pool(1)
    await pool.take()
    leaving = asyncio.create_task(pool.take())
    staying = asyncio.create_task(pool.take())
    await asyncio.sleep(0)
    pool.give_back()
    leaving.cancel()
    await staying
    assert pool.used == 1


async def test_bodies_that_wait_for_memory_hold_little() -> None:
    """Large shares go out as long as there are any; the rest waits with its small share and then goes on."""
    memory = Memory(8 * SMALL_BYTES)
    order: list[str] = []

    async def read(name: str) -> None:
        async with memory.share() as share:
            order.append(f"{name} starts")
            await share.grow(6 * SMALL_BYTES)
            order.append(f"{name} grows")
            await asyncio.sleep(0)

    await asyncio.gather(read("a"), read("b"), read("c"))

    assert order == ["a starts", "a grows", "b starts", "c starts", "b grows", "c grows"]
    assert memory.used_bytes == 0


async def test_all_bodies_together_stay_within_memory() -> None:
    """Many large answers at once take turns; none is lost, and the bound holds at every moment."""
    body = b'"' + b"x" * 200_000 + b'"'
    highest = 0

    async def voice(request: web.BaseRequest) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async with serving(voice) as origin, fetcher_for_tests(max_inflight_bytes=1_048_576) as fetcher:

        async def one() -> bytes:
            nonlocal highest
            answer = answered(await fetcher.fetch(ask(origin)))
            highest = max(highest, fetcher.inflight_bytes)
            return answer.body

        bodies = await asyncio.gather(*(one() for _ in range(40)))
        assert fetcher.inflight_bytes == 0

    assert set(bodies) == {body}
    assert 0 < highest <= 1_048_576


@pytest.mark.parametrize(
    ("content_type", "size", "fits"),
    [
        ("application/json", 300, True),
        ("application/json; charset=utf-8", 301, False),
        ("text/xml", 100, True),
        ("application/xml", 101, False),
        ("text/plain", 300, True),
        ("text/plain", 301, False),
    ],
)
async def test_each_type_has_its_cap(content_type: str, size: int, fits: bool) -> None:
    """To the byte."""

    async def voice(request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * size, headers={"Content-Type": content_type})

    caps = {"max_json_bytes": 300, "max_xml_bytes": 100}
    async with serving(voice) as origin, fetcher_for_tests(**caps) as fetcher:
        result = await fetcher.fetch(ask(origin))
        assert (answered(result).body == b"x" * size) if fits else (failed(result) == "fetch.too_large")


@pytest.mark.parametrize(
    "settings",
    [
        {"retry_on": ("dns",)},
        {"timeout_s": 0},
        {"max_inflight_bytes": 1000},
        {"ca_file": "/nowhere.pem"},
        {"origin_headers": {"app.example": ("X: y",)}},
        {"origin_headers": {"https://app.example": ("no header",)}},
    ],
)
async def test_settings_that_cannot_be_used_stop_the_start(settings: dict[str, object]) -> None:
    """Nothing starts half-configured."""
    with pytest.raises(ConfigError, match=r"fetch\."):
        async with fetcher_for_tests(**settings):
            pass
