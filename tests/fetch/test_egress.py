"""Which URLs a customer may have us call: every known trick, and the controls that must pass."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from pivot.errors import ConfigError
from pivot.fetch import urls
from pivot.fetch.connector import is_own
from pivot.fetch.egress_guard import LOOPBACK, NOT_PUBLIC, EgressGuard, why_not_public
from pivot.fetch.settings import NOT_FOR_THE_WEB
from pivot.model.codes import Code
from pivot.model.fetch import Answer, Attempt, FetchFailure, Times
from tests.fetch.support import ask, fetcher, question, redirect, reply, server
from tests.vectors import vectors

ROWS = {url.replace("LONG", "a" * 65_536): verdict for url, verdict in vectors("fetch/egress.json")["rows"]}


def judged(url: str) -> str:
    """The verdict of reader and guard alone; no socket is near. Names count as allowed."""
    guard = EgressGuard(deny_ports=NOT_FOR_THE_WEB)
    try:
        target = urls.parse(url)
    except urls.BadUrl:
        return "bad_url"
    if target.is_literal and guard.objection(target.host, target.port, target.host):
        return "denied"
    return "allowed"


def test_every_trick_is_seen_through_and_every_control_passes() -> None:
    """By reader and guard, before any socket is near; what names lead to is another test."""
    by_address = {url: verdict for url, verdict in ROWS.items() if "localhost" not in url.lower()}

    assert {url: judged(url) for url in by_address} == by_address


async def test_who_is_refused_learns_nothing() -> None:
    """With the settings as delivered, through the whole room: one code, no times, no addresses."""
    refused = {url: verdict for url, verdict in ROWS.items() if verdict != "allowed"}
    async with fetcher(allow_networks=(), retries=0, breaker=False) as opened:
        results = [await opened.fetch(question(url)) for url in refused]

    told = {
        url: result.code.value.removeprefix("fetch.")
        for url, result in zip(refused, results, strict=True)
        if isinstance(result, FetchFailure)
    }
    assert told == refused
    attempts = [attempt for result in results for attempt in result.attempts]
    assert {(attempt.code, attempt.times, attempt.address) for attempt in attempts} == {
        (Code.FETCH_DENIED, Times(), None)
    }
    assert "secret" not in f"{results}"


@given(st.integers(0, 2**32 - 1).map(ip_address) | st.integers(0, 2**128 - 1).map(ip_address))
def test_whatever_python_calls_private_is_denied(address: object) -> None:
    """The list is our own, and at least as strict as the standard library's for addresses of today."""
    text = str(address)
    if not ip_address(text).is_global:
        assert why_not_public(text) is not None


def test_one_line_opens_a_private_network() -> None:
    """An operator whose voice servers stand inside; `deny_networks` still wins."""
    guard = EgressGuard(
        allow_networks=["10.1.0.0/16", "fd00:1::/32"], deny_networks=["10.1.9.0/24", "8.8.8.0/24"]
    )

    assert {
        address: guard.objection("h", 80, address)
        for address in ("10.1.2.3", "10.2.0.1", "10.1.9.1", "fd00:1::9", "fd00:2::9", "8.8.8.8", "8.8.4.4")
    } == {
        "10.1.2.3": None,
        "10.2.0.1": "private",
        "10.1.9.1": "in deny_networks",
        "fd00:1::9": None,
        "fd00:2::9": "private",
        "8.8.8.8": "in deny_networks",
        "8.8.4.4": None,
    }


def test_one_line_opens_a_name() -> None:
    """Exactly that name, or all names below a domain; the port rules stay."""
    guard = EgressGuard(allow_hosts=["Voice.corp.example", "*.lan"], deny_ports=["22"])

    hosts = ("voice.corp.example", "voice.corp.example.", "x.voice.corp.example", "corp.example", "a.b.lan")
    assert [guard.objection(host, 80, "10.0.0.1") for host in (*hosts, "lan", "evil-lan")] == [
        None,
        None,
        "private",
        "private",
        None,
        "private",
        "private",
    ]
    assert guard.objection("voice.corp.example", 22, "10.0.0.1") == "port 22 is denied"


def test_one_line_opens_a_port() -> None:
    """A voice application behind an odd port."""
    guard = EgressGuard(deny_ports=NOT_FOR_THE_WEB, allow_ports=["5060", "81-90"])

    assert guard.objection("h", 5060, "8.8.8.8") is None
    assert guard.objection("h", 5061, "8.8.8.8") == "port 5061 is denied"


def test_our_own_addresses_are_no_voice_server() -> None:
    """A public address of this machine leads to our own doors as loopback does."""
    assert EgressGuard().objection("h", 80, "8.8.8.8", own=True) == "this machine's own address"
    assert EgressGuard(allow_networks=["8.8.8.8/32"]).objection("h", 80, "8.8.8.8", own=True) is None
    assert is_own(socket.AF_INET, ("127.0.0.1", 80))


def test_loopback_mode_leads_nowhere_else() -> None:
    """Demo and simulator call this machine, and only this machine."""
    guard = EgressGuard("loopback")

    assert [guard.objection("h", 80, address) for address in ("127.0.0.1", "::1", "8.8.8.8", "10.0.0.1")] == [
        None,
        None,
        "not loopback",
        "not loopback",
    ]


def test_the_list_holds_each_range_once() -> None:
    """A reader must be able to trust what stands there."""
    networks = [network for network, _ in NOT_PUBLIC]
    assert len(set(networks)) == len(networks)
    assert set(LOOPBACK) <= set(networks)


def test_a_wrong_mode_is_named() -> None:
    """The operator sees what may be written instead."""
    with pytest.raises(ConfigError, match=r"egress is 'off', want one of enforce, report, open, loopback"):
        EgressGuard("off")


async def test_a_denial_leaves_one_line_for_the_operator() -> None:
    """The reason and the address are in the log, and nowhere else."""
    async with server(reply()) as there:
        with structlog.testing.capture_logs() as lines:
            result = await ask(f"{there.url}/x", allow_networks=())

    assert isinstance(result, FetchFailure)
    assert result.message == "this URL may not be called from here; ask the operator of this service"
    assert [line for line in lines if line["event"] == "fetch.denied"] == [
        {
            "event": "fetch.denied",
            "log_level": "warning",
            "host": "127.0.0.1",
            "port": there.port,
            "address": "127.0.0.1",
            "reason": "loopback",
            "enforced": True,
        }
    ]
    assert (there.connections, result.attempts) == (
        0,
        (Attempt(f"{there.url}/x", code=Code.FETCH_DENIED, request_id=result.attempts[0].request_id),),
    )


async def test_report_mode_only_tells() -> None:
    """For the roll-out: see who would be hit before anybody is."""
    async with server(reply()) as there:
        with structlog.testing.capture_logs() as lines:
            result = await ask(there.url, allow_networks=(), egress="report")

    assert isinstance(result, Answer)
    denials = [line for line in lines if line["event"] == "fetch.denied"]
    assert [(line["reason"], line["enforced"]) for line in denials] == [("loopback", False)]


async def test_open_mode_says_nothing() -> None:
    """The operator has a firewall of their own."""
    async with server(reply()) as there:
        with structlog.testing.capture_logs() as lines:
            assert isinstance(await ask(there.url, allow_networks=(), egress="open"), Answer)

    assert [line["event"] for line in lines] == ["fetch.finished"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("allowed", [True, False])
async def test_each_hop_is_judged_again(status: int, allowed: bool) -> None:
    """A redirect is the oldest way around a check at the door."""
    networks = ("127.0.0.1/32", *(("127.0.0.2/32",) if allowed else ()))
    async with (
        server(reply(b"inside"), host="127.0.0.2") as inside,
        server(lambda _: redirect(f"{inside.url}/secret", status)) as outside,
    ):
        result = await ask(outside.url, allow_networks=networks)

        assert isinstance(result, Answer if allowed else FetchFailure)
        assert inside.connections == (1 if allowed else 0)
        assert isinstance(result, Answer) or result.code is Code.FETCH_DENIED
