"""Fetches one document: a request goes in, an answer or a failure comes out before the deadline."""

from __future__ import annotations

import asyncio
import random
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aiodns
import aiohttp
import pycares
import structlog

from pivot.errors import ConfigError
from pivot.fetch import faults, urls
from pivot.fetch.answer_reader import MAX_HEADERS, MAX_LINE_BYTES
from pivot.fetch.attempt import run_attempt
from pivot.fetch.breaker import Breaker, BreakerState
from pivot.fetch.connector import AccountRequest, open_connector
from pivot.fetch.egress_gate import EgressGate
from pivot.fetch.egress_guard import EgressGuard
from pivot.fetch.exchange import Asking, Tools
from pivot.fetch.faults import Fault
from pivot.fetch.limits import Memory, Places, Pool
from pivot.fetch.plan import make_plan
from pivot.fetch.redirects import Hop
from pivot.fetch.request_headers import RequestHeaders
from pivot.fetch.resolver import Resolver
from pivot.fetch.reuse import Reuse
from pivot.fetch.settings import FetchSettings
from pivot.model.call import BodyFormat
from pivot.model.fetch import Answer, FetchFailure, FetchRequest
from pivot.model.overrides import RetryOn, read_overrides

log = structlog.get_logger("pivot.fetch")

_READ_BUFFER_BYTES = 16_384


class HttpFetcher:
    """Asks customers' servers; made by `open_fetcher`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @property
    def in_flight(self) -> int:
        """Requests that have a place now."""
        return self._tools.everything.used

    @property
    def inflight_bytes(self) -> int:
        """Memory set aside for bodies now."""
        return self._tools.memory.used_bytes

    @property
    def objections(self) -> int:
        """How often the egress guard said no since the start, in force or not."""
        return self._tools.gate.objections

    def breaker_states(self) -> dict[str, BreakerState]:
        """Of the origins whose breaker is not closed."""
        return self._tools.breaker.states()

    def follow(self, settings: FetchSettings) -> None:
        """Fetches that begin from now on follow these settings, as far as `AT_RUN_TIME` names them.

        Raises:
            ConfigError: a rule of the egress guard cannot be read; the old ones stay.
        """
        _check(settings)
        self._tools.gate.guard = _guard(settings)
        self._tools = replace(self._tools, settings=settings)

    async def fetch(self, request: FetchRequest) -> Answer | FetchFailure:
        """Ask; every fault of the server or the network is a value. Cancel the task to stop."""
        tools = self._tools
        started_at = tools.now()
        overrides = read_overrides(request.url)
        plan = make_plan(request, overrides, tools.settings, started_at)
        asking = Asking(request, plan, secrets.token_hex(16), warnings=list(overrides.warnings))
        host = ""
        try:
            hop = _first_hop(request, tools.settings.max_url_bytes)
            host = hop.target.host
            answer = await self._try(asking, hop)
        except Fault as fault:
            faults.forget_frames(fault)
            result: Answer | FetchFailure = FetchFailure(
                fault.code, str(fault), tuple(asking.attempts), tuple(asking.warnings)
            )
        else:
            result = Answer(
                answer.status,
                answer.headers,
                answer.body,
                answer.url,
                tuple(asking.attempts),
                tuple(asking.warnings),
            )
        _log_finished(request, result, host, tools.now() - started_at)
        return result

    async def _try(self, asking: Asking, hop: Hop) -> Answer:
        while True:
            asking.number += 1
            try:
                answer = await run_attempt(self._tools, asking, hop)
            except Fault as fault:
                faults.forget_frames(fault)
                if not await self._pause(asking, fault.retry):
                    raise
            else:
                if not await self._pause(asking, _blame_of(answer.status)):
                    return answer

    async def _pause(self, asking: Asking, kind: RetryOn | None) -> bool:
        """Wait before another attempt; False at once when there shall be none."""
        plan = asking.plan
        if kind not in plan.retry_on or asking.number > plan.retries:
            return False
        settings = self._tools.settings
        delay_s = settings.retry_delay_s * 2 ** (asking.number - 1) * random.uniform(0.5, 1.5)
        if self._tools.now() + delay_s + settings.min_attempt_s > plan.deadline:
            return False
        await asyncio.sleep(delay_s)
        return True


@asynccontextmanager
async def open_fetcher(settings: FetchSettings) -> AsyncIterator[HttpFetcher]:
    """A fetcher, with its connections and name servers, until the block ends.

    Raises:
        ConfigError: a setting cannot be used.
    """
    gate = EgressGate(_guard(settings))
    _check(settings)
    reuse = Reuse()
    async with AsyncExitStack() as opened:
        resolver = _open_resolver(settings, gate)
        opened.push_async_callback(resolver.close)
        session = await opened.enter_async_context(_open_session(settings, gate, resolver, reuse))
        yield HttpFetcher(
            Tools(
                settings=settings,
                session=session,
                reuse=reuse,
                asker=RequestHeaders(settings),
                gate=gate,
                resolver=resolver,
                everything=Pool(settings.max_connections),
                hosts=Places(settings.per_host),
                accounts=Places(settings.per_account),
                memory=Memory(settings.max_inflight_bytes),
                breaker=Breaker(
                    settings.breaker_failures if settings.breaker else sys.maxsize, settings.breaker_open_s
                ),
                now=asyncio.get_running_loop().time,
            )
        )


def _open_resolver(settings: FetchSettings, gate: EgressGate) -> Resolver:
    try:
        return Resolver(gate.admit, settings.nameservers, settings.dns_timeout_s)
    except (aiodns.error.DNSError, pycares.AresError) as error:
        raise ConfigError(
            f"fetch.nameservers is {list(settings.nameservers)}, want addresses such as 192.0.2.53 or "
            "192.0.2.53:5353"
        ) from error


def _guard(settings: FetchSettings) -> EgressGuard:
    return EgressGuard(
        settings.egress,
        allow_networks=settings.allow_networks,
        allow_hosts=settings.allow_hosts,
        deny_networks=settings.deny_networks,
        deny_hosts=settings.deny_hosts,
        allow_ports=settings.allow_ports,
        deny_ports=settings.deny_ports,
    )


def _open_session(
    settings: FetchSettings, gate: EgressGate, resolver: Resolver, reuse: Reuse
) -> aiohttp.ClientSession:
    try:
        connector = open_connector(settings, gate, resolver, reuse)
    except OSError as error:
        raise ConfigError(
            f"fetch.ca_file, client_cert_file or client_key_file cannot be read: {error}"
        ) from error
    session = aiohttp.ClientSession(
        connector=connector,
        request_class=AccountRequest,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=("Content-Type", "User-Agent"),
        read_bufsize=_READ_BUFFER_BYTES,
        max_line_size=2 * MAX_LINE_BYTES,  # `AnswerReader` has counted already
        max_field_size=2 * MAX_LINE_BYTES,
        max_headers=2 * MAX_HEADERS,
    )
    # aiohttp asks a second time by itself when a server hangs up, and tells nobody. `attempt.py` does that
    # where it is right, and notes it.
    session._retry_connection = False
    return session


def _check(settings: FetchSettings) -> None:
    known = {kind.value for kind in RetryOn}
    for key in ("retry_on", "notice_retry_on"):
        if unknown := set(getattr(settings, key)) - known:
            raise ConfigError(f"fetch.{key} has {sorted(unknown)}, want any of {sorted(known)}")
    for key in ("timeout_s", "connect_timeout_s", "dns_timeout_s", "per_host", "per_account"):
        if getattr(settings, key) <= 0:
            raise ConfigError(f"fetch.{key} is {getattr(settings, key)}, want a number above 0")
    largest = max(settings.max_json_bytes, settings.max_xml_bytes)
    if settings.max_inflight_bytes < 2 * largest:
        raise ConfigError(
            f"fetch.max_inflight_bytes is {settings.max_inflight_bytes}, want at least "
            f"{2 * largest}, twice the largest body"
        )


def _first_hop(request: FetchRequest, max_url_bytes: int) -> Hop:
    try:
        target = urls.parse(request.url, max_bytes=max_url_bytes)
    except urls.BadUrl as error:
        raise faults.bad_url(str(error)) from error
    return Hop(
        target=target,
        method=request.method,
        headers=request.headers,
        body=request.body,
        parameters=request.parameters,
        is_form=request.body_format is BodyFormat.FORM,
    )


def _blame_of(status: int) -> RetryOn | None:
    if status >= 500:
        return RetryOn.SERVER_ERROR
    return RetryOn.CLIENT_ERROR if status >= 400 else None


def _log_finished(request: FetchRequest, result: Answer | FetchFailure, host: str, duration_s: float) -> None:
    is_answer = isinstance(result, Answer)
    (log.info if is_answer else log.warning)(
        "fetch.finished",
        call_id=request.call_id,
        account_id=request.account_id,
        iteration=request.iteration,
        host=host,
        method=request.method.value,
        status=result.status if isinstance(result, Answer) else None,
        code=None if isinstance(result, Answer) else result.code.value,
        attempts=len(result.attempts),
        body_bytes=len(result.body) if isinstance(result, Answer) else 0,
        duration_s=round(duration_s, 4),
    )
