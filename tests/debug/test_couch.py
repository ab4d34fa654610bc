"""The faults of couchdb3 that `couch.py` hides, and CouchDB's ways that pouchdb-server cannot show.

Answers are those of a real CouchDB 3.5.2.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from pivot.debug.couch import (
    ConflictError,
    Couch,
    DeniedError,
    MissingDatabaseError,
    MissingError,
    TooLargeError,
)
from pivot.debug.couch_store import CouchStore
from pivot.debug.design import CALLS, KAZOO
from pivot.debug.store import DebugDocument, Span, WriteReport
from pivot.errors import ConfigError, StoreError
from tests.debug.calls import ACCOUNT, good_call, recorded, request

VECTORS = Path(__file__).parent.parent / "vectors" / "couchdb" / "responses.json"
RECORDED: dict[str, Any] = json.loads(VECTORS.read_text())["responses"]

Handler = Callable[[httpx.Request], httpx.Response]
MODB = f"account/{ACCOUNT[:2]}/{ACCOUNT[2:4]}/{ACCOUNT[4:]}-202411"
PATH = "/" + MODB.replace("/", "%2F")


def answer(label: str, **changes: Any) -> httpx.Response:
    """A recorded answer of CouchDB."""
    found = RECORDED[label]
    return httpx.Response(
        found["status"], headers=_headers(found["h"]), json=changes.get("body", found["body"])
    )


def _headers(recorded: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in recorded.items() if name != "transfer-encoding"}


class Script:
    """A CouchDB that answers in turn and remembers what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        reply = self._answers.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def lines(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.asked]


def couch(handler: Handler, url: str = "http://admin:admin@db.example.com:5984") -> Couch:
    return Couch(url, transport=httpx.MockTransport(handler), timeout_s=3.0)


async def test_names_with_slashes_are_one_path_segment() -> None:
    """couchdb3 sends them raw, which is another place, or refuses them after creating the database."""
    script = Script(answer("db PUT"), answer("doc GET"))
    server = couch(script)

    await server.create(MODB)
    await server.read_document(MODB, "d1")

    assert script.lines == [f"PUT {PATH}", f"GET {PATH}/d1"]


async def test_document_ids_are_quoted() -> None:
    """couchdb3 does not: an id with a slash would write an attachment, a plus would become a blank."""
    script = Script(*[answer("doc GET id slash enc")] * 3)
    server = couch(script)

    for document_id in ("a b/c", "x+y@h?q#f", "_design/pi/vot"):
        await server.read_document("db", document_id)

    assert script.lines == [
        "GET /db/a%20b%2Fc",
        "GET /db/x%2By%40h%3Fq%23f",
        "GET /db/_design/pi%2Fvot",
    ]


async def test_view_keys_are_json() -> None:
    """couchdb3 makes texts of the numbers in a key, and such a key finds nothing."""
    script = Script(answer("view range"))

    rows = await couch(script).view(
        "db",
        "pivot",
        "debug_listing",
        startkey=['c"1+', 63900000000],
        endkey=["c", {}],
        descending=True,
        limit=2,
    )

    query = dict(script.asked[0].url.params)
    assert query["startkey"] == '["c\\"1+",63900000000]'
    assert query["endkey"] == '["c",{}]'
    assert (query["descending"], query["limit"]) == ("true", "2")
    assert [row["id"] for row in rows] == ["cdr-001", "cdr-004", "cdr-007", "cdr-010"]


async def test_a_range_that_holds_nothing_is_empty() -> None:
    """CouchDB calls a start behind the end a mistake; for a list it is just empty."""
    assert await couch(Script(answer("view start>end"))).view("db", "d", "v", startkey=2, endkey=1) == []


async def test_every_request_has_our_timeout_and_content_type() -> None:
    """couchdb3 would wait 300 s for a GET; CouchDB refuses a POST without content type."""
    script = Script(answer("doc GET"), answer("bulk conflict"))
    server = couch(script)

    await server.read_document("db", "d1")
    await server.write_documents("db", [b'{"_id":"cdr-001"}', b'{"_id":"cdr-new"}'])

    assert {request.extensions["timeout"]["read"] for request in script.asked} == {3.0}
    assert script.asked[1].headers["content-type"] == "application/json"
    assert json.loads(script.asked[1].content) == {"docs": [{"_id": "cdr-001"}, {"_id": "cdr-new"}]}


@pytest.mark.parametrize(
    ("label", "kind", "retryable"),
    [
        ("doc in missing db", MissingDatabaseError, False),
        ("view missing ddoc", MissingError, False),
        ("view missing", MissingError, False),
        ("db PUT again", ConflictError, False),
        ("ddoc PUT again", ConflictError, False),
        ("doc PUT big 9MB (max_document_size 8MB)", TooLargeError, False),
        ("doc POST no content-type", StoreError, False),
        ("bulk bad json", StoreError, False),
        ("vdu forbidden", StoreError, True),
        ("srv POST _search_analyze", StoreError, True),
        ("misc write noauth", DeniedError, True),
    ],
)
async def test_refusals_become_one_error_each(label: str, kind: type[StoreError], retryable: bool) -> None:
    """couchdb3 hides some behind None and lets others through as httpx's."""
    with pytest.raises(StoreError) as raised:
        await couch(Script(answer(label))).view("db", "d", "v")

    assert type(raised.value) is kind
    assert raised.value.retryable is retryable
    assert "http://db.example.com:5984 db: " in str(raised.value)


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("closed"),
        httpx.ReadTimeout("slow"),
        httpx.Response(502, text="<html>bad gateway</html>"),
        httpx.Response(200, text="<html>login</html>"),
        httpx.Response(200, json=["no", "object"]),
    ],
    ids=str,
)
async def test_an_absent_server_is_an_error_to_retry(fault: httpx.Response | Exception) -> None:
    """couchdb3's `get` would say None, as if there were no such document."""
    with pytest.raises(StoreError) as raised:
        await couch(Script(fault)).read_document("db", "d1")

    assert raised.value.retryable


async def test_a_missing_document_is_none_and_a_missing_database_is_not() -> None:
    """The difference decides whether a database is made."""
    assert await couch(Script(answer("doc GET missing"))).read_document("db", "x") is None
    assert await couch(Script(answer("doc GET deleted"))).read_document("db", "x") is None
    with pytest.raises(MissingDatabaseError):
        await couch(Script(answer("doc in missing db"))).read_document("db", "x")


LOCKED = httpx.Response(
    403, json={"error": "forbidden", "reason": "Account is temporarily locked due to multiple failed logins"}
)


@pytest.mark.parametrize("refusal", [answer("db PUT badpw"), LOCKED], ids=["wrong", "locked"])
async def test_a_wrong_password_stops_the_start(refusal: httpx.Response) -> None:
    """Five refusals lock the account for the whole cluster, so nobody may try again by himself."""
    script = Script(refusal)
    server = couch(script)

    with pytest.raises(ConfigError, match=r"debug\.couch_url: http://db\.example\.com:5984 refuses"):
        await server.check()
    with pytest.raises(DeniedError):
        await server.read_document("db", "d1")

    assert len(script.asked) == 1


async def test_a_password_that_stops_working_is_not_tried_in_a_loop() -> None:
    """Documents wait; CouchDB is left alone for minutes."""
    script = Script(answer("db PUT badpw"))
    store = CouchStore(couch(script))
    documents = recorded(request(), good_call())

    reports = [await store.write(documents) for _ in range(10)]

    assert [len(report.later) for report in reports] == [3] * 10
    assert len(script.asked) == 1


async def test_a_server_without_our_name_stops_the_start() -> None:
    """An address without user and password cannot write to CouchDB 3."""
    anonymous = httpx.Response(200, json={"ok": True, "userCtx": {"name": None, "roles": []}})

    with pytest.raises(ConfigError, match="wants a user"):
        await couch(Script(anonymous), "http://db.example.com").check()
    await couch(Script(answer("session GET cookie"))).check()


@pytest.mark.parametrize("url", ["", "db.example.com", "ftp://db", "http://", "http://h:port", "http://[::1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """At once, and saying what to write."""
    with pytest.raises(ConfigError, match=r"debug\.couch_url .*write http://user:password@host:port"):
        Couch(url)


async def test_credentials_and_address_survive() -> None:
    """couchdb3 leaves user names encoded, drops the path in front, and breaks IPv6 hosts."""
    script = Script(answer("doc GET"))

    await couch(script, "http://ad%40min:p%2Fw@[::1]:5984/couch/").read_document("db", "d1")

    asked = script.asked[0]
    assert str(asked.url) == "http://[::1]:5984/couch/db/d1"
    assert asked.headers["authorization"] == httpx.BasicAuth("ad@min", "p/w")._auth_header


def bulk_answer(documents: list[DebugDocument], **errors: str) -> httpx.Response:
    rows: list[dict[str, Any]] = [{"id": item.id, "ok": True, "rev": "1-x"} for item in documents]
    for index, error in errors.items():
        rows[int(index[1:])] = {"id": documents[int(index[1:])].id, "error": error, "reason": "said so"}
    return httpx.Response(201, json=rows)


def designs_there() -> list[httpx.Response]:
    return [httpx.Response(200, json={**design, "_rev": "1-x"}) for design in (KAZOO, CALLS)]


async def test_a_missing_month_is_made_with_its_designs() -> None:
    """404, is the account alive, create, write again, both design documents: in this order."""
    documents = recorded(request(), good_call())
    script = Script(
        answer("doc in missing db"),
        httpx.Response(200, json={"_id": ACCOUNT, "name": "acme"}),
        answer("db PUT"),
        bulk_answer(documents),
        answer("doc GET missing"),
        answer("ddoc PUT"),
        answer("doc GET missing"),
        answer("ddoc PUT"),
    )

    report = await CouchStore(couch(script)).write(documents)

    assert report == WriteReport(stored=3, created=(MODB,))
    assert script.lines == [
        f"POST {PATH}/_bulk_docs",
        f"GET /accounts/{ACCOUNT}",
        f"PUT {PATH}",
        f"POST {PATH}/_bulk_docs",
        f"GET {PATH}/_design/pivot",
        f"PUT {PATH}/_design/pivot",
        f"GET {PATH}/_design/pivot_calls",
        f"PUT {PATH}/_design/pivot_calls",
    ]
    assert json.loads(script.asked[5].content) == KAZOO


async def test_a_month_that_another_worker_made_is_fine() -> None:
    """412 is no failure, and the other one has told the cluster."""
    documents = recorded(request(), good_call())
    script = Script(
        answer("doc in missing db"),
        httpx.Response(200, json={"_id": ACCOUNT}),
        answer("db PUT again"),
        bulk_answer(documents),
        *designs_there(),
    )

    assert await CouchStore(couch(script)).write(documents) == WriteReport(stored=3)


@pytest.mark.parametrize(
    "account",
    [answer("doc GET missing"), httpx.Response(200, json={"_id": ACCOUNT, "pvt_deleted": True})],
    ids=["missing", "deleted"],
)
async def test_a_deleted_account_gets_no_month(account: httpx.Response) -> None:
    """Its documents are refused for good; the question is not asked again for a while."""
    documents = recorded(request(), good_call())
    script = Script(answer("doc in missing db"), account, answer("doc in missing db"))
    store = CouchStore(couch(script))

    first, second = await store.write(documents), await store.write(documents)

    assert (len(first.refused), first.stored, first.later) == (3, 0, ())
    assert second.refused == first.refused
    assert ACCOUNT in first.trouble


async def test_a_cluster_without_accounts_keeps_documents() -> None:
    """No database `accounts`: nobody says that the account is deleted."""
    documents = recorded(request(), good_call())
    missing = answer("doc in missing db")
    script = Script(missing, missing, answer("db PUT"), bulk_answer(documents), *designs_there())

    assert (await CouchStore(couch(script)).write(documents)).stored == 3


async def test_an_unknown_account_waits_when_the_server_goes() -> None:
    """Not knowing is not deleted: the documents are tried again."""
    documents = recorded(request(), good_call())
    script = Script(answer("doc in missing db"), httpx.ConnectError("gone"))

    report = await CouchStore(couch(script)).write(documents)

    assert (len(report.later), report.refused, report.created) == (3, (), ())


async def test_each_row_is_looked_at() -> None:
    """201 says nothing of one document: a conflict is stored, forbidden is final, others are tried again."""
    documents = recorded(request(), good_call())
    script = Script(
        bulk_answer(documents, _0="conflict", _1="forbidden", _2="internal_server_error"), *designs_there()
    )

    report = await CouchStore(couch(script)).write(documents)

    assert report == WriteReport(1, (documents[2],), (documents[1],), (), "forbidden")


async def test_a_write_below_quorum_counts_as_stored() -> None:
    """202 for the whole batch."""
    documents = recorded(request(), good_call())
    accepted = httpx.Response(202, json=[{"id": item.id, "ok": True, "rev": "1-x"} for item in documents])

    assert (await CouchStore(couch(Script(accepted, *designs_there()))).write(documents)).stored == 3


async def test_one_unacceptable_document_does_not_cost_the_others() -> None:
    """A batch that is refused whole is halved until the document at fault stands alone."""
    documents = recorded(request(), good_call())
    big = answer("doc PUT big 9MB (max_document_size 8MB)")
    script = Script(big, bulk_answer(documents[:1]), big, bulk_answer(documents[1:2]), big, *designs_there())

    report = await CouchStore(couch(script)).write(documents)

    assert (report.stored, report.refused, report.later) == (2, (documents[2],), ())


async def test_kazoos_design_document_stays_as_it_is() -> None:
    """A cluster's own `_design/pivot` may be newer than ours; our own is replaced when it is old."""
    documents = recorded(request(), good_call())
    script = Script(
        bulk_answer(documents),
        httpx.Response(200, json={"_id": "_design/pivot", "_rev": "3-x", "views": {}}),
        httpx.Response(200, json={"_id": "_design/pivot_calls", "_rev": "7-y", "views": {}}),
        answer("ddoc PUT"),
    )
    await CouchStore(couch(script)).write(documents)

    assert script.lines[-1] == f"PUT {PATH}/_design/pivot_calls"
    assert json.loads(script.asked[-1].content) == {**CALLS, "_rev": "7-y"}


async def test_a_view_without_its_design_document_is_repaired() -> None:
    """As Kazoo does: the month may have been made by somebody who did not put it there."""
    script = Script(
        answer("view missing ddoc"), answer("doc GET missing"), answer("ddoc PUT"), answer("view range")
    )
    store = CouchStore(couch(script))

    rows = await store.rows(ACCOUNT, "202411", KAZOO, "first_iteration")

    assert len(rows) == 4
    assert script.lines[2] == f"PUT {PATH}/_design/pivot"


async def test_months_are_those_of_the_account() -> None:
    """CouchDB keeps the names' slashes; other databases of the account are no months."""
    names = [MODB, MODB.replace("202411", "202410"), MODB + "x", MODB.replace("202411", "202413"), "accounts"]
    script = Script(httpx.Response(200, json=names))

    assert await CouchStore(couch(script)).months(ACCOUNT) == ("202410", "202411")
    begin = MODB.removesuffix("202411")
    assert script.asked[0].url.params["startkey"] == json.dumps(begin)


async def test_a_missing_month_has_no_rows() -> None:
    """Nothing was stored in it."""
    store = CouchStore(couch(Script(answer("doc in missing db"))))

    assert await store.first_iteration(ACCOUNT, "202411", Span()) == ()
