"""From a request to an allowed question, and from what was found to an answer.

Order of checks, as Crossbar's: path, method, account id, rate limit, credentials.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import structlog
from aiohttp import web

from pivot.debug.names import is_account_id
from pivot.debug.store import Store
from pivot.errors import StoreError
from pivot.web.api import Api, Question
from pivot.web.auth.credentials import Credentials, Kind, find_credentials
from pivot.web.auth.ports import Authenticator
from pivot.web.envelope import Found, Frame, failure, request_id, revision, success
from pivot.web.errors import (
    ApiError,
    crashed,
    gone,
    malformed_account,
    not_found,
    store_too_slow,
    store_unreachable,
    too_many_requests,
    wrong_method,
)
from pivot.web.paths import parse_query, split_target
from pivot.web.rate_limit import ClientAddress, RateLimit, network_of
from pivot.web.replies import asks_cors, callback_name, cors_headers, csv_reply, is_csv_wanted, json_reply
from pivot.web.settings import WebSettings
from pivot.web.stream import Place, Streams

log: structlog.stdlib.BoundLogger = structlog.get_logger()

ANY_ACCOUNT = ""
REFUSED = (401, 403, 404)
"""A verdict about the client; other errors of a authenticator are no fault of the client's."""
Answer: TypeAlias = Callable[[Question], Awaitable[Found]]


@dataclass(slots=True)
class Ask:
    """One request, taken apart; the frame fills as the checks go on."""

    request: web.Request
    segments: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    query: Mapping[str, str]
    credentials: Credentials
    frame: Frame


class Server:
    """Answers every request that no other route takes."""

    def __init__(
        self,
        store: Store,
        settings: WebSettings,
        authenticator: Authenticator,
        node: str,
        clock: Callable[[], float],
    ) -> None:
        self._api = Api(store, settings, clock)
        self._settings = settings
        self._authenticator = authenticator
        self._node = node
        self._clock = clock
        self._rate = RateLimit(settings.rate_burst, settings.rate_per_s, time.monotonic)
        self._refusals = RateLimit(settings.rate_burst, settings.rate_per_s, time.monotonic)
        self._address = ClientAddress.behind(settings.trusted_proxies)
        self._is_open = settings.auth.mode == "open"
        self.streams = Streams(store, settings.max_streams, settings.stream_poll_s)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer, whatever happens: every failure becomes an envelope."""
        ask = self._ask(request)
        try:
            return await self._answer(ask)
        except ApiError as error:
            refusal = error
        except StoreError as error:
            log.error("web.store_failed", reason=str(error))
            refusal = store_unreachable()
        except TimeoutError:
            log.error("web.store_too_slow", limit_s=self._settings.request_timeout_s)
            refusal = store_too_slow()
        except Exception as error:
            log.error("web.crashed", error=type(error).__name__, traceback=traceback.format_exc())
            refusal = crashed()
        return self._refuse(ask, refusal)

    def _ask(self, request: web.Request) -> Ask:
        segments, raw_query = split_target(request.raw_path)
        pairs = parse_query(raw_query)
        query = dict(reversed(pairs))
        credentials = find_credentials(request.headers, query)
        frame = Frame(
            node=self._node,
            request_id=request_id(request.headers.get("X-Request-ID")),
            auth_token=credentials.text if credentials.kind is Kind.TOKEN else None,
            now_s=self._clock(),
        )
        return Ask(request, segments, pairs, query, credentials, frame)

    async def _answer(self, ask: Ask) -> web.StreamResponse:
        account_id, answer = self._route(ask.segments)
        if ask.request.method == "OPTIONS" and asks_cors(ask.request.headers):
            return web.Response(headers=self._headers(ask))
        if ask.request.method != "GET" or ask.query.get("verb", "get").lower() != "get":
            raise wrong_method()
        if not is_account_id(account_id):
            raise malformed_account(account_id)
        await self._admit(ask, account_id)
        ask.frame = replace(ask.frame, authenticated=True)
        if answer is None:
            return await self._stream(ask, account_id)
        callback = callback_name(ask.query, allowed=not self._is_open)
        async with asyncio.timeout(self._settings.request_timeout_s):
            found = await answer(Question(account_id, ask.pairs))
        return self._give(ask, found, callback)

    def _route(self, segments: tuple[str, ...]) -> tuple[str, Answer | None]:
        """Account id and what answers; None stands for the stream.

        Raises:
            ApiError: 404 and 410.
        """
        api = self._api
        match segments:
            case ("v2", "accounts", account_id, "pivot", "debug"):
                return account_id, api.summary
            case ("v2", "accounts", account_id, "pivot", "debug", uuid) if uuid:
                return account_id, partial(api.read, text=uuid)
            case ("v2", "accounts", account_id, "pivot", "calls"):
                return account_id, api.calls
            case ("v2", "accounts", account_id, "pivot", "calls", call_id) if call_id:
                return account_id, partial(api.call, text=call_id)
            case ("v2", "accounts", account_id, "pivot", "stream"):
                return account_id, None
            case ("v1", *_):
                raise gone()
        raise not_found()

    async def _admit(self, ask: Ask, account_id: str) -> None:
        """Take a token from the client's bucket for this account, then let the authenticator decide.

        Who is refused pays once more, from a bucket for all accounts together: guesses of tokens and
        accounts stay few, and so do the questions that they make us ask Crossbar.
        """
        client = self._client(ask)
        remaining = self._rate.take(client, account_id)
        if remaining is None or self._refusals.is_empty(client, ANY_ACCOUNT):
            raise too_many_requests()
        ask.frame = replace(ask.frame, consumed=1, remaining=remaining)
        try:
            await self._authenticator.authorize(ask.credentials, account_id)
        except ApiError as error:
            if error.status in REFUSED:
                self._refusals.take(client, ANY_ACCOUNT)
            raise

    def _client(self, ask: Ask) -> str:
        hops = ", ".join(ask.request.headers.getall("X-Forwarded-For", []))
        return network_of(self._address.of(ask.request.remote or "", hops))

    async def _stream(self, ask: Ask, account_id: str) -> web.StreamResponse:
        headers = {
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
        response = web.StreamResponse(headers=headers | self._headers(ask))
        cursor = ask.request.headers.get("Last-Event-ID") or ask.query.get("last_event_id")
        authorize_again = partial(self._authenticator.authorize, ask.credentials, account_id)
        place = Place(account_id, self._client(ask))
        return await self.streams.serve(ask.request, response, place, cursor, authorize_again)

    def _give(self, ask: Ask, found: Found, callback: str | None) -> web.Response:
        if is_csv_wanted(ask.request, ask.query):
            response = csv_reply(ask.request, found.data, ask.query, ask.frame.request_id)
        else:
            response = json_reply(ask.request, 200, success(found, ask.frame), ask.query, callback)
            if digest := revision(found):
                response.headers["ETag"] = f'"{digest}"'
        response.headers.update(self._headers(ask))
        return response

    def _refuse(self, ask: Ask, error: ApiError) -> web.Response:
        response = json_reply(ask.request, error.status, failure(error, ask.frame), ask.query, None)
        response.headers.update(self._headers(ask, always_cors=True))
        if error.status == 405:
            response.headers["Allow"] = "GET, OPTIONS"
        return response

    def _headers(self, ask: Ask, *, always_cors: bool = False) -> dict[str, str]:
        """Without tokens pages from elsewhere may not read: any site could look at this machine's calls."""
        headers = {"X-Request-ID": ask.frame.request_id}
        if not self._is_open and (always_cors or asks_cors(ask.request.headers)):
            headers |= cors_headers()
        return headers
