"""What Kazoo's own pivot stored for the same exchanges, field by field."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pivot.model.call import Method
from pivot.model.codes import Code, Outcome
from pivot.model.commands import End, Fetch
from pivot.model.events import ChannelDestroyed, Fetched, FetchFailed
from pivot.model.fetch import Answer, FetchRequest
from pivot.model.notes import Moment
from tests.debug.calls import NODE, failure, recorded, request

VECTORS = Path(__file__).parent.parent / "vectors" / "debug" / "kazoo_documents.json"
SCENARIOS: list[dict[str, Any]] = json.loads(VECTORS.read_text())["scenarios"]

NO_FETCH = {
    "Request-Body-Format xml (unknown), POST": "Kazoo crashes before it asks",
    "Voice-URI null": "the request is refused before it is recorded",
    "From without a realm (crash before the request)": "Kazoo crashes before it asks",
}
"""Scenarios in which Kazoo stored nothing because it never came to ask."""

NO_ANSWER = {
    "timeout: server answers after 3 s, Request-Timeout 1000",
    "timeout in the middle of the body, Request-Timeout 1000",
    "connection refused, debug off",
    "connection closed in the middle of the body",
    "unknown host",
    "malformed URL: unknown scheme",
    "empty voice URI",
    "nested custom application vars, GET (brackets in the query)",
}
"""Scenarios in which no answer came. Differs: we store that, with a code and no status."""

CRASHED_ON_BODY = {"200 gzip-encoded body", "latin-1 JSON body"}
"""Scenarios in which Kazoo crashed over the body. Differs: we store the response, bytes that are no UTF-8
replaced."""

OTHERWISE: dict[str, dict[str, Any]] = {
    "206 JSON": {"resp_status_code": "206"},  # Kazoo writes 200 for every streamed answer
    "Content-Type twice": {
        "resp_headers": {"content-type": "text/xml, application/json", "content-length": "37"}
    },  # Kazoo shows the first one only
    "userinfo in the URL, POST": {"uri": "http://user:***@127.0.0.1:18099/ui2"},  # passwords are not stored
}
"""Fields that differ on purpose. Headers also stand in the order received, which a JSON object has not."""


def ids(scenario: dict[str, Any]) -> str:
    return str(scenario["scenario"])


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if ids(s) not in NO_FETCH], ids=ids)
def test_documents_are_those_that_kazoo_stores(scenario: dict[str, Any]) -> None:
    """Crossbar, its clients and the views of a Kazoo cluster read ours as they read Kazoo's."""
    name = ids(scenario)
    debug = scenario["pivot_req"].get("Debug") is True
    wanted = [dict(saved["doc"]) for saved in scenario["saved_docs"]]
    call = scenario["pivot_req"]["Call"]
    asking = request(call["Call-ID"], account_id=call["Account-ID"], debug=debug)

    documents = recorded(asking, moments(scenario))

    ours = [dict(d.body) for d in documents if d.body["pvt_type"] == "pivot_debug"]
    if name in CRASHED_ON_BODY | NO_ANSWER or name == "CDR URI: connection refused":
        assert len(ours) == (len(wanted) + 1 if debug else 0)
    else:
        assert len(ours) == len(wanted)
    for mine, kazoos in zip(ours, wanted, strict=False):
        expected = settled(kazoos, mine) | {
            field: value for field, value in OTHERWISE.get(name, {}).items() if field in kazoos
        }
        expected["pvt_document_hash"] = hash_of(mine)
        assert [field for field in mine if field != "pivot"] == list(expected)
        assert {field: value for field, value in mine.items() if field != "pivot"} == expected


@pytest.mark.parametrize("name", sorted(NO_ANSWER - {"connection refused, debug off"}))
def test_a_failed_fetch_leaves_a_code_and_no_status(name: str) -> None:
    """Where Kazoo stores nothing, the customer's developer still learns why."""
    scenario = next(s for s in SCENARIOS if ids(s) == name)

    response = recorded(request(), moments(scenario))[1].body

    assert list(response)[:2] == ["iteration", "call_id"]
    assert "resp_status_code" not in response
    assert response["pivot"]["code"] == "fetch.refused"  # type: ignore[index, call-overload]


def test_every_exception_names_a_scenario() -> None:
    """The lists of differences cannot outlive what they speak of."""
    names = {ids(scenario) for scenario in SCENARIOS}
    assert set(NO_FETCH) | NO_ANSWER | CRASHED_ON_BODY | set(OTHERWISE) <= names
    assert len(SCENARIOS) == 54


def settled(kazoos: dict[str, Any], mine: dict[str, Any]) -> dict[str, Any]:
    """Kazoo's document with its placeholders filled in, as of noon."""
    filled = json.loads(
        json.dumps(kazoos)
        .replace("<YYYYMM>", "202411")
        .replace('"<GREGORIAN-SECONDS>"', "63900000000")
        .replace("<NODE>", NODE)
    )
    assert re.fullmatch(r"[0-9a-f]{32}", mine["_id"])
    return dict(filled) | {"_id": mine["_id"]}


def hash_of(document: dict[str, Any]) -> str:
    """The hash as its recipe says, by other means than ours."""
    public = {k: v for k, v in document.items() if not k.startswith(("pvt_", "_")) and k != "pivot"}
    text = json.dumps({"public": public}, separators=(",", ":"), ensure_ascii=False)
    return hashlib.md5(text.encode()).hexdigest()


def moments(scenario: dict[str, Any]) -> list[tuple[Moment, float]]:
    """What a session would have shown: the fetches of the stored requests, and the answers to them."""
    wanted = [saved["doc"] for saved in scenario["saved_docs"]]
    asks = [doc for doc in wanted if "uri" in doc] or [{"uri": "http://127.0.0.1/", "method": "get"}]
    answers = [doc for doc in wanted if "resp_body" in doc]
    seen: list[tuple[Moment, float]] = []
    for number, ask in enumerate(asks):
        if ask["uri"].endswith("/cdr"):
            seen.append((ChannelDestroyed("call-id-1", "NORMAL_CLEARING"), 0.0))
        fetch_id = f"f{number}"
        seen.append((Fetch(fetch_of(ask, fetch_id)), 0.0))
        stored = answers[number] if number < len(answers) else None
        came = None if ids(scenario) in NO_ANSWER else answer_of(scenario, stored, number)
        seen.append((Fetched(fetch_id, came) if came else FetchFailed(fetch_id, failure()), 0.0))
    return [*seen, (End(Outcome.BRANCHED, Code.FETCH_REFUSED), 0.0)]


def fetch_of(doc: dict[str, Any], fetch_id: str) -> FetchRequest:
    headers = tuple((name.title(), value) for name, value in doc.get("req_headers", {}).items())
    body = doc.get("req_body", "").encode()
    return FetchRequest(
        fetch_id,
        "http://127.0.0.1/",
        Method(doc["method"]),
        headers,
        body,
        iteration=doc.get("iteration", 1),
        shown_url=doc["uri"],
    )


def answer_of(scenario: dict[str, Any], stored: dict[str, Any] | None, number: int) -> Answer | None:
    """The server's recorded bytes; where a redirect or another request came between, what was stored."""
    raw = scenario["server_answer"]
    if ids(scenario) in CRASHED_ON_BODY:
        return Answer(
            200, (("Content-Type", "application/json"),), b'{"text":"caf\xe9"}', "http://127.0.0.1/"
        )
    if stored is None:
        return None
    if number > 0 or "redirect" in ids(scenario) or "Location" in str(raw):
        headers = tuple((name.title(), value) for name, value in stored["resp_headers"].items())
        return Answer(
            int(stored["resp_status_code"]), headers, stored["resp_body"].encode(), "http://127.0.0.1/"
        )
    text = raw if isinstance(raw, str) else "".join(raw.get("parts", [raw.get("data")]))
    text = text.removeprefix("HTTP/1.1 100 Continue\r\n\r\n")
    head, _, body = text.partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = tuple((line.partition(": ")[0], line.partition(": ")[2]) for line in lines)
    if "chunked" in head:
        body = "".join(body.split("\r\n")[1::2])
    return Answer(int(status.split()[1]), headers, body.encode(), "http://127.0.0.1/")
