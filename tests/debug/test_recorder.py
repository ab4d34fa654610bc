"""What is stored of a call, and what never is."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from pivot.debug.recorder import Recorder
from pivot.debug.settings import DebugSettings
from pivot.model.codes import Code, Outcome
from pivot.model.commands import End, Fetch
from pivot.model.documents import DocumentWarning
from pivot.model.events import ChannelDestroyed, Fetched, Requested
from pivot.model.fetch import Answer
from pivot.model.notes import AnswerAccepted, AnswerRefused, Moment
from tests.debug.calls import (
    ACCOUNT,
    NODE,
    NOON,
    OCTETS,
    answer,
    asked,
    failed_call,
    good_call,
    recorded,
    request,
)

JSON_ERRORS = {"json_errors": {"before": "<", "after": "html>", "message": "invalid JSON"}}
SCHEMA_ERRORS = {"schema_errors": {"module": {"required": {"message": "missing", "value": "module"}}}}


def kinds(documents: list[Any]) -> list[str]:
    return [document.body["pivot"]["kind"] for document in documents]


def refused_call(details: Any) -> list[tuple[Moment, float]]:
    return [
        (Fetch(asked()), 0.0),
        (Fetched("f1", answer(b"<html>")), 0.1),
        (AnswerRefused("f1", 1, Code.ANSWER_JSON, "no JSON", details, 1, 2), 0.1),
        (End(Outcome.BRANCHED, Code.ANSWER_JSON, "no JSON"), 0.2),
    ]


def test_a_call_is_three_documents() -> None:
    """Request, response, timeline, with all that Kazoo stores and ours in `pivot`."""
    documents = recorded(request(), good_call())

    ours: Any = [document.body["pivot"] for document in documents]
    common = {"msg_id": "m1", "started_ms": 1732780800000}
    times = {"dns": 1.0, "connect": 2.0, "first_byte": 30.0, "body": 0.5, "total": 33.5}
    attempt = {"url": "http://example.com/cf", "status": 200, "address": "203.0.113.9", "times_ms": times}
    assert ours[0] == common | {
        "kind": "request",
        "at_ms": 1.0,
        "fetch_id": "f1",
        "from": "1001@example.com",
        "to": "5000@example.com",
    }
    assert ours[1] == common | {
        "kind": "response",
        "at_ms": 35.0,
        "fetch_id": "f1",
        "url": "http://example.com/cf",
        "attempts": [attempt],
        "address": "203.0.113.9",
        "times_ms": times,
        "answer": "kazoo",
        "translate_ms": 0.2,
    }
    assert documents[2].body["pvt_type"] == "pivot_timeline"
    assert ours[2] == common | {
        "kind": "timeline",
        "at_ms": 36.0,
        "row": {
            "started_ms": 1732780800000,
            "total_ms": 36.0,
            "from": "1001@example.com",
            "to": "5000@example.com",
            "uri": "http://example.com/cf",
            "host": "example.com",
            "outcome": "ok",
            "message": "",
            "status_code": "200",
            "iterations": 1,
            "sentence": "Request 1, POST example.com/cf, was answered 200 with a callflow. "
            "callflow went on with that flow.",
        },
        "left_out": 0,
        "entries": [
            {"at_ms": 0.0, "what": "Requested", "patience_s": 9.5, "redelivered": False},
            {
                "at_ms": 1.0,
                "what": "Fetch",
                "fetch_id": "f1",
                "iteration": 1,
                "method": "post",
                "url": "http://example.com/cf",
            },
            {"at_ms": 35.0, "what": "Fetched", "fetch_id": "f1", "status": 200, "bytes": 38},
            {"at_ms": 35.2, "what": "AnswerAccepted", "fetch_id": "f1", "iteration": 1, "kind": "kazoo"},
            {"at_ms": 35.3, "what": "SayProcessing"},
            {"at_ms": 35.4, "what": "HandOverFlow", "flow": OCTETS.decode()},
            {"at_ms": 36.0, "what": "End", "outcome": "ok"},
        ],
    }


@pytest.mark.parametrize(
    ("public", "pvt_document_hash"),
    [
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            "269eab176a0be0b7acd2e9c37d3d3f39",
        ),
        (
            {"Content-Type": "application/json", "Content-Length": "44"},
            "3b466fc2c7395082243a036909b21f7c",
        ),
    ],
    ids=["request", "response"],
)
def test_the_hash_is_kazoos(public: dict[str, str], pvt_document_hash: str) -> None:
    """Hashes that Kazoo's own code computed of these very documents."""
    body = b'{"module":"play","data":{"id":"a/b"}}\n'
    moments: list[tuple[Moment, float]] = [
        (Fetch(asked()), 0.0),
        (Fetched("f1", Answer(200, tuple(public.items()), body, "http://example.com/cf")), 0.0),
        (AnswerAccepted("f1", 1, "kazoo"), 0.0),
    ]
    documents = recorded(request(), moments)

    assert pvt_document_hash in [document.body["pvt_document_hash"] for document in documents]


def test_repeating_a_request_makes_the_same_ids() -> None:
    """A redelivered request or a repeated batch finds its documents already there."""
    one, again = recorded(request(), good_call()), recorded(request(), good_call(), started_s=NOON + 60)
    other = recorded(request(msg_id="m2"), good_call())

    assert [document.id for document in one] == [document.id for document in again]
    assert len({document.id for document in (*one, *other)}) == 6


def test_nothing_is_stored_without_debug() -> None:
    """Neither of a good call nor of a failed one."""
    assert recorded(request(debug=False), good_call()) == []
    assert recorded(request(debug=False), failed_call()) == []


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("details", [JSON_ERRORS, SCHEMA_ERRORS], ids=["json", "schema"])
def test_errors_of_an_answer_are_always_stored(debug: bool, details: dict[str, Any]) -> None:
    """Kazoo means to: what was wrong and the whole body, for the lists' `has_..._errors`."""
    documents = recorded(request(debug=debug), refused_call(details))

    (error,) = [document.body for document in documents if set(details) & set(document.body)]
    fields = [("resp_body", "<html>"), *details.items()]
    if "schema_errors" in details:
        fields.reverse()
    assert list(error.items())[:4] == [*fields, ("iteration", 1), ("call_id", "c1@host")]
    assert error["pivot"] == {
        "kind": "json_error" if "json_errors" in details else "schema_error",
        "msg_id": "m1",
        "started_ms": 1732780800000,
        "at_ms": 100.0,
        "fetch_id": "f1",
        "code": "answer.json",
        "message": "no JSON",
        "line": 1,
        "column": 2,
    }
    assert len(documents) == (4 if debug else 1)


def test_failures_are_stored_when_the_setting_says_so() -> None:
    """A whole call, as if it had asked for debug; good calls stay out."""
    settings = DebugSettings(failures=True)

    failed = recorded(request(debug=False), failed_call(), settings)

    assert failed == recorded(request(debug=True), failed_call())
    assert recorded(request(debug=False), good_call(), settings) == []


def test_a_failed_fetch_leaves_its_code() -> None:
    """Kazoo stores nothing here, and nobody can say why the call went wrong."""
    documents = recorded(request(), failed_call())

    assert kinds(documents) == ["request", "response", "timeline"]
    ours: Any = documents[1].body["pivot"]
    assert (ours["code"], ours["message"]) == ("fetch.refused", "the server refused")
    assert ours["attempts"] == [
        {"url": "http://example.com/cf", "code": "fetch.refused", "times_ms": {"total": 0.0}}
    ]


def test_the_cdr_has_documents_of_its_own() -> None:
    """A fetch after the hang-up is the CDR's, with the iteration of the last document."""
    moments: list[tuple[Moment, float]] = [
        *good_call()[:-1],
        (ChannelDestroyed("c1@host", "NORMAL_CLEARING"), 9.0),
        (Fetch(asked("http://example.com/cdr", fetch_id="f2")), 9.0),
        (Fetched("f2", answer(b"thanks")), 9.1),
        (End(Outcome.OK), 9.2),
    ]
    documents = recorded(request(cdr_uri="http://example.com/cdr"), moments)

    assert kinds(documents) == ["request", "response", "cdr_request", "cdr_response", "timeline"]
    assert [document.body.get("iteration") for document in documents] == [1, 1, 1, 1, None]


def test_warnings_keep_their_place() -> None:
    """The developer finds the line."""
    warning = DocumentWarning(Code.TWIML_VERB, "unknown verb Dance", 3, 7, 12200)
    moments = good_call()
    moments[3] = (AnswerAccepted("f1", 1, "twiml", (warning,)), 0.04)

    response: Any = recorded(request(), moments)[1].body

    assert response["pivot"]["warnings"] == [
        {"code": "twiml.verb", "message": "unknown verb Dance", "line": 3, "column": 7, "twilio_code": 12200}
    ]


def test_two_documents_of_one_kind_and_iteration_are_both_kept() -> None:
    """An engine that asks twice in one iteration loses neither answer."""
    moments: list[tuple[Moment, float]] = [
        (Fetch(asked(fetch_id="f1")), 0.0),
        (Fetched("f1", answer(status=500)), 0.1),
        (Fetch(asked(fetch_id="f2")), 0.2),
        (Fetched("f2", answer()), 0.3),
        (End(Outcome.RECOVERED, Code.HTTP_STATUS), 0.4),
    ]
    documents = recorded(request(), moments)

    assert kinds(documents) == ["request", "response", "request_2", "response_2", "timeline"]
    assert len({document.id for document in documents}) == 5


def test_headers_are_lower_case_joined_and_undamaged() -> None:
    """Only ASCII letters change; a name's values are joined; UTF-8 bytes stay readable."""
    headers = (
        ("X-Name", "M\u00c3\u00bcller \u00c3\u0089"),  # UTF-8 bytes read as Latin-1
        ("X-Old", "M\u00fcller"),  # real Latin-1
        ("Vary", "Accept"),
        ("vary", "Origin"),
        ("Transfer-Encoding", "chunked"),
    )
    moments = good_call()
    moments[2] = (Fetched("f1", Answer(200, headers, b"12345", "http://example.com/")), 0.1)

    response = recorded(request(), moments)[1].body

    assert response["resp_headers"] == {
        "x-name": "m\u00fcller \u00c9",
        "x-old": "m\u00fcller",
        "vary": "accept, origin",
        "content-length": "5",
    }


def test_long_and_odd_bodies_are_marked() -> None:
    """A cut or repaired body says so, with its real length."""
    moments = good_call()
    moments[2] = (Fetched("f1", answer(b"\xff" + b"x" * 99)), 0.1)

    response: Any = recorded(request(), moments, DebugSettings(max_body_bytes=10))[1].body

    assert response["resp_body"] == "\ufffd" + "x" * 9
    assert response["pivot"]["truncated"] == {"resp_body": 100}
    assert response["pivot"]["lossy"] == ["resp_body"]


SECRET = "hunter2"


def test_no_secret_reaches_any_document() -> None:
    """Passwords, credentials, and what the operator names, in every place a document has."""
    url = f"http://user:{SECRET}@example.com/cf?Digits={SECRET}&a=1#fb=https%3A%2F%2Fu%3A{SECRET}%40h%2F"
    fetch = replace(
        asked(url),
        headers=(("Authorization", f"Basic {SECRET}"), ("Cookie", SECRET), ("X-Ref", url)),
        body=f"Digits={SECRET}&Digits%5Bx%5D={SECRET}&Name=1&Next=http%3A%2F%2Fu%3A{SECRET}%40h".encode(),
    )
    came = answer(f"<Response><Redirect>http://u:{SECRET}@h/</Redirect></Response>".encode())
    came = replace(came, url=url, headers=(("Set-Cookie", SECRET), ("Location", url)))
    came = replace(came, attempts=(replace(came.attempts[0], url=url),), warnings=(f"went to {url}",))
    refused = AnswerRefused(
        "f1", 1, Code.ANSWER_SCHEMA, f"bad {url}", {"schema_errors": {"Digits": SECRET, "u": url}}
    )
    moments: list[tuple[Moment, float]] = [
        (Fetch(fetch), 0.0),
        (Fetched("f1", came), 0.1),
        (refused, 0.1),
        (Fetch(replace(fetch, fetch_id="f2", iteration=2, body=b'{"Digits":"hunter2","a":[1]}')), 0.2),
        (ChannelDestroyed("c1@host", cdr={"digits": SECRET}), 0.3),
        (End(Outcome.HUNG_UP, Code.ANSWER_SCHEMA, f"bad {url}"), 0.4),
    ]

    documents = recorded(request(), moments, DebugSettings(redact=("digits",)))

    assert kinds(documents) == ["request", "response", "schema_error", "request", "timeline"]
    assert [document.id for document in documents if SECRET in repr(document.body)] == []
    shown: Any = [document.body for document in documents]
    assert shown[0]["uri"] == "http://user:***@example.com/cf?Digits=***&a=1#fb=https%3A%2F%2Fu%3A***%40h%2F"
    assert shown[0]["req_body"] == "Digits=***&Digits%5Bx%5D=***&Name=1&Next=http%3A%2F%2Fu%3A***%40h"
    assert shown[3]["req_body"] == '{"Digits":"***","a":[1]}'
    assert shown[1]["resp_body"] == "<Response><Redirect>http://u:***@h/</Redirect></Response>"


@pytest.mark.parametrize(
    "account_id", [None, "", "ACCOUNT", ACCOUNT.upper(), ACCOUNT[:-1], ACCOUNT + "0", "../" + ACCOUNT[3:]]
)
def test_malformed_accounts_are_skipped_and_told_once(account_id: str | None) -> None:
    """No database can be named after them."""
    documents: list[Any] = []
    recorder = Recorder(DebugSettings(), NODE, documents.append)
    with capture_logs() as logs:
        for _ in range(3):
            recorder.watch(request(account_id=account_id), NOON).saw(Fetch(asked()), 0.0)

    assert documents == []
    assert [line["event"] for line in logs] == ["debug.account_skipped"]


def test_a_store_that_is_off_costs_nothing() -> None:
    """No document is even made."""
    assert recorded(request(), good_call(), DebugSettings(store="off")) == []


def test_what_goes_wrong_here_stays_here() -> None:
    """A fault of the recorder is told once and never reaches the call."""

    def broken(document: object) -> None:
        raise OSError("no room")

    watch = Recorder(DebugSettings(), NODE, broken).watch(request(), NOON)
    with capture_logs() as logs:
        for moment, at_s in good_call():
            watch.saw(moment, at_s)

    assert [(line["event"], line["error"]) for line in logs] == [
        ("debug.recording_failed", "OSError: no room")
    ]


def test_endless_calls_have_an_end_in_the_timeline() -> None:
    """A call that redirects for hours keeps its first moments and its last."""
    moments: list[tuple[Moment, float]] = [(Requested(1.0), 0.0)] * 5000
    documents = recorded(request(), [*moments, (End(Outcome.OK), 1.0)])

    ours: Any = documents[-1].body["pivot"]
    assert (len(ours["entries"]), ours["left_out"]) == (2001, 3000)
    assert ours["entries"][-1]["what"] == "End"


def test_a_timeline_holds_so_many_characters_and_no_more() -> None:
    """Two thousand texts of 16 kB would be 32 MB, kept in memory for as long as the call lasts."""
    spoken = AnswerRefused("f1", 1, Code.ANSWER_XML, "x" * 15_000)
    moments: list[tuple[Moment, float]] = [(spoken, 0.0)] * 1000
    documents = recorded(request(), [*moments, (End(Outcome.OK), 1.0)])

    timeline = documents[-1]
    ours: Any = timeline.body["pivot"]
    assert timeline.size_bytes < 530_000
    assert len(ours["entries"]) + ours["left_out"] == 1001
    assert ours["entries"][-1]["what"] == "End"


def test_watching_a_call_without_debug_is_cheap() -> None:
    """Most calls do not ask for debug; they must not pay for it."""
    recorder = Recorder(DebugSettings(), NODE, lambda document: None)
    asking, moments = request(debug=False), good_call()
    best_s = min(timed(recorder, asking, moments) for _ in range(200))

    assert best_s < 30e-6


def timed(recorder: Recorder, asking: Any, moments: list[tuple[Moment, float]]) -> float:
    began = time.perf_counter()
    watch = recorder.watch(asking, NOON)
    for moment, at_s in moments:
        watch.saw(moment, at_s)
    return time.perf_counter() - began
