"""How fast the API answers when a month is full: `pivot bench --web`."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp

from pivot.debug.names import GREGORIAN_UNIX_S
from pivot.debug.store import DebugDocument, Store
from pivot.errors import StoreError
from pivot.model.json import Json, JsonObject
from pivot.web.app import make_web_app, serve_web
from pivot.web.settings import AuthSettings, WebSettings

ACCOUNT = "be9c4000000000000000000000000001"
MONTH = "202411"
MONTH_START_S = 1_730_419_200
MONTH_SECONDS = 30 * 86_400
TRIES = 11
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Timing:
    """One question, asked some times: from the request sent to its answer's last byte, on one machine."""

    name: str
    median_ms: float
    worst_ms: float
    limit_ms: float

    @property
    def ok(self) -> bool:
        return self.median_ms <= self.limit_ms


async def bench_web(store: Store, documents: int = 100_000) -> list[Timing]:
    """Fill one month of one account and time the first page of each list and one call's story.

    Raises:
        StoreError: the store does not take the documents.
    """
    await fill(store, documents)
    settings = WebSettings(port=0, rate_burst=1_000_000, auth=AuthSettings(mode="open"))
    end_s = float(MONTH_START_S + MONTH_SECONDS)
    app = make_web_app(store, settings, node="pivot@bench", clock=lambda: end_s)
    async with serve_web(app, settings) as (host, port), aiohttp.ClientSession() as client:
        base = f"http://{host}:{port}/v2/accounts/{ACCOUNT}/pivot"
        call_id = quote(_call_id(documents // 6), safe="")
        questions = (
            ("list of calls, first page", f"{base}/calls", 300.0),
            ("list of calls, one outcome", f"{base}/calls?q=outcome:branched", 300.0),
            ("list of calls, free text", f"{base}/calls?q=1042", 300.0),
            ("Crossbar's summary, first page", f"{base}/debug", 300.0),
            ("one call's story", f"{base}/calls/{call_id}", 100.0),
            ("one call's documents", f"{base}/debug/{call_id}", 100.0),
        )
        return [await _time(client, *question) for question in questions]


async def fill(store: Store, documents: int) -> None:
    """Three documents a call: request, response, timeline."""
    for batch in batched_documents(documents):
        report = await store.write(batch)
        if report.later or report.refused:
            raise StoreError(f"the store did not take the documents: {report.trouble}", retryable=False)


def batched_documents(documents: int) -> Iterator[list[DebugDocument]]:
    batch: list[DebugDocument] = []
    for number in range(documents // 3):
        batch += _call(number, documents // 3)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _time(client: aiohttp.ClientSession, name: str, url: str, limit_ms: float) -> Timing:
    taken: list[float] = []
    for _ in range(TRIES):
        start = time.perf_counter()
        async with client.get(url) as reply:
            body = await reply.read()
            if reply.status != 200:
                raise StoreError(f"{name}: {reply.status} {body[:200]!r}", retryable=False)
        taken.append((time.perf_counter() - start) * 1000)
    return Timing(name, statistics.median(taken), max(taken), limit_ms)


def _call_id(number: int) -> str:
    return f"{hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()}@10.0.0.1"


def _call(number: int, calls: int) -> list[DebugDocument]:
    started_s = MONTH_START_S + number * MONTH_SECONDS // calls
    failed = number % 20 == 0
    caller = f"{1000 + number % 500}@example.com"
    xml = '<?xml version="1.0"?><Response>' + "<Say>Welcome.</Say>" * 20 + "</Response>"
    request: JsonObject = {
        "uri": f"http://app{number % 50}.example.com/voice",
        "method": "post",
        "req_headers": {"content-type": "application/x-www-form-urlencoded"},
        "req_body": f"From={caller}&To=5000&" + "&".join(f"Parameter-{n}=value-{n}" for n in range(20)),
        "iteration": 1,
    }
    response: JsonObject = {
        "resp_status_code": "500" if failed else "200",
        "resp_headers": {"content-type": "text/xml", "content-length": str(len(xml))},
        "resp_body": xml,
        "iteration": 1,
    }
    row: dict[str, Json] = {
        "started_ms": started_s * 1000,
        "total_ms": float(number % 3000),
        "from": caller,
        "to": "5000@example.com",
        "uri": request["uri"],
        "host": f"app{number % 50}.example.com",
        "outcome": "branched" if failed else "ok",
        "iterations": 1,
        **({"code": "http.status"} if failed else {}),
    }
    entries: Json = [{"at_ms": float(n), "what": "PlayMedia", "media": f"prompt-{n}"} for n in range(10)]
    timeline: JsonObject = {
        "pvt_type": "pivot_timeline",
        "pivot": {"row": row, "entries": entries, "left_out": 0},
    }
    kinds = (("request", request), ("response", response), ("timeline", timeline))
    return [_document(number, started_s, kind, fields) for kind, fields in kinds]


def _document(number: int, started_s: int, kind: str, fields: JsonObject) -> DebugDocument:
    ours = fields.get("pivot")
    body: JsonObject = {
        "pvt_type": "pivot_debug",
        **fields,
        "call_id": _call_id(number),
        "pvt_account_id": ACCOUNT,
        "pvt_created": started_s + GREGORIAN_UNIX_S,
        "pvt_modified": started_s + GREGORIAN_UNIX_S,
        "pvt_node": "pivot@bench",
        "pivot": {
            "kind": kind,
            "msg_id": str(number),
            "fetch_id": "f1",
            "started_ms": started_s * 1000,
            "at_ms": 1.0,
            **(ours if isinstance(ours, Mapping) else {}),
        },
        "_id": hashlib.md5(f"{number} {kind}".encode(), usedforsecurity=False).hexdigest(),
    }
    return DebugDocument(ACCOUNT, MONTH, body)
