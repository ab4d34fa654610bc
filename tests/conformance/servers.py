"""The customer's servers of a case: which answer a request gets, whatever carries it."""

from __future__ import annotations

import asyncio
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

from pivot.model.call import Method
from pivot.model.codes import Code
from pivot.model.fetch import Answer, FetchFailure, FetchRequest, Purpose
from pivot.model.overrides import without_fragment
from tests.conformance.cases import BASE, EMPTY, Case, Item

_FAILURES = {
    "timeout": Code.FETCH_READ_TIMEOUT,
    "refused": Code.FETCH_REFUSED,
    "dns": Code.FETCH_DNS,
}
_LIMIT_S = 5.0
"""Of one attempt, when the request names none."""


class Servers:
    """What every URL of a case answers, request by request."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._asked = Counter[str]()

    def next_answer(self, url: str) -> Item:
        """The row for this request of this URL."""
        key = next((key for key in _keys(url) if key in self._case.responses), None)
        if key is None:
            return {"twiml": EMPTY}
        rows = self._case.responses[key]
        self._asked[key] += 1
        return rows[min(self._asked[key], len(rows)) - 1]

    def sound_of(self, url: str) -> str | None:
        """The switch's complaint about a media URL; None: it is a sound."""
        key = next((key for key in _keys(url) if key in self._case.responses), None)
        if key is None:
            return None
        row = self._case.responses[key][0]
        if row.get("status", 200) >= 400:
            return "FILE NOT FOUND"
        return None if str(row.get("content_type", "audio/wav")).startswith("audio/") else "PLAYBACK ERROR"


class CaseFetcher:
    """The session's fetcher without HTTP: one request, one answer; no redirects, no second attempts."""

    def __init__(self, servers: Servers, seen: list[Item]) -> None:
        self._servers = servers
        self._seen = seen

    async def fetch(self, request: FetchRequest) -> Answer | FetchFailure:
        self._seen.append(as_seen(request))
        url = configured_url(request)
        row = self._servers.next_answer(url)
        if "fail" in row:
            if row["fail"] == "timeout":
                await asyncio.sleep(min(request.timeout_s or _LIMIT_S, request.deadline_s))
            return FetchFailure(_FAILURES[row["fail"]], f"the server: {row['fail']}")
        return Answer(row.get("status", 200), headers_of(row), body_of(row), url)


def as_seen(request: FetchRequest) -> Item:
    """The request as a case describes it."""
    cookies = next((value for name, value in request.headers if name == "Cookie"), "")
    return {
        "op": "request" if request.purpose is Purpose.DOCUMENT else "callback",
        "method": request.method.value.upper(),
        "url": configured_url(request),
        "params": dict(request.parameters),
        "cookie": dict(pair.split("=", 1) for pair in cookies.split("; ") if pair),
    }


def configured_url(request: FetchRequest) -> str:
    """As a document or a setting names it: without fragment, and without what a GET adds."""
    url = without_fragment(request.url)
    if request.method is not Method.GET or not request.parameters:
        return url
    address, _, query = url.partition("?")
    own = query.split("&")[: -len(request.parameters)]
    return f"{address}?{'&'.join(own)}" if own else address


def body_of(row: Item) -> bytes:
    if "body_bytes" in row:
        filling = int(row["body_bytes"]) - len("<Response></Response>")
        return b"<Response>" + b" " * filling + b"</Response>"
    return str(row.get("twiml", row.get("body", ""))).encode()


def headers_of(row: Item) -> tuple[tuple[str, str], ...]:
    headers = [("Content-Type", row.get("content_type", "text/xml"))]
    for name, key in (("Location", "location"), ("Set-Cookie", "set_cookie")):
        if key in row:
            headers.append((name, row[key]))
    return tuple(headers)


def parameters_of(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))


def _keys(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    path = parts.path
    with_query = f"{path}?{parts.query}" if parts.query else path
    if not url.startswith(BASE + "/") and parts.hostname not in ("127.0.0.1", "app.test"):
        return (url,)
    return url, with_query, path
