"""Names that lead inside, late, nowhere or everywhere; asked of a real name server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from structlog.testing import LogCapture

from pivot.fetch import resolver
from tests.dns_server import SERVFAIL, Names, Says, dns_server
from tests.fetch.helpers import answered, ask, failed, fetcher_for_tests, serving

PUBLIC = "127.0.0.2"
"""Stands for a public address: tests allow it and nothing else."""
INSIDE = "127.0.0.1"


@pytest.fixture(name="names")
async def name_server() -> AsyncIterator[Names]:
    async with dns_server() as names:
        yield names


def settings(names: Names, **more: object) -> dict[str, object]:
    return {"nameservers": (names.endpoint,), "allow_networks": (f"{PUBLIC}/32",)} | more


async def hello(request: web.BaseRequest) -> web.Response:
    return web.Response(text=request.headers["Host"])


def named(origin: str, name: str) -> str:
    return f"http://{name}:{urlsplit(origin).port}/"


async def test_a_name_leads_to_its_server_and_stays_in_the_host_header(names: Names) -> None:
    """The address is checked and connected to, but the server sees the name it serves."""
    names.says["app.test"] = [Says((PUBLIC,), ttl_s=60)]
    async with serving(hello, PUBLIC) as origin, fetcher_for_tests(**settings(names)) as fetcher:
        url = named(origin, "app.test")
        assert answered(await fetcher.fetch(ask(url))).body.decode() == urlsplit(url).netloc


@pytest.mark.parametrize(
    "says",
    [
        Says((INSIDE,)),
        Says((PUBLIC, INSIDE)),
        Says((INSIDE, PUBLIC)),
        Says(("::1",)),
        Says((PUBLIC, "fd00:ec2::254")),
        Says(("169.254.169.254",), cname="metadata.internal"),
        Says(("10.0.0.1",), ttl_s=3600),
        Says((*(f"8.8.{number // 250}.{number % 250}" for number in range(999)), INSIDE)),
    ],
    ids=["private", "mixed", "mixed_reversed", "ipv6", "mixed_ipv6", "cname", "long_ttl", "1000_answers"],
)
async def test_a_name_that_leads_inside_is_denied(names: Names, says: Says, logged: LogCapture) -> None:
    """One private address among its answers is enough; no connection is made to any of them."""
    connections: list[str] = []

    async def inside(request: web.BaseRequest) -> web.Response:
        connections.append(request.path)
        return web.Response(text="secret")

    names.says["evil.test"] = [says]
    async with serving(inside, INSIDE) as origin, fetcher_for_tests(**settings(names)) as fetcher:
        result = await fetcher.fetch(ask(named(origin, "evil.test")))

    assert failed(result) == "fetch.denied"
    assert (connections, result.attempts[0].times.total_s, result.attempts[0].address) == ([], 0.0, None)
    assert [entry["event"] for entry in logged.entries] == ["fetch.denied", "fetch.finished"]


async def test_rebinding_finds_the_door_closed(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    """First answer public, second private, TTL 0: the kept connection is not used again either."""
    monkeypatch.setattr(resolver, "SHORTEST_TTL_S", 0.0)
    names.says["rebind.test"] = [Says((PUBLIC,)), Says((PUBLIC,)), Says((INSIDE,))]
    async with serving(hello, PUBLIC) as origin, fetcher_for_tests(**settings(names)) as fetcher:
        url = named(origin, "rebind.test")
        answered(await fetcher.fetch(ask(url)))
        assert failed(await fetcher.fetch(ask(url))) == "fetch.denied"


async def test_an_answer_that_changes_between_check_and_connection_is_checked_again(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict falls on the very address that is connected to."""
    monkeypatch.setattr(resolver, "SHORTEST_TTL_S", 0.0)
    names.says["rebind.test"] = [Says((PUBLIC,)), Says((INSIDE,))]
    async with serving(hello, INSIDE) as origin, fetcher_for_tests(**settings(names)) as fetcher:
        assert failed(await fetcher.fetch(ask(named(origin, "rebind.test")))) == "fetch.denied"


async def test_a_name_is_asked_once_for_all_who_wait(names: Names) -> None:
    """A busy customer costs the name servers one question in up to ten seconds."""
    names.says["app.test"] = [Says((PUBLIC,), ttl_s=60)]
    async with serving(hello, PUBLIC) as origin, fetcher_for_tests(**settings(names)) as fetcher:
        url = named(origin, "app.test")
        await asyncio.gather(*(fetcher.fetch(ask(url)) for _ in range(20)))

    assert sorted(names.asked) == [("app.test", 1), ("app.test", 28)]


async def test_unknown_names_fail_as_such(names: Names) -> None:
    """A misspelt host is the customer's to correct; the code says so at once."""
    async with fetcher_for_tests(**settings(names)) as fetcher:
        assert failed(await fetcher.fetch(ask("http://nowhere.test/"))) == "fetch.dns"


async def test_failing_name_servers_fail_in_time(names: Names) -> None:
    """SERVFAIL is repeated by the library, within our limit."""
    names.says["broken.test"] = [Says(rcode=SERVFAIL)]
    async with fetcher_for_tests(**settings(names, dns_timeout_s=0.6)) as fetcher:
        assert failed(await fetcher.fetch(ask("http://broken.test/"))) == "fetch.dns"


async def test_a_dead_name_stalls_nobody_else(names: Names) -> None:
    """While one customer's name server is silent, another's calls go through."""
    names.says["slow.test"] = [Says((PUBLIC,), delay_s=30)]
    names.says["app.test"] = [Says((PUBLIC,))]
    loop = asyncio.get_running_loop()
    async with (
        serving(hello, PUBLIC) as origin,
        fetcher_for_tests(**settings(names, dns_timeout_s=1.5)) as fetcher,
    ):
        slow = [asyncio.create_task(fetcher.fetch(ask(named(origin, "slow.test")))) for _ in range(50)]
        await asyncio.sleep(0)
        started_at = loop.time()
        answered(await fetcher.fetch(ask(named(origin, "app.test"))))
        assert loop.time() - started_at < 1.2
        assert {failed(result) for result in await asyncio.gather(*slow)} == {"fetch.dns"}


async def test_report_logs_and_lets_through(names: Names, logged: LogCapture) -> None:
    """The way to introduce the guard: see first what it would deny."""
    names.says["inside.test"] = [Says((INSIDE,))]
    rules = settings(names, egress="report")
    async with serving(hello, INSIDE) as origin, fetcher_for_tests(**rules) as fetcher:
        url = named(origin, "inside.test")
        answered(await fetcher.fetch(ask(url)))

    assert logged.entries[0] == {
        "event": "fetch.denied",
        "log_level": "warning",
        "host": "inside.test",
        "port": urlsplit(url).port,
        "address": INSIDE,
        "reason": "loopback",
        "enforced": False,
    }
    assert [entry["event"] for entry in logged.entries] == ["fetch.denied", "fetch.finished"]


async def test_a_host_can_be_allowed_by_name(names: Names) -> None:
    """One line of configuration for a private voice server."""
    names.says["voice.internal.test"] = [Says((INSIDE,))]
    rules = settings(names, allow_hosts=("*.internal.test",))
    async with serving(hello, INSIDE) as origin, fetcher_for_tests(**rules) as fetcher:
        answered(await fetcher.fetch(ask(named(origin, "voice.internal.test"))))
