"""What every store must do, over sqlite and over a server that speaks CouchDB's protocol."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pivot.debug.couch import Couch
from pivot.debug.couch_store import CouchStore
from pivot.debug.sqlite import SqliteStore
from pivot.debug.store import CallFilter, CallRow, DebugDocument, Span, Store, WriteReport
from pivot.model.codes import Code, Outcome
from pivot.model.commands import End, Fetch
from pivot.model.events import Fetched
from pivot.model.json import JsonObject
from pivot.model.notes import AnswerRefused, Moment
from tests.debug.calls import NOON, OCTETS, answer, asked, failed_call, good_call, recorded, request

MONTH = "202411"


@pytest.fixture(params=["sqlite", pytest.param("couch", marks=pytest.mark.couch)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "sqlite":
        opened: Store = SqliteStore(str(tmp_path / "debug.sqlite"))
    else:
        opened = CouchStore(Couch(request.getfixturevalue("couch_url")))
    yield opened
    await opened.close()


@pytest.fixture
def account() -> str:
    return secrets.token_hex(16)


Call = Callable[..., list[DebugDocument]]


@pytest.fixture
def call(account: str) -> Call:
    """The documents of a good call, or of these moments, in this account."""

    def documents(
        call_id: str = "c1@host",
        moments: list[tuple[Moment, float]] | None = None,
        started_s: float = NOON,
        msg_id: str = "m1",
    ) -> list[DebugDocument]:
        asking = request(call_id, account_id=account, msg_id=msg_id)
        return recorded(asking, good_call() if moments is None else moments, started_s=started_s)

    return documents


def bodies(documents: list[DebugDocument]) -> list[JsonObject]:
    return [document.body for document in documents]


async def test_a_store_that_is_there_says_so(store: Store) -> None:
    """The worker may start."""
    await store.check()


async def test_documents_come_back_whole(store: Store, account: str, call: Call) -> None:
    """Request, response and timeline of a call, oldest first, every member as written."""
    documents = call()

    report = await store.write(documents)

    assert (report.stored, report.later, report.refused) == (3, (), ())
    assert await store.call(account, "c1@host", [MONTH]) == tuple(bodies(documents))
    assert await store.document(account, MONTH, documents[1].id) == documents[1].body
    assert await store.months(account) == (MONTH,)


async def test_writing_again_changes_nothing(store: Store, account: str, call: Call) -> None:
    """After a lost answer the batch is repeated; ids are the same, so nothing is there twice."""
    await store.write(call())

    again = await store.write(call())

    assert again == WriteReport(stored=3)
    assert len(await store.call(account, "c1@host", [MONTH])) == 3


async def test_an_account_without_documents_has_nothing(store: Store, account: str) -> None:
    """No month, no call, no row, and no error."""
    assert await store.months(account) == ()
    assert await store.call(account, "c1@host", [MONTH]) == ()
    assert await store.document(account, MONTH, "0" * 32) is None
    assert await store.first_iteration(account, MONTH, Span()) == ()
    assert await store.debug_listing(account, MONTH, "c1@host", Span()) == ()
    assert (await store.calls(account, CallFilter())).rows == ()


async def test_accounts_do_not_see_each_other(store: Store, account: str, call: Call) -> None:
    """One customer's calls are nobody else's."""
    documents = call()
    other = secrets.token_hex(16)
    theirs = recorded(request("c2@host", account_id=other), good_call())
    await store.write([*documents, *theirs])

    assert await store.call(other, "c1@host", [MONTH]) == ()
    assert [row.call_id for row in (await store.calls(other, CallFilter())).rows] == ["c2@host"]
    assert await store.document(other, MONTH, documents[0].id) is None


async def test_each_document_lies_in_its_own_month(store: Store, account: str, call: Call) -> None:
    """A call over the month's edge has its request in November and its response in December, in UTC."""
    last_second = 1_733_011_199.99  # 2024-11-30T23:59:59.99Z
    documents = call(started_s=last_second)

    await store.write(documents)

    assert [document.month for document in documents] == ["202411", "202412", "202412"]
    assert await store.months(account) == ("202411", "202412")
    assert await store.call(account, "c1@host", ["202411"]) == (documents[0].body,)
    assert await store.call(account, "c1@host", ["202412", "202411"]) == tuple(bodies(documents))


async def test_first_iterations_are_kazoos_rows(store: Store, account: str, call: Call) -> None:
    """Crossbar's summary reads these; a timeline does not count."""
    await store.write([*call("a@host"), *call("b@host", moments=two_iterations())])

    rows = await store.first_iteration(account, MONTH, Span(descending=False))

    shared = {"created": 63900000000, "node": "kazoo_apps@apps1.example.com", "iteration": 1}
    flags = {"has_schema_errors": False, "has_json_errors": False}
    assert sorted([(row.key, dict(row.value or {})) for row in rows], key=str) == sorted(
        [
            (call_id, {"call_id": call_id} | extra | shared | flags)
            for call_id in ("a@host", "b@host")
            for extra in ({"uri": "http://example.com/cf"}, {"status_code": "200"})
        ],
        key=str,
    )


async def test_first_iterations_page_by_key(store: Store, account: str, call: Call) -> None:
    """From a key to a key, both included, either way, with whole documents when asked."""
    documents = [document for name in "abcd" for document in call(f"{name}@host")]
    await store.write(documents)

    async def keys(span: Span[str]) -> list[str]:
        return [row.key for row in await store.first_iteration(account, MONTH, span)]

    assert await keys(Span("c@host", "b@host")) == ["c@host", "c@host", "b@host", "b@host"]
    assert await keys(Span("b@host", descending=False, limit=3)) == ["b@host", "b@host", "c@host"]
    assert await keys(Span("b@host", descending=False, skip=1, limit=2)) == ["b@host", "c@host"]
    (row,) = await store.first_iteration(account, MONTH, Span(limit=1), documents=True)
    assert row.document in bodies(documents)
    assert await keys(Span("a@host", "b@host")) == []


async def test_a_calls_listing_goes_by_time(store: Store, account: str, call: Call) -> None:
    """Crossbar's read: one call's documents between two times, newest or oldest first, no timeline."""
    documents = call(moments=two_iterations())
    await store.write([*documents, *call("c1@host2")])

    async def created(span: Span[int]) -> list[tuple[int, JsonObject | None]]:
        rows = await store.debug_listing(account, MONTH, "c1@host", span)
        return [(row.key, row.document) for row in rows]

    by_time = [
        (document.body["pvt_created"], document.body)
        for document in documents
        if document.body["pvt_type"] == "pivot_debug"
    ]
    noon = 63900000000
    assert sorted(await created(Span()), key=str) == sorted(by_time, key=str)
    assert [key for key, _ in await created(Span())] == [noon + 5, noon + 5, noon, noon]
    assert [key for key, _ in await created(Span(descending=False))] == [noon, noon, noon + 5, noon + 5]
    assert [key for key, _ in await created(Span(noon + 4, noon))] == [noon, noon]
    assert [key for key, _ in await created(Span(noon + 1, noon + 9, descending=False, limit=1))] == [
        noon + 5
    ]


async def test_calls_are_listed_newest_first(store: Store, account: str, call: Call) -> None:
    """One row per call with what an operator looks for, page by page, no row twice and none missing."""
    started = [NOON + minute * 60 for minute in range(7)]
    for minute, started_s in enumerate(started):
        await store.write(call(f"c{minute}@host", started_s=started_s))

    first = await store.calls(account, CallFilter(), limit=3)
    second = await store.calls(account, CallFilter(), limit=3, cursor=first.next)
    third = await store.calls(account, CallFilter(), limit=3, cursor=second.next)

    rows = [*first.rows, *second.rows, *third.rows]
    assert [row.call_id for row in rows] == [f"c{minute}@host" for minute in reversed(range(7))]
    assert third.next is None
    timeline = call("c6@host", started_s=started[6])[-1]
    assert rows[0] == CallRow(
        document_id=timeline.id,
        month=MONTH,
        call_id="c6@host",
        started_s=started[6],
        finished=True,
        msg_id="m1",
        uri="http://example.com/cf",
        host="example.com",
        outcome="ok",
        status_code="200",
        iterations=1,
        total_ms=36.0,
        from_="1001@example.com",
        to="5000@example.com",
        node="kazoo_apps@apps1.example.com",
        sentence="Request 1, POST example.com/cf, was answered 200 with a callflow. "
        "callflow went on with that flow.",
    )


async def test_a_running_call_is_listed_too(store: Store, account: str, call: Call) -> None:
    """The request stands for the call until its timeline is there; Kazoo's documents never get one."""
    request_document, *rest = call()
    kazoos = {k: v for k, v in request_document.body.items() if k != "pivot"} | {
        "_id": "f" * 32,
        "call_id": "kazoo@host",
    }
    await store.write([request_document, DebugDocument(account, MONTH, kazoos)])

    before = {row.call_id: row for row in (await store.calls(account, CallFilter())).rows}
    await store.write(rest)
    after = {row.call_id: row for row in (await store.calls(account, CallFilter())).rows}

    assert (before["c1@host"].finished, before["c1@host"].host) == (False, "example.com")
    assert before["kazoo@host"].started_s == NOON
    assert before["kazoo@host"].uri == "http://example.com/cf"
    assert after["c1@host"].finished
    assert after["kazoo@host"] == before["kazoo@host"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (CallFilter(outcome="branched"), ["bad@host"]),
        (CallFilter(code="fetch.refused"), ["bad@host"]),
        (CallFilter(host="Example.com", outcome="ok"), ["late@host", "good@host"]),
        (CallFilter(host="elsewhere.com"), []),
        (CallFilter(slow_ms=500), ["bad@host"]),
        (CallFilter(after_s=NOON + 60), ["late@host", "bad@host"]),
        (CallFilter(before_s=NOON + 60), ["good@host"]),
        (CallFilter(text="GOOD"), ["good@host"]),
        (CallFilter(text="/cf"), ["late@host", "bad@host", "good@host"]),
        (CallFilter(text="5000@", outcome="ok", before_s=NOON + 61), ["good@host"]),
    ],
    ids=str,
)
async def test_calls_are_found_by_what_they_were(
    store: Store, account: str, call: Call, wanted: CallFilter, found: list[str]
) -> None:
    """Every filter alone and together with others."""
    await store.write(call("good@host"))
    await store.write(call("bad@host", moments=failed_call(), started_s=NOON + 60))
    await store.write(call("late@host", started_s=NOON + 120))

    page = await store.calls(account, wanted)

    assert [row.call_id for row in page.rows] == found


async def test_calls_go_on_over_months(store: Store, account: str, call: Call) -> None:
    """The list does not end with the month."""
    month_s = 31 * 86400
    for number in range(4):
        await store.write(call(f"c{number}@host", started_s=NOON - number * month_s))

    names, cursor = [], None
    while True:
        page = await store.calls(account, CallFilter(), limit=1, cursor=cursor)
        names += [row.call_id for row in page.rows]
        cursor = page.next
        if cursor is None:
            break

    assert names == ["c0@host", "c1@host", "c2@host", "c3@host"]


async def test_the_tail_shows_calls_as_they_end(store: Store, account: str, call: Call) -> None:
    """What ended before is not shown, what ends later exactly once, in order."""
    await store.write(call("old@host"))
    start = await store.tail(account)
    empty = await store.tail(account, start.cursor)
    await store.write(call("one@host", started_s=float(int(time.time()))))
    await store.write(call("two@host", started_s=float(int(time.time()))))

    first = await store.tail(account, empty.cursor, limit=1)
    second = await store.tail(account, first.cursor)
    third = await store.tail(account, second.cursor)

    assert (start.rows, empty.rows) == ((), ())
    assert [row.call_id for row in (*first.rows, *second.rows)] == ["one@host", "two@host"]
    assert third.rows == ()


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "bnVsbA", "W10", "WzEsMl0", "WyJhIiwxLDIsM10", "é"])
async def test_a_foreign_cursor_is_refused(store: Store, account: str, cursor: str) -> None:
    """A client's invention is its mistake, not the server's."""
    with pytest.raises(ValueError, match="place in"):
        await store.calls(account, CallFilter(), cursor=cursor)
    with pytest.raises(ValueError, match="place in"):
        await store.tail(account, cursor)


HOSTILE = [
    "a/b+c d%2F@h?x#y&z=1",
    "\u017c\u00f3\u0142\u0107 \U0001f600",
    '"\\\x00\x1f',
    "\ud800",
    "_design/x",
    "x" * 3000,
]


@pytest.mark.parametrize("call_id", HOSTILE, ids=ascii)
async def test_odd_call_ids_come_back(store: Store, account: str, call: Call, call_id: str) -> None:
    """A call id is any text; only what has no UTF-8 form is replaced."""
    documents = call(call_id)

    report = await store.write(documents)

    assert report.stored == 3
    assert await store.call(account, call_id, [MONTH]) == tuple(bodies(documents))
    assert len(await store.debug_listing(account, MONTH, call_id, Span())) == 2
    assert len(await store.first_iteration(account, MONTH, Span())) == 2
    (row,) = (await store.calls(account, CallFilter())).rows
    assert row.call_id == documents[0].body["call_id"]


async def test_odd_bodies_come_back(store: Store, account: str, call: Call) -> None:
    """Bytes that are no UTF-8, deep and huge values: stored as near as JSON allows, never refused."""
    deep: JsonObject = {"value": 1}
    for _ in range(500):
        deep = {"x": deep}
    details: JsonObject = {
        "schema_errors": {"\ud800": {"value": "\udfff", "big": 10**30, "nan": float("nan"), "deep": deep}}
    }
    refused = AnswerRefused("f1", 1, Code.ANSWER_SCHEMA, "bad \ud800", details)
    moments: list[tuple[Moment, float]] = [
        (Fetch(asked("http://h/\ud800")), 0.0),
        (Fetched("f1", answer(b"\xff\xfe\x00" + OCTETS * 20_000)), 0.1),
        (refused, 0.2),
        (End(Outcome.BRANCHED, Code.ANSWER_SCHEMA, "bad"), 0.3),
    ]
    documents = call(moments=moments)

    report = await store.write(documents)

    assert (report.stored, report.trouble) == (4, "")
    stored = await store.call(account, "c1@host", [MONTH])
    assert [document["_id"] for document in stored] == [document.id for document in documents]


def two_iterations() -> list[tuple[Moment, float]]:
    """A redirect: two fetches, five seconds apart."""
    return [
        (Fetch(asked()), 0.0),
        (Fetched("f1", answer()), 0.1),
        (Fetch(asked("http://example.com/next", 2, "f2")), 5.0),
        (Fetched("f2", answer()), 5.1),
        (End(Outcome.OK), 5.2),
    ]


@pytest.mark.couch
async def test_a_search_for_the_rare_gives_up_now_and_then(
    couch_url: str, account: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may hold fewer rows than asked for, but going on finds every call once."""
    monkeypatch.setattr("pivot.debug.couch_calls._MAX_SCANNED", 3)
    monkeypatch.setattr("pivot.debug.couch_calls._ROWS_AT_ONCE", 2)
    store = CouchStore(Couch(couch_url))
    for number in range(11):
        await store.write(call(f"{'rare' if number % 4 == 0 else 'c'}{number}@host", started_s=NOON + number))

    names, pages, cursor = list[str](), 0, None
    while pages == 0 or cursor is not None:
        page = await store.calls(account, CallFilter(text="rare"), limit=2, cursor=cursor)
        names += [row.call_id for row in page.rows]
        cursor, pages = page.next, pages + 1
    await store.close()

    assert names == ["rare8@host", "rare4@host", "rare0@host"]
    assert pages == 4
