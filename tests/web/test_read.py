"""`GET …/pivot/debug/{UUID}`: one call's documents as Crossbar gives them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from pivot.debug.sqlite import SqliteStore
from pivot.debug.store import Store
from pivot.web import read
from tests.web.memory_store import MemoryStore
from tests.web.support import NODE, NOW, CrossbarClient, answered, asked, fill

T = NOW - 600
DECEMBER = 63_900_230_400


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Lists and pages must come out the same of every store."""
    opened: Store = (
        MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "debug.sqlite"))
    )
    yield opened
    await opened.close()


async def test_documents_show_their_public_fields_and_four_more(alice: CrossbarClient, store: Store) -> None:
    """Newest first; nothing private."""
    request, response = asked("c1@host", T - 100), answered("c1@host", T - 99)
    await fill(store, request, response)

    reply = await alice.get("debug/c1%40host", created_to=str(T))

    assert reply.data == [
        {
            "id": response.id,
            "created": T - 99,
            "node": NODE,
            "debug_id": "202411-c1@host",
            "resp_status_code": "200",
            "resp_headers": {"content-type": "text/xml"},
            "resp_body": "<Response><Hangup/></Response>",
            "iteration": 1,
            "call_id": "c1@host",
        },
        {
            "id": request.id,
            "created": T - 100,
            "node": NODE,
            "debug_id": "202411-c1@host",
            "uri": "http://example.com/cf",
            "method": "post",
            "req_headers": {"content-type": "application/x-www-form-urlencoded"},
            "req_body": "From=1001",
            "iteration": 1,
            "call_id": "c1@host",
        },
    ]
    assert reply.body["page_size"] == 2
    assert reply.body["start_key"] == "g2wAAAACbQAAAAdjMUBob3N0bgUAAJ-84A5q"


async def test_the_two_forms_have_opposite_orders(alice: CrossbarClient, store: Store) -> None:
    """Crossbar's clients know both."""
    await fill(store, asked("c1", T), answered("c1", T + 1), asked("c1", T + 2, iteration=2))

    async def times(path: str, **query: Any) -> list[int]:
        return [entry["created"] - T for entry in (await alice.get(path, **query)).data]

    assert await times("debug/c1") == [2, 1, 0]
    assert await times("debug/c1", ascending="true") == [0, 1, 2]
    assert await times("debug/c1", descending="false") == [2, 1, 0]
    assert await times("debug/202411-c1") == [0, 1, 2]
    assert await times("debug/202411-c1", ascending="true") == [2, 1, 0]


async def test_the_debug_id_goes_on_into_the_next_month(alice: CrossbarClient, store: Store) -> None:
    """A call over midnight of the last day is one call."""
    await fill(store, asked("c1", DECEMBER - 1), answered("c1", DECEMBER + 1))

    data = (await alice.get("debug/202411-c1")).data

    assert [entry["created"] - DECEMBER for entry in data] == [-1, 1]
    assert [entry["debug_id"] for entry in data] == ["202411-c1", "202412-c1"]


@pytest.mark.parametrize(
    "call_id",
    [
        "abcdef-not-a-month",
        "209913-x",
        "200000-x",
        "202411-really-a-call-id",
        "a b+c/d%2Fe?f#g&h=i;j",
        "\u00e4\u00f6\u4e2d\U0001f600",
        '"; DROP TABLE documents; --',
        "..",
        "../../../etc/passwd",
        "<script>alert(1)</script>",
        "c\x00d\r\nX: y",
        "x" * 1000,
    ],
)
async def test_every_legal_call_id_is_found(alice: CrossbarClient, store: Store, call_id: str) -> None:
    """Ids come from strangers: each way to write one in a URL must find it, and nothing breaks."""
    await fill(store, asked(call_id, T))

    escaped = await alice.get(f"debug/{quote(call_id, safe='')}")
    every_byte = await alice.get("debug/" + "".join(f"%{byte:02x}" for byte in call_id.encode()))

    assert [entry["call_id"] for entry in escaped.data] == [call_id]
    assert [entry["call_id"] for entry in every_byte.data] == [call_id]


async def test_a_plus_in_the_path_is_a_plus(alice: CrossbarClient, store: Store) -> None:
    """Only queries write blanks so."""
    await fill(store, asked("a+b", T), asked("a b", T + 1))

    (entry,) = (await alice.get("debug/a+b")).data

    assert entry["call_id"] == "a+b"


@pytest.mark.parametrize("path", ["debug/%ff%fe", "debug/%zz", "debug/%", "debug/unknown"])
async def test_an_unknown_call_has_an_empty_list(alice: CrossbarClient, path: str) -> None:
    """As in Crossbar no 404, whatever bytes the id has."""
    reply = await alice.get(path)

    assert (reply.status, reply.data) == (200, [])


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("form", ["c1", "202411-c1"])
@pytest.mark.parametrize("ascending", ["true", "false"])
async def test_pages_within_one_second_and_over_months_lose_nothing(
    alice: CrossbarClient, store: Store, size: int, form: str, ascending: str
) -> None:
    """Many documents can share a second, and a call can share two months."""
    documents = [asked("c1", DECEMBER - 1, iteration=number) for number in range(1, 6)]
    documents += [answered("c1", DECEMBER + 1, iteration=number) for number in range(1, 6)]
    documents += [answered("c1", DECEMBER + 2, iteration=6)]
    await fill(store, *documents, asked("c2", DECEMBER - 1))
    times = {"created_from": str(DECEMBER - 100), "created_to": str(DECEMBER + 100)}

    pages = await alice.pages(f"debug/{form}", page_size=str(size), ascending=ascending, **times)

    found = [entry["id"] for page in pages for entry in page]
    assert sorted(found) == sorted(document.id for document in documents)


async def test_crossbars_own_start_key_goes_on_at_that_time(alice: CrossbarClient, store: Store) -> None:
    """Call id and time, and nothing more, is what Crossbar's keys hold."""
    await fill(store, *(asked("c1@host", 63_899_999_999 + number) for number in range(3)))

    reply = await alice.get("debug/c1%40host", start_key="g2wAAAACbQAAAAdjMUBob3N0bgUAAJ-84A5q")

    assert [entry["created"] for entry in reply.data] == [63_900_000_000, 63_899_999_999]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"page_size": "x"}, "invalid page size"),
        ({"page_size": "0"}, "page size must be at least 1"),
        ({"page_size": "-1"}, "page size must be at least 1"),
        ({"start_key": "anything"}, "invalid start_key"),
        ({"start_key": "g20AAAAHYzFAaG9zdA"}, "invalid start_key"),
        ({"start_key": "g2wAAAACbQAAAAdjMUBob3N0bgUAAJ-84A5q"}, "invalid start_key"),
        ({"start_key": "x" * 5000}, "invalid start_key"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(
    alice: CrossbarClient, query: dict[str, Any], message: str
) -> None:
    """In Crossbar's words where it has some; another call's key is no key of this one."""
    reply = await alice.get("debug/other", **query)

    assert reply.status == 404
    assert (reply.body["message"], reply.data) == ("faulty_request", {"message": message})


async def test_a_page_of_huge_bodies_ends_early(
    alice: CrossbarClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one goes on there; without pages it is too much."""
    monkeypatch.setattr(read, "MAX_PAGE_BYTES", 2500)
    documents = [answered("c1", T + number, resp_body="x" * 1000) for number in range(7)]
    await fill(store, *documents)

    pages = await alice.pages("debug/c1")
    everything = await alice.get("debug/c1", paginate="false")

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [entry["id"] for page in pages for entry in page] == [each.id for each in reversed(documents)]
    assert everything.status == 416


async def test_filters_choose_documents(alice: CrossbarClient, store: Store) -> None:
    """Also when the page is smaller than what must be looked through."""
    await fill(store, *(asked("c1", T + number, iteration=number) for number in range(1, 30)))

    reply = await alice.get("debug/c1", filter_iteration="3", page_size="1")

    assert [entry["iteration"] for entry in reply.data] == [3]
    assert "next_start_key" not in reply.body
