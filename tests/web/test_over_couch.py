"""The API over a server that speaks CouchDB's protocol: what was written is listed, read, told, streamed."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest

from pivot.debug.couch import Couch
from pivot.debug.couch_store import CouchStore
from tests.debug.calls import failed_call, good_call, recorded, request
from tests.web.support import EVERYBODY_TOKEN, NOW, CrossbarClient, answered, asked, fill, serving

pytestmark = pytest.mark.couch
DECEMBER = 63_900_230_400
T = NOW - 600


@pytest.fixture
async def store(couch_url: str) -> AsyncIterator[CouchStore]:
    opened = CouchStore(Couch(couch_url))
    yield opened
    await opened.close()


@pytest.fixture
def account() -> str:
    return secrets.token_hex(16)


async def test_pages_over_months_lose_and_repeat_nothing(store: CouchStore, account: str) -> None:
    """With CouchDB's own order of call ids, which is not Python's."""
    names = ["a", "B", "b", "A", "\u00e4", "z", "Z", "_", "-", "10", "9", "a b", "a+b", "a/b"]
    documents = []
    for number, name in enumerate(names):
        created = DECEMBER - 20_000 * (7 - number)
        documents += [asked(name, created, account), answered(name, created + 1, account)]
    documents += [asked("edge", DECEMBER - 1, account), answered("edge", DECEMBER + 1, account)]
    await fill(store, *documents)
    times = {"created_from": str(DECEMBER - 200_000), "created_to": str(DECEMBER + 200_000)}

    async with serving(store, now=DECEMBER + 300_000) as http:
        client = CrossbarClient(http, EVERYBODY_TOKEN, account)
        for ascending in ("true", "false"):
            pages = await client.pages(page_size="3", ascending=ascending, **times)
            found = [entry["call_id"] for page in pages for entry in page]
            assert sorted(found) == sorted([*names, "edge"])


async def test_documents_of_one_second_are_paged_without_loss(store: CouchStore, account: str) -> None:
    """Keys that many rows share are where paging goes wrong."""
    documents = [asked("c1", T, account, iteration=number) for number in range(1, 8)]
    await fill(store, *documents)

    async with serving(store) as http:
        client = CrossbarClient(http, EVERYBODY_TOKEN, account)
        for form in ("c1", "202411-c1"):
            pages = await client.pages(f"debug/{form}", page_size="2")
            found = [entry["id"] for page in pages for entry in page]
            assert sorted(found) == sorted(document.id for document in documents)


async def test_recorded_calls_are_listed_with_outcomes_and_told(store: CouchStore, account: str) -> None:
    """From the recorder to the story, through our own view."""
    await store.write(recorded(request("good", account_id=account, msg_id="m1"), good_call()))
    await store.write(recorded(request("bad/1", account_id=account, msg_id="m2"), failed_call()))

    async with serving(store) as http:
        client = CrossbarClient(http, EVERYBODY_TOKEN, account)
        rows = (await client.get("calls")).data
        branched = (await client.get("calls", q="outcome:branched")).data
        told = (await client.get("calls/bad%2F1")).data
        filtered = (await client.get(filter_resp_status_code="200")).data

    assert {row["call_id"]: row.get("code") for row in rows} == {"good": None, "bad/1": "fetch.refused"}
    assert [row["call_id"] for row in branched] == ["bad/1"]
    assert told["runs"][0]["explanation"]["code"] == "fetch.refused"
    assert [entry["call_id"] for entry in filtered] == ["good"]


async def test_an_account_that_nobody_knows_has_no_calls(store: CouchStore, account: str) -> None:
    """A missing database is an empty list everywhere, and is not created by looking."""
    async with serving(store) as http:
        client = CrossbarClient(http, EVERYBODY_TOKEN, account)
        for path in ("debug", "debug/c1", "calls"):
            reply = await client.get(path)
            assert (reply.status, reply.data) == (200, []), path
        assert (await client.get("calls/c1")).data["runs"] == []
    assert await store.months(account) == ()
