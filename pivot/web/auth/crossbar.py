"""The cluster's own Crossbar authenticators: may this token read this account?

`GET /v2/accounts/{ID}` with the client's credentials is answered 200 exactly when Crossbar would let the
same client read anything below that account. (Token restrictions are then judged for the endpoint
`accounts` instead of `pivot`.)
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import aiohttp
import structlog
from yarl import URL

from pivot.web.auth.cache import ShortCache
from pivot.web.auth.credentials import Credentials, Kind
from pivot.web.errors import (
    ApiError,
    dead_credentials,
    forbidden,
    judge_unreachable,
    no_credentials,
    too_many_requests,
    unknown_account,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class CrossbarAuthenticator:
    """Asks Crossbar once per client and account, and remembers its answer for seconds."""

    def __init__(
        self, url: str, *, timeout_s: float, cache_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = URL(url)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._statuses = ShortCache[int](cache_s, clock)
        self._session: aiohttp.ClientSession | None = None

    async def authorize(self, credentials: Credentials, account_id: str) -> None:
        """Ask Crossbar with the client's credentials; raise ApiError with Crossbar's refusal."""
        key = _cache_key(credentials, account_id)
        status = self._statuses.get(key)
        if status is None:
            status = await self._ask(credentials, account_id)
            if status in (200, 401, 403, 404):
                self._statuses.put(key, status)
        if error := _error(status, credentials, account_id):
            raise error

    async def close(self) -> None:
        """Close the connections to Crossbar."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, credentials: Credentials, account_id: str) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        url = self._url / "v2" / "accounts" / account_id
        try:
            async with self._session.get(url, headers=_headers(credentials), allow_redirects=False) as reply:
                return reply.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            log.error("web.crossbar_unreachable", host=self._url.host, reason=type(error).__name__)
            raise judge_unreachable() from error


def _headers(credentials: Credentials) -> dict[str, str]:
    headers = {"Accept": "application/json"}
    match credentials.kind:
        case Kind.TOKEN:
            headers["X-Auth-Token"] = credentials.text
        case Kind.BEARER:
            headers["Authorization"] = f"Bearer {credentials.text}"
        case Kind.BASIC:
            headers["Authorization"] = f"Basic {credentials.text}"
        case Kind.NONE | Kind.UNUSABLE:
            pass
    if credentials.account_id and credentials.account_id.isalnum():
        headers["X-Auth-Account-ID"] = credentials.account_id
    return headers


def _error(status: int, credentials: Credentials, account_id: str) -> ApiError | None:
    match status:
        case 200:
            return None
        case 401:
            known = credentials.kind in (Kind.TOKEN, Kind.BEARER, Kind.BASIC)
            return dead_credentials() if known else no_credentials()
        case 403:
            return forbidden()
        case 404:
            return unknown_account(account_id)
        case 429:
            return too_many_requests()
        case other:
            log.error("web.crossbar_gave_no_verdict", status=other)
            return judge_unreachable()


def _cache_key(credentials: Credentials, account_id: str) -> str:
    parts = (credentials.kind.value, credentials.text, credentials.account_id or "", account_id)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
