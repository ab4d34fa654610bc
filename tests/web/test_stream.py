"""The live tail: server-sent events of calls that end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient

from pivot.debug.store import CallRow
from pivot.web import stream
from pivot.web.errors import too_many_requests
from tests.web.memory_store import MemoryStore
from tests.web.support import (
    ALICE,
    ALICE_TOKEN,
    BOB,
    BOB_TOKEN,
    EVERYBODY_TOKEN,
    SETTINGS,
    CrossbarClient,
    serving,
)


def ended(call_id: str, started_s: float = 1_732_780_800.0) -> CallRow:
    return CallRow("d" * 32, "202411", call_id, started_s, finished=True, outcome="ok", total_ms=12.5)


class Tail:
    """Reads events as a browser's EventSource does."""

    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self._reply = reply
        self.last_id = ""

    async def event(self) -> tuple[str, Any]:
        fields: dict[str, str] = {}
        async with asyncio.timeout(5):
            while line := (await self._reply.content.readline()).decode().rstrip("\n"):
                name, _, value = line.partition(": ")
                fields[name] = value
        self.last_id = fields.get("id", self.last_id)
        return fields.get("event", ""), json.loads(fields.get("data", "null"))


@asynccontextmanager
async def tailing(http: TestClient[Any, Any], **headers: str) -> AsyncIterator[Tail]:
    url = f"/v2/accounts/{ALICE}/pivot/stream"
    async with http.get(url, headers={"X-Auth-Token": ALICE_TOKEN, **headers}) as reply:
        assert reply.status == 200
        assert reply.content_type == "text/event-stream"
        assert reply.headers["X-Accel-Buffering"] == "no"
        yield Tail(reply)


async def test_calls_appear_as_they_end(http: TestClient[Any, Any], store: MemoryStore) -> None:
    """This account's only, from now on."""
    store.rows[ALICE].append(ended("old"))
    async with tailing(http) as tail:
        assert await tail.event() == ("ready", {})
        store.rows[BOB].append(ended("secret"))
        store.rows[ALICE].append(ended("new"))

        name, row = await tail.event()

    assert name == "call"
    assert row == {
        "call_id": "new",
        "debug_id": "202411-new",
        "created": 63_900_000_000,
        "started": "2024-11-28T08:00:00.000Z",
        "finished": True,
        "sentence": "No request of this call is stored. The call ended as its document asks. "
        "What the caller heard is not stored.",
        "outcome": "ok",
        "iterations": 1,
        "total_ms": 12.5,
    }


async def test_a_client_that_comes_back_gets_what_it_missed(
    http: TestClient[Any, Any], store: MemoryStore
) -> None:
    """Every browser sends `Last-Event-ID` by itself."""
    async with tailing(http) as tail:
        await tail.event()
        last_id = tail.last_id
    store.rows[ALICE] += [ended("missed-1"), ended("missed-2")]

    async with tailing(http, **{"Last-Event-ID": last_id}) as tail:
        first, second = await tail.event(), await tail.event()
        last_id = tail.last_id
    store.rows[ALICE].append(ended("missed-3"))
    async with tailing(http, **{"Last-Event-ID": last_id}) as tail:
        third = await tail.event()

    assert [row["call_id"] for _, row in (first, second, third)] == ["missed-1", "missed-2", "missed-3"]


async def test_an_id_that_is_none_of_ours_is_refused(http: TestClient[Any, Any]) -> None:
    """Before anything is sent, as a plain error."""
    reply = await CrossbarClient(http, ALICE_TOKEN).get("stream", headers={"Last-Event-ID": "nonsense"})

    assert (reply.status, reply.data) == (404, {"message": "invalid Last-Event-ID"})


async def test_streams_are_counted(store: MemoryStore) -> None:
    """Each costs a look into the store a second: there is a limit, and who leaves makes room."""
    async with serving(store, replace(SETTINGS, max_streams=1)) as http:
        async with tailing(http) as tail:
            await tail.event()
            assert (await CrossbarClient(http, ALICE_TOKEN).get("stream")).status == 429
        store.rows[ALICE].append(ended("x"))  # the server notices the closed connection when it writes
        async with asyncio.timeout(5):
            while (await _status(http)) == 429:
                store.rows[ALICE].append(ended("x"))


async def test_one_account_cannot_take_all_streams(store: MemoryStore) -> None:
    """A quarter of them at most; the others' are kept for others."""
    settings = replace(SETTINGS, max_streams=8)
    async with serving(store, settings) as http, tailing(http) as first, tailing(http) as second:
        await first.event()
        await second.event()
        assert (await CrossbarClient(http, ALICE_TOKEN).get("stream")).status == 429
        url, token = f"/v2/accounts/{BOB}/pivot/stream", {"X-Auth-Token": BOB_TOKEN}
        async with http.get(url, headers=token) as reply:
            assert reply.status == 200


async def test_one_network_cannot_take_all_streams(store: MemoryStore) -> None:
    """Half of them at most, whatever accounts its tokens open; a /64 is one network."""
    settings = replace(SETTINGS, max_streams=8)
    async with serving(store, settings) as http, AsyncExitStack() as open_now:
        statuses = []
        for number in range(6):
            account_id = f"{number // 2}" * 32
            headers = {"X-Auth-Token": EVERYBODY_TOKEN, "X-Forwarded-For": f"2001:db8::{number}"}
            url = f"/v2/accounts/{account_id}/pivot/stream"
            reply = await open_now.enter_async_context(http.get(url, headers=headers))
            statuses.append(reply.status)
        elsewhere = {"X-Auth-Token": EVERYBODY_TOKEN, "X-Forwarded-For": "2001:db8:0:1::1"}
        other = await open_now.enter_async_context(http.get(url, headers=elsewhere))

    assert statuses == [200] * 4 + [429] * 2
    assert other.status == 200


async def test_a_place_is_free_when_its_client_has_gone(store: MemoryStore) -> None:
    """No event need be written to find that out."""
    async with serving(store, replace(SETTINGS, max_streams=1)) as http:
        async with tailing(http) as tail:
            await tail.event()
        async with asyncio.timeout(5):
            while (await _status(http)) == 429:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def _status(http: TestClient[Any, Any]) -> int:
    async with http.get(f"/v2/accounts/{ALICE}/pivot/stream", headers={"X-Auth-Token": ALICE_TOKEN}) as reply:
        return reply.status


async def test_stopping_ends_every_stream(store: MemoryStore) -> None:
    """The program must not wait for browsers."""
    async with serving(store) as http, tailing(http) as tail:
        await tail.event()
        stopping = asyncio.create_task(http.server.close())
        async with asyncio.timeout(2):
            assert await tail.event() == ("", None)
        await stopping


async def test_a_store_that_goes_away_and_returns_breaks_nothing(
    http: TestClient[Any, Any], store: MemoryStore
) -> None:
    """The connection waits, and goes on where it was."""
    async with tailing(http) as tail:
        await tail.event()
        store.down = True
        looks = len(store.asked)
        await store.until_asked(looks + 3)
        store.rows[ALICE].append(ended("meanwhile"))
        store.down = False

        _, row = await tail.event()

    assert row["call_id"] == "meanwhile"


async def test_a_token_that_dies_ends_its_stream(store: MemoryStore, monkeypatch: Any) -> None:
    """A stream may be open for days; a right to read may not last as long."""
    monkeypatch.setattr(stream, "JUDGE_AGAIN_S", 0.0)
    verdicts = iter([None])

    class Authenticator:
        async def authorize(self, credentials: object, account_id: str) -> None:
            if next(verdicts, "again") == "again":
                raise too_many_requests()

        async def close(self) -> None:
            return None

    async with serving(store, authenticator=Authenticator()) as http, tailing(http) as tail:
        await tail.event()
        assert await tail.event() == ("end", {"message": "too_many_requests"})
