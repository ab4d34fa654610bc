"""One request and its answer on the wire: the limits before it, the clock over it, the record after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp

from pivot.fetch import faults
from pivot.fetch.answer_head import HeaderFlood, NotHttp
from pivot.fetch.body import cap_for, read_body
from pivot.fetch.breaker import Breaker, BreakerState
from pivot.fetch.egress_gate import EgressGate
from pivot.fetch.egress_guard import why_not_public
from pivot.fetch.faults import Fault, ResolveError
from pivot.fetch.limits import Memory, Places, Pool
from pivot.fetch.plan import Plan
from pivot.fetch.redirects import FOLLOWED, Hop
from pivot.fetch.request_headers import RequestHeaders
from pivot.fetch.resolver import Resolver
from pivot.fetch.reuse import Reuse
from pivot.fetch.settings import FetchSettings
from pivot.fetch.trace import Phase, Trace, current
from pivot.fetch.urls import Target
from pivot.model.codes import Code
from pivot.model.fetch import Attempt, FetchRequest, Times
from pivot.model.hot import hot_dataclass

_SAYS_NOTHING_OF_THE_SERVER = frozenset(
    {Code.FETCH_BUSY, Code.FETCH_DENIED, Code.FETCH_REDIRECTS, Code.FETCH_TOO_LARGE}
)
_ERRORS_OF_THE_WIRE = (
    aiohttp.ClientError,
    aiohttp.http.HttpProcessingError,
    HeaderFlood,
    NotHttp,
    OSError,
    Fault,
)


_TOO_LATE_S = 0.02
"""A place that is given with less time left is of no use."""


class StaleConnection(Exception):
    """The kept connection was of no use: closed, given up (408), or something unasked came in on it."""


@dataclass(slots=True)
class Asking:
    """One fetch while it runs: its plan, and what is noted on the way."""

    request: FetchRequest
    plan: Plan
    ask_id: str
    number: int = 0
    """Of the attempt in progress, from 1."""
    attempts: list[Attempt] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@hot_dataclass(frozen=True, slots=True)
class Tools:
    """What all fetches of a worker share."""

    settings: FetchSettings
    session: aiohttp.ClientSession
    reuse: Reuse
    asker: RequestHeaders
    gate: EgressGate
    resolver: Resolver
    everything: Pool
    hosts: Places
    accounts: Places
    memory: Memory
    breaker: Breaker
    now: Callable[[], float]


@hot_dataclass(frozen=True, slots=True)
class Reply:
    """What one request brought."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header, by its name in lower case; None when it is absent."""
        return next((value for key, value in self.headers if key.lower() == name), None)


async def exchange(tools: Tools, asking: Asking, hop: Hop, latest: float, *, alone: bool = False) -> Reply:
    """Ask once.

    Args:
        latest: the loop's time at which this attempt is over.
        alone: on a connection of its own, neither kept before nor afterwards.

    Raises:
        Fault: no whole answer came.
        StaleConnection: ask again, nothing was lost.
    """
    hop = tools.asker.prepared(hop, asking.request.account_id)
    timer = asyncio.timeout_at(latest)
    trace = _trace(tools, asking, hop, timer, latest, alone=alone)
    _enter_breaker(tools, asking, hop.target, trace)
    origin, probe = hop.target.origin, trace.breaker is BreakerState.PROBING
    try:
        async with timer:
            reply = await _in_place(tools, asking, hop, trace)
    except TimeoutError as error:
        whole = (timer.when() or latest) >= asking.plan.deadline
        fault = faults.timed_out(trace.phase, origin, whole=whole)
        _failed(tools, asking, hop, trace, fault, blame=not asking.plan.impatient)
        raise fault from error
    except _ERRORS_OF_THE_WIRE as error:
        fault = faults.from_error(error, trace, origin)
        stale = trace.found_closed and fault.code in (Code.FETCH_CLOSED, Code.FETCH_PROTOCOL)
        _failed(tools, asking, hop, trace, fault, blame=not stale)
        if stale:
            raise StaleConnection from error
        if fault is error:
            raise
        raise fault from error
    except BaseException:
        tools.breaker.abandoned(origin, probe=probe)
        raise
    tools.breaker.succeeded(origin)
    asking.attempts.append(_record(asking, hop.target, trace, reply.status, None))
    if trace.kept and reply.status == HTTPStatus.REQUEST_TIMEOUT:  # it was bored before our request came
        raise StaleConnection
    asking.warnings.extend(trace.warnings)
    return reply


def _trace(
    tools: Tools, asking: Asking, hop: Hop, timer: asyncio.Timeout, latest: float, *, alone: bool
) -> Trace:
    pool = asking.request.account_id or ""
    if alone or not tools.reuse.is_allowed(hop.target.origin):
        pool += f" {asking.ask_id} {len(asking.attempts)}"
    return Trace(
        tools.now,
        timer,
        hop.target.host,
        asking.plan.answer_s,
        latest,
        tools.now(),
        origin=hop.target.origin,
        pool=pool,
        alone=alone,
    )


def _enter_breaker(tools: Tools, asking: Asking, target: Target, trace: Trace) -> None:
    trace.breaker = tools.breaker.enter(target.origin, tools.now())
    if trace.breaker is BreakerState.OPEN:
        fault = faults.breaker_open(target.origin)
        asking.attempts.append(_record(asking, target, trace, None, fault.code))
        raise fault


def _failed(tools: Tools, asking: Asking, hop: Hop, trace: Trace, fault: Fault, *, blame: bool) -> None:
    asking.attempts.append(_record(asking, hop.target, trace, None, fault.code))
    origin, probe = hop.target.origin, trace.breaker is BreakerState.PROBING
    if blame and fault.code not in _SAYS_NOTHING_OF_THE_SERVER:
        tools.breaker.failed(origin, tools.now(), probe=probe)
    else:
        tools.breaker.abandoned(origin, probe=probe)


def _record(asking: Asking, target: Target, trace: Trace, status: int | None, code: Code | None) -> Attempt:
    """Of a denied request no times and no address are kept: they would tell what stands inside."""
    is_denied = code is Code.FETCH_DENIED
    is_public = trace.address is not None and why_not_public(trace.address) is None
    return Attempt(
        url=target.shown,
        times=Times() if is_denied else trace.times(),
        status=status,
        code=code,
        address=trace.address if is_public and not is_denied else None,
        request_id=f"{asking.ask_id}-{asking.number}",
        breaker=None if trace.breaker is BreakerState.CLOSED else trace.breaker.value,
    )


async def _in_place(tools: Tools, asking: Asking, hop: Hop, trace: Trace) -> Reply:
    account_id = asking.request.account_id or ""
    async with (
        tools.accounts.place(account_id),
        tools.hosts.place(hop.target.origin),
        tools.everything,
    ):
        trace.placed_at = tools.now()
        if trace.placed_at > trace.latest - _TOO_LATE_S:
            raise TimeoutError  # while the phase is still that of waiting for a place
        trace.limit(trace.placed_at + asking.plan.connect_s)
        known_as = current.set(trace)
        try:
            await _check_name(tools, hop.target, trace)
            return await _on_the_wire(tools, asking, hop, trace)
        finally:
            current.reset(known_as)


async def _check_name(tools: Tools, target: Target, trace: Trace) -> None:
    """Judge where the name leads now, before a connection is made or a kept one is used again."""
    trace.phase = Phase.NAME
    try:
        addresses = (target.host,) if target.is_literal else await tools.resolver.lookup(target.host)
        tools.gate.admit(target.host, target.port, addresses)
    except ResolveError:
        # A kept connection leads to an address that was checked; it outlives a fault of the name servers.
        # Without one, the connector asks again and fails.
        pass
    trace.phase = Phase.CONNECTION


async def _on_the_wire(tools: Tools, asking: Asking, hop: Hop, trace: Trace) -> Reply:
    headers = tools.asker.headers(
        hop,
        ask_id=asking.ask_id,
        attempt=asking.number,
        account_id=asking.request.account_id,
        call_id=asking.request.call_id,
        timestamp_s=int(time.time()),
    )
    digest = hop.target.user is not None and hop.authorization == "digest"
    response = await tools.session.request(
        hop.method.value.upper(),
        hop.target.for_the_wire(),
        headers=headers,
        data=hop.body or None,
        allow_redirects=False,
        middlewares=(aiohttp.DigestAuthMiddleware(hop.target.user or "", hop.target.password),)
        if digest
        else None,
    )
    trace.head_at = tools.now()
    try:
        body = b"" if _leads_on(response) else await _read(tools, response, trace)
    finally:
        response.release()
    return Reply(response.status, _text_headers(response), body)


async def _read(tools: Tools, response: aiohttp.ClientResponse, trace: Trace) -> bytes:
    trace.phase = Phase.MEMORY
    async with tools.memory.share() as share:
        trace.phase = Phase.BODY
        cap = cap_for(response.headers.get("Content-Type", ""), tools.settings)
        return await read_body(response, cap, tools.settings.min_rate_bytes_s, share, trace)


def _leads_on(response: aiohttp.ClientResponse) -> bool:
    return response.status in FOLLOWED and "Location" in response.headers


def _text_headers(response: aiohttp.ClientResponse) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers)
