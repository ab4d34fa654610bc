"""`GET …/pivot/debug`: the list of calls as Crossbar gives it, without its faults."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pivot.debug.sqlite import SqliteStore
from pivot.debug.store import Store
from tests.web.memory_store import MemoryStore
from tests.web.support import ALICE, NODE, NOW, CrossbarClient, answered, asked, document, fill

T = NOW - 600


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Lists and pages must come out the same of every store."""
    opened: Store = (
        MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "debug.sqlite"))
    )
    yield opened
    await opened.close()


async def test_a_page_has_crossbars_members(alice: CrossbarClient, store: Store) -> None:
    """Tools written for Crossbar read these members and no others."""
    await fill(
        store,
        asked("c5@host", T + 100),
        answered("c5@host", T + 101, resp_status_code="404"),
        asked("c9@host", T + 300, uri="http://example.com/cf?Call-ID=c9%40host", method="get"),
        answered("c9@host", T + 300),
    )

    reply = await alice.get(headers={"X-Request-ID": "r1"})

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    body = dict(reply.body)
    assert len(body.pop("revision")) == 32
    assert body == {
        "page_size": 2,
        "data": [
            {
                "call_id": "c9@host",
                "created": T + 300,
                "debug_id": "202411-c9@host",
                "iteration": 1,
                "node": NODE,
                "uri": "http://example.com/cf?Call-ID=c9%40host",
                "status_code": "200",
                "has_schema_errors": False,
                "has_json_errors": False,
            },
            {
                "call_id": "c5@host",
                "created": T + 100,
                "debug_id": "202411-c5@host",
                "iteration": 1,
                "node": NODE,
                "uri": "http://example.com/cf",
                "status_code": "404",
                "has_schema_errors": False,
                "has_json_errors": False,
            },
        ],
        "status": "success",
        "auth_token": "alice-0123456789",
        "tokens": {"consumed": 1, "remaining": 99_999},
        "request_id": "r1",
        "node": "n4CciKlYiR2C5n2fSBS-RQ",
        "timestamp": "2024-11-28T08:10:00Z",
        "version": "0.1.0",
    }


async def test_an_account_without_documents_has_an_empty_list(alice: CrossbarClient) -> None:
    """No database yet is no error, and an empty list has no revision."""
    reply = await alice.get()

    assert (reply.status, reply.data, reply.body["page_size"]) == (200, [], 0)
    assert "revision" not in reply.body
    assert "ETag" not in reply.headers


async def test_of_a_calls_rows_the_earliest_wins_and_flags_add_up(
    alice: CrossbarClient, store: Store
) -> None:
    """Chance must not decide whether the CDR's URL or the flow's is shown."""
    rows = [
        asked("c1", T),
        answered("c1", T + 1, resp_status_code="500"),
        document("c1", T + 1, iteration=1, resp_body="<", json_errors={"before": "<", "after": ""}),
        asked("c1", T + 60, uri="http://example.com/cdr", req_body="Hangup-Cause=NORMAL_CLEARING"),
        answered("c1", T + 61, resp_status_code="201"),
    ]
    random.Random(5).shuffle(rows)
    await fill(store, *rows)

    (entry,) = (await alice.get()).data

    assert entry == {
        "call_id": "c1",
        "created": T,
        "debug_id": "202411-c1",
        "iteration": 1,
        "node": NODE,
        "uri": "http://example.com/cf",
        "status_code": "500",
        "has_schema_errors": False,
        "has_json_errors": True,
    }


@pytest.mark.parametrize("ascending", ["true", "false"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_pages_over_months_lose_and_repeat_nothing(
    alice: CrossbarClient, store: Store, ascending: str, size: int
) -> None:
    """Every call of the range is listed exactly once, however the pages fall."""
    december = 63_900_230_400
    written = []
    for number in range(12):
        created = december - 20_000 * (6 - number) + number
        call_id = f"c{(number * 7) % 12}@host"
        written += [asked(call_id, created), answered(call_id, created + 2)]
    written += [asked("edge", december - 1), answered("edge", december + 1)]
    await fill(store, *written)
    times = {"created_from": str(december - 200_000), "created_to": str(december + 200_000)}

    pages = await alice.pages(page_size=str(size), ascending=ascending, **times)

    found = [entry["call_id"] for page in pages for entry in page]
    assert sorted(found) == sorted({*(f"c{number}@host" for number in range(12)), "edge"})
    assert all(len(page) == size for page in pages[:-1])
    edge = next(entry for page in pages for entry in page if entry["call_id"] == "edge")
    assert (edge["created"], edge["uri"], edge["status_code"]) == (
        december - 1,
        "http://example.com/cf",
        "200",
    )


async def test_rows_outside_the_range_are_not_listed(alice: CrossbarClient, store: Store) -> None:
    """`created_from` and `created_to` choose calls, not only months."""
    await fill(store, asked("before", T - 100), asked("in", T), asked("after", T + 100))

    reply = await alice.get(created_from=str(T - 50), created_to=str(T + 50))

    assert [entry["call_id"] for entry in reply.data] == ["in"]


async def test_crossbars_own_start_key_goes_on_at_that_call(alice: CrossbarClient, store: Store) -> None:
    """A client may bring a key that Crossbar gave it before the change of servers."""
    await fill(store, *(asked(f"c{number}@host", T + number) for number in range(3)))

    opaque = await alice.get(start_key="g20AAAAHYzFAaG9zdA")
    raw = await alice.get(start_key="c1@host")

    assert [entry["call_id"] for entry in opaque.data] == ["c1@host", "c0@host"]
    assert opaque.body["start_key"] == "g20AAAAHYzFAaG9zdA"
    assert [entry["call_id"] for entry in raw.data] == ["c1@host", "c0@host"]


async def test_the_key_of_a_page_within_one_month_is_crossbars(alice: CrossbarClient, store: Store) -> None:
    """With one month in the range our key is the call id alone: Crossbar would take it too."""
    await fill(store, *(asked(f"c{number}@host", T + number) for number in range(3)))

    reply = await alice.get(page_size="1", created_from=str(T - 1000))

    assert reply.body["next_start_key"] == "g20AAAAHYzFAaG9zdA"


async def test_paginate_false_gives_everything_and_no_keys(alice: CrossbarClient, store: Store) -> None:
    """One answer, without the members of pages."""
    await fill(store, *(asked(f"c{number:03}", T + number) for number in range(230)))

    reply = await alice.get(paginate="false", page_size="3", start_key="c100")

    assert len(reply.data) == 230
    assert not {"page_size", "start_key", "next_start_key"} & set(reply.body)


@pytest.mark.parametrize("size", ["0", "-3", "x", "", "9999999999999999"])
async def test_a_bad_page_size_is_forgiven(alice: CrossbarClient, store: Store, size: str) -> None:
    """As in Crossbar's summary: the default is taken instead."""
    await fill(store, *(asked(f"c{number:03}", T + number) for number in range(60)))

    assert (await alice.get(page_size=size)).body["page_size"] == 50


async def test_filters_look_into_the_documents(alice: CrossbarClient, store: Store) -> None:
    """A call is listed when one of its first documents passes."""
    await fill(
        store,
        asked("good", T),
        answered("good", T),
        asked("bad", T),
        answered("bad", T, resp_status_code="404"),
    )

    async def listed(**query: Any) -> list[str]:
        return sorted(entry["call_id"] for entry in (await alice.get(**query)).data)

    assert await listed(filter_resp_status_code="404") == ["bad"]
    assert await listed(filter_resp_status_code='["404","500"]') == ["bad"]
    assert await listed(**{"filter_req_headers.content-type": "text/plain"}) == []
    assert await listed(has_key="resp_body") == ["bad", "good"]
    assert await listed(filter_iteration="1", filter_resp_status_code="200") == ["good"]


async def test_months_of_other_accounts_are_never_asked(alice: CrossbarClient, store: Store) -> None:
    """The account of the path alone names the databases."""
    other = "f" * 32
    await fill(store, asked("theirs", T, other), asked("mine", T, ALICE))

    assert [entry["call_id"] for entry in (await alice.get()).data] == ["mine"]
