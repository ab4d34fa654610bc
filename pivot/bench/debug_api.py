"""How fast the API answers when a month is full: `pivot bench --web`."""

from __future__ import annotations

import hashlib
import os
import secrets
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from urllib.parse import quote

import aiohttp

from pivot.debug.couch import Couch
from pivot.debug.couch_store import CouchStore
from pivot.debug.names import GREGORIAN_UNIX_S
from pivot.debug.sqlite import SqliteStore
from pivot.debug.store import DebugDocument, Store
from pivot.errors import StoreError
from pivot.model.json import Json, JsonObject
from pivot.web.app import make_web_app, serve_web
from pivot.web.settings import AuthSettings, WebSettings

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
        """True when the median is within the limit."""
        return self.median_ms <= self.limit_ms


async def bench_web(store: Store, documents: int) -> list[Timing]:
    """Fill one month of one account and time the first page of each list and one call's story.

    Raises:
        StoreError: the store does not take the documents.
    """
    account = secrets.token_hex(16)
    await fill(store, account, documents)
    settings = WebSettings(port=0, rate_burst=1_000_000, auth=AuthSettings(mode="open"))
    end_s = float(MONTH_START_S + MONTH_SECONDS)
    app = make_web_app(store, settings, node="pivot@bench", clock=lambda: end_s)
    async with serve_web(app, settings) as (host, port), aiohttp.ClientSession() as client:
        base = f"http://{host}:{port}/v2/accounts/{account}/pivot"
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


async def run_web_bench(documents: int = 100_000) -> None:
    """Print the times over sqlite, and over CouchDB when `PIVOT_TEST_COUCH_URL` names one."""
    with TemporaryDirectory() as folder:
        await _print_times("sqlite", SqliteStore(f"{folder}/debug.sqlite"), documents)
    couch_url = os.environ.get("PIVOT_TEST_COUCH_URL")
    if couch_url:
        await _print_times("CouchDB", CouchStore(Couch(couch_url, timeout_s=120.0)), documents)
    else:
        print("CouchDB: not measured; PIVOT_TEST_COUCH_URL names none")


async def _print_times(name: str, store: Store, documents: int) -> None:
    start = time.perf_counter()
    try:
        timings = await bench_web(store, documents)
    finally:
        await store.close()
    print(f"{name}, {documents} documents in a month ({time.perf_counter() - start:.0f} s in all):")
    for timing in timings:
        verdict = "ok" if timing.ok else f"over {timing.limit_ms:.0f} ms"
        taken = f"median {timing.median_ms:7.1f} ms, worst {timing.worst_ms:7.1f} ms"
        print(f"  {timing.name:32} {taken}  {verdict}")


async def fill(store: Store, account: str, documents: int) -> None:
    """Three documents a call: request, response, timeline."""
    for batch in batched_documents(account, documents):
        report = await store.write(batch)
        if report.later or report.refused:
            raise StoreError(f"the store did not take the documents: {report.trouble}", retryable=False)


def batched_documents(account: str, documents: int) -> Iterator[list[DebugDocument]]:
    """About `documents` debug documents of one month, three for each call, in batches."""
    batch: list[DebugDocument] = []
    for number in range(documents // 3):
        batch += _call(account, number, documents // 3)
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


def _call(account: str, number: int, calls: int) -> list[DebugDocument]:
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
    return [_document(account, number, started_s, kind, fields) for kind, fields in kinds]


def _document(account: str, number: int, started_s: int, kind: str, fields: JsonObject) -> DebugDocument:
    ours = fields.get("pivot")
    body: JsonObject = {
        "pvt_type": "pivot_debug",
        **fields,
        "call_id": _call_id(number),
        "pvt_account_id": account,
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
    return DebugDocument(account, MONTH, body)
