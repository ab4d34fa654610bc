"""The inspector's pages: readable, and nothing of strangers in them runs."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from pivot.debug.sqlite import SqliteStore
from pivot.debug.store import DebugDocument
from pivot.web.settings import AuthSettings
from tests.debug.calls import failed_call, good_call, recorded, request
from tests.web.memory_store import MemoryStore
from tests.web.support import ALICE, ALICE_TOKEN, SETTINGS, serving

OPEN = replace(SETTINGS, auth=AuthSettings(mode="open"))
EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>javascript:alert(3)' onclick='x\u202e{{7*7}}"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(str(tmp_path / "debug.sqlite"))
    await opened.write(recorded(request("good/1@host", msg_id="m1"), good_call()))
    await opened.write(recorded(request("bad", msg_id="m2"), failed_call()))
    yield opened
    await opened.close()


@pytest.fixture
async def pages(store: SqliteStore) -> AsyncIterator[TestClient[Any, Any]]:
    async with serving(store, OPEN, home_account=ALICE) as client:
        yield client


async def text(pages: TestClient[Any, Any], path: str) -> str:
    async with pages.get(path) as reply:
        assert reply.status == 200
        assert reply.content_type == "text/html"
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        return await reply.text()


async def test_the_first_page_lists_the_calls(pages: TestClient[Any, Any]) -> None:
    """Each with a link to its story, which works for every call id."""
    listed = await text(pages, "/")
    links = re.findall(r'href="(/inspect/[^"]+/calls/[^"]+)"', listed)

    assert len(links) == 2
    stories = [await text(pages, link) for link in links]
    assert any("good/1@host" in story and "gave callflow its flow" in story for story in stories)
    assert any("fetch.refused" in story and "correct the port" in story for story in stories)
    assert all("Request 1, POST example.com/cf, was" in shown for shown in (listed, *stories))
    assert not any("The caller heard:" in story for story in stories)


async def test_the_search_finds_and_says_what_it_can(pages: TestClient[Any, Any]) -> None:
    """A mistake is explained on the page."""
    found = await text(pages, f"/inspect/{ALICE}?q=outcome:branched")
    mistaken = await text(pages, f"/inspect/{ALICE}?q=outcome:bad")

    assert ">bad</a>" in found
    assert "good/1@host" not in found
    assert "want one of ok, recovered" in mistaken


async def test_nothing_of_strangers_becomes_markup(pages: TestClient[Any, Any], store: SqliteStore) -> None:
    """Call id, URL, parties, headers, bodies, errors, warnings: all of it is text."""
    (first, *_) = recorded(request("evil", msg_id="m3"), good_call())
    body = json.loads(json.dumps(first.body)) | {
        "call_id": EVIL,
        "uri": f"http://h/{EVIL}",
        "method": EVIL,
        "req_headers": {EVIL: EVIL},
        "req_body": EVIL,
        "schema_errors": {EVIL: EVIL},
        "pvt_node": EVIL,
    }
    body["pivot"] |= {"from": EVIL, "to": EVIL, "code": "fetch.dns", "message": EVIL, "warnings": [EVIL]}
    await store.write([DebugDocument(first.account_id, first.month, body)])

    listed = await text(pages, f"/inspect/{ALICE}?q=alert")
    link = re.findall(r'href="(/inspect/[^"]+/calls/[^"]+)"', listed)[0]
    story = await text(pages, link)

    for page in (listed, story):
        assert "&lt;script&gt;" in page
        assert "<script" not in page
        assert "<img" not in page
        assert not re.search(r'(?:href|src)="(?!/inspect/)', page)
        assert "\u202e" not in page
        assert "{{7*7}}" in page
        assert re.search(r"<[a-z]+ [^>]*onclick='", page) is None


async def test_an_unknown_call_and_an_unknown_page(pages: TestClient[Any, Any]) -> None:
    """A page that says so, and a plain 404."""
    assert "Nothing is stored" in await text(pages, f"/inspect/{ALICE}/calls/unknown")
    for path in ("/inspect/", "/inspect/x", f"/inspect/{ALICE}/nothing", "/inspect/..%2f..%2fetc"):
        assert (await pages.get(path)).status == 404


async def test_the_style_comes_from_here(pages: TestClient[Any, Any]) -> None:
    """Nothing is loaded from elsewhere."""
    async with pages.get("/inspect/style.css") as reply:
        assert (reply.status, reply.content_type) == (200, "text/css")
        style = await reply.text()
        assert "url(" not in style
        assert "@import" not in style


async def test_a_stranger_under_another_name_gets_nothing(pages: TestClient[Any, Any]) -> None:
    """As for the API: a name that somebody pointed at this machine is not ours."""
    assert (await pages.get(f"/inspect/{ALICE}", headers={"Host": "rebind.example"})).status == 403


async def test_pages_are_for_open_mode_only() -> None:
    """Where tokens are needed, a link that shows calls without one must not exist."""
    async with serving(MemoryStore(), home_account=ALICE) as client:
        for path in ("/", f"/inspect/{ALICE}", "/inspect/style.css"):
            assert (await client.get(path, headers={"X-Auth-Token": ALICE_TOKEN})).status == 404
