"""A call's documents, put together again, whoever wrote them and when."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.debug.call_json import shown_story
from pivot.debug.har import har
from pivot.debug.story import Exchange, Run, headers, story
from pivot.model.codes import Code, Outcome
from pivot.model.commands import End, Fetch
from pivot.model.events import ChannelDestroyed, Fetched
from pivot.model.notes import AnswerRefused, Moment
from tests.debug.calls import NOON, answer, asked, failed_call, good_call, recorded, request

KAZOO = 63_900_000_000


def kazoo(created: int = 0, **fields: Any) -> dict[str, Any]:
    """A document of Kazoo's own pivot, `created` seconds after noon."""
    common = {"call_id": "c1@host", "pvt_created": KAZOO + created, "pvt_type": "pivot_debug"}
    return {"_id": f"{created}{sorted(fields)}", **common, "pvt_node": "apps1", **fields}


def asks(created: int = 0, iteration: int | None = 1, body: str = "From=1001") -> dict[str, Any]:
    numbered = {} if iteration is None else {"iteration": iteration}
    return kazoo(
        created, uri=f"http://h/{iteration}", method="post", req_headers={}, req_body=body, **numbered
    )


def answers(created: int = 0, iteration: int | None = 1, status: str = "200") -> dict[str, Any]:
    numbered = {} if iteration is None else {"iteration": iteration}
    return kazoo(
        created, resp_status_code=status, resp_headers={"a": "b"}, resp_body=f"<{iteration}>", **numbered
    )


def outline(run: Run) -> list[tuple[int, bool, str | None, str | None, str | None]]:
    """Of each exchange: iteration, whether CDR, URL, status, body."""
    return [
        (
            exchange.iteration,
            exchange.is_cdr,
            exchange.asked.uri if exchange.asked else None,
            exchange.answered.status if exchange.answered else None,
            exchange.answered.body if exchange.answered else None,
        )
        for exchange in run.exchanges
    ]


def test_a_recorded_call_is_told_whole() -> None:
    """Ending, parties, exchange with times, moments: all that the documents know."""
    documents = [document.body for document in recorded(request(), good_call())]

    (run,) = story("c1@host", reversed(documents)).runs

    assert (run.msg_id, run.started_s, run.outcome, run.code) == ("m1", NOON, "ok", None)
    assert (run.from_, run.to, run.total_ms) == ("1001@example.com", "5000@example.com", 36.0)
    assert outline(run) == [
        (1, False, "http://example.com/cf", "200", '{"module":"play","data":{"id":"a/b"}}\n')
    ]
    assert run.exchanges[0].notes is not None
    assert run.exchanges[0].notes["times_ms"] == {
        "dns": 1.0,
        "connect": 2.0,
        "first_byte": 30.0,
        "body": 0.5,
        "total": 33.5,
    }
    assert [moment["what"] for moment in run.moments] == [
        "Requested",
        "Fetch",
        "Fetched",
        "AnswerAccepted",
        "SayProcessing",
        "HandOverFlow",
        "End",
    ]


def test_a_call_without_an_answer_says_why() -> None:
    """The exchange and the run carry the code; there is no status to show."""
    (run,) = story("c1@host", [document.body for document in recorded(request(), failed_call())]).runs

    (exchange,) = run.exchanges
    assert (run.outcome, run.code, run.message) == ("branched", "fetch.refused", "the server refused")
    assert (exchange.code, exchange.message) == ("fetch.refused", "the server refused")
    assert exchange.answered is not None
    assert exchange.answered.status is None


def test_errors_stand_with_their_exchange_and_place() -> None:
    """Line, column and Kazoo's error object, beside the body that had them."""
    refused = AnswerRefused(
        "f1", 1, Code.ANSWER_JSON, "no", {"json_errors": {"before": "{", "after": ","}}, line=3, column=7
    )
    moments: list[tuple[Moment, float]] = [
        (Fetch(asked()), 0.001),
        (Fetched("f1", answer(b"{,")), 0.02),
        (refused, 0.021),
        (End(Outcome.BRANCHED, Code.ANSWER_JSON, "no"), 0.022),
    ]

    (run,) = story("c1@host", [document.body for document in recorded(request(), moments)]).runs

    (exchange,) = run.exchanges
    assert (exchange.code, exchange.line, exchange.column) == ("answer.json", 3, 7)
    assert exchange.errors == {"before": "{", "after": ","}
    assert exchange.answered is not None
    assert (exchange.answered.status, exchange.answered.body) == ("200", "{,")


def test_kazoos_own_documents_of_three_iterations_and_a_cdr() -> None:
    """They tell no end and no message id, and CDR documents carry the last iteration."""
    documents = [
        asks(0, 1),
        answers(0, 1),
        asks(1, 2),
        answers(2, 2),
        asks(2, 3),
        answers(2, 3, "404"),
        asks(9, 3, "Hangup-Cause=NORMAL_CLEARING"),
        answers(9, 3),
    ]

    (run,) = story("c1@host", documents).runs

    assert (run.outcome, run.msg_id, run.node) == (None, "", "apps1")
    assert outline(run) == [
        (1, False, "http://h/1", "200", "<1>"),
        (2, False, "http://h/2", "200", "<2>"),
        (3, False, "http://h/3", "404", "<3>"),
        (3, True, "http://h/3", "200", "<3>"),
    ]


def test_a_call_that_pivots_twice_is_two_runs() -> None:
    """Kazoo begins to count anew; so does the story."""
    runs = story("c1@host", [asks(0), answers(1), asks(30), answers(31, status="500")]).runs

    assert [outline(run) for run in runs] == [
        [(1, False, "http://h/1", "200", "<1>")],
        [(1, False, "http://h/1", "500", "<1>")],
    ]


def test_an_answer_in_two_documents_is_one_answer() -> None:
    """Older Kazoo wrote headers and body apart, in this order or the other within a second."""
    head = kazoo(1, resp_status_code="200", resp_headers={"content-type": "text/xml"}, iteration=1)
    body = kazoo(1, resp_body="<Response/>", iteration=1)

    for documents in ([asks(), head, body], [body, head, asks()]):
        (run,) = story("c1@host", documents).runs
        (exchange,) = run.exchanges
        assert exchange.answered is not None
        assert exchange.answered.status == "200"
        assert exchange.answered.headers == {"content-type": "text/xml"}
        assert exchange.answered.body == "<Response/>"


def test_documents_without_iterations_are_counted_by_their_questions() -> None:
    """The oldest Kazoo numbered nothing."""
    documents = [asks(0, None), answers(1, None), asks(2, None), answers(3, None)]

    (run,) = story("c1@host", documents).runs

    assert [(number, status) for number, _, _, status, _ in outline(run)] == [(1, "200"), (2, "200")]


@pytest.mark.parametrize(
    "stored",
    [
        {"set-cookie": ["a=1", "b=2"], "x": "y"},
        [["set-cookie", "a=1"], ["x", "y"], ["set-cookie", "b=2"]],
        {"set-cookie": "a=1, b=2", "x": "y"},
    ],
)
def test_headers_that_came_twice_are_joined(stored: Any) -> None:
    """In whatever way a database kept the duplicate members."""
    assert headers(stored) == {"set-cookie": "a=1, b=2", "x": "y"}


def test_what_came_after_the_channel_was_gone_belongs_to_the_call() -> None:
    """The report to `cdr_url` is told as what it is."""
    gone = ChannelDestroyed("c1@host", "NORMAL_CLEARING")
    report = asked("http://example.com/cdr", fetch_id="f2")
    moments = [*good_call()[:-1], (gone, 5.0), (Fetch(report), 5.1), (Fetched("f2", answer(b"")), 5.2)]

    documents = recorded(request(), [*moments, (End(Outcome.OK), 5.3)])
    (run,) = story("c1@host", [document.body for document in documents]).runs

    assert [(exchange.is_cdr, exchange.asked.uri) for exchange in run.exchanges if exchange.asked] == [
        (False, "http://example.com/cf"),
        (True, "http://example.com/cdr"),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PUBLIC = [
    "call_id",
    "iteration",
    "uri",
    "method",
    "req_headers",
    "req_body",
    "resp_status_code",
    "resp_headers",
]
ERRORS = ["resp_body", "json_errors", "schema_errors"]
NAMES = st.sampled_from([*PUBLIC, *ERRORS, "pvt_created", "pvt_type", "pvt_node", "pivot", "_id"])


@given(st.lists(st.dictionaries(NAMES, JSON, max_size=8), max_size=6))
def test_any_documents_have_a_story(documents: list[dict[str, Any]]) -> None:
    """Somebody else may have written anything into the database: the page must still come up."""
    told = story("c", documents)

    assert shown_story(told)["call_id"] == "c"
    assert har(told)["log"]


def test_the_archive_is_what_browsers_open() -> None:
    """Every member that HAR 1.2 demands, for a good and for a failed exchange."""
    documents = [document.body for document in recorded(request(), good_call())]
    log: Any = har(story("c1@host", documents))["log"]

    (entry,) = log["entries"]
    assert (log["version"], log["creator"]["name"], log["pages"][0]["title"]) == ("1.2", "pivot", "c1@host")
    assert entry["pageref"] == log["pages"][0]["id"] == "run_1"
    assert entry["startedDateTime"] == "2024-11-28T08:00:00.001Z"
    assert entry["request"] == {
        "method": "POST",
        "url": "http://example.com/cf",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": "content-type", "value": "application/x-www-form-urlencoded"}],
        "queryString": [],
        "headersSize": -1,
        "bodySize": 18,
        "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "Digits=1&From=1001"},
    }
    assert (entry["response"]["status"], entry["response"]["content"]["size"]) == (200, 38)
    assert entry["timings"] == {
        "blocked": -1.0,
        "dns": 1.0,
        "connect": 2.0,
        "ssl": -1.0,
        "send": 0.0,
        "wait": 30.0,
        "receive": 0.5,
    }

    failed: Any = har(story("c1", [document.body for document in recorded(request(), failed_call())]))["log"]
    assert failed["entries"][0]["response"]["status"] == 0
    assert failed["entries"][0]["_code"] == "fetch.refused"


def test_an_exchange_that_nobody_asked_is_still_one() -> None:
    """Error documents are stored for calls without debug, too: then nothing else is."""
    alone = kazoo(0, resp_body="<", json_errors={"before": "<", "after": ""}, iteration=1)

    (run,) = story("c1@host", [alone]).runs

    assert run.exchanges[0].errors == {"before": "<", "after": ""}
    assert isinstance(run.exchanges[0], Exchange)
    assert har(story("c1@host", [alone]))["log"]
