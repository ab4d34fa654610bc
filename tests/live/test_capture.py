"""Calls over a real broker, read back from a real database: documents where Kazoo would have put them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from pivot.debug.couch import Couch
from pivot.debug.couch_store import CouchStore
from pivot.debug.store import CallFilter
from pivot.sim.kazoo import SimulatedKazoo
from tests.live.program import worker
from tests.live.voice_server import VoiceServer

pytestmark = [pytest.mark.rabbit, pytest.mark.couch, pytest.mark.live]

WAIT_S = 15.0


@pytest.fixture
async def store(couch_url: str) -> AsyncIterator[CouchStore]:
    opened = CouchStore(Couch(couch_url))
    yield opened
    await opened.close()


async def test_every_way_a_call_ends_can_be_read_back(
    amqp_vhost_url: str,
    couch_url: str,
    kazoo: SimulatedKazoo,
    server: VoiceServer,
    store: CouchStore,
    account_id: str,
) -> None:
    """Request, answer and timeline; error documents where the answer was at fault."""
    paths = {"json": "ok", "say": "ok", "status/500": "branched", "broken": "branched"}
    settings = {"DEBUG__STORE": "couch", "DEBUG__COUCH_URL": couch_url}
    ids = dict[str, str]()
    async with worker(amqp_vhost_url, **settings) as program:
        for path in paths:
            call = await kazoo.place_call(
                f"{server.url}/{path}",
                call={"Account-ID": account_id},
                Debug=True,
                Request_Format="twiml" if path == "say" else "kazoo",
            )
            ids[path] = call.call_id
            async with asyncio.timeout(WAIT_S):
                await call.over
        program.stop()
        assert await program.ended() == 0  # the flush at the end stores what waits

    month = datetime.now(UTC).strftime("%Y%m")
    page = await store.calls(account_id, CallFilter())
    assert {row.call_id: row.outcome for row in page.rows} == {ids[path]: paths[path] for path in paths}
    for path, call_id in ids.items():
        documents = await store.call(account_id, call_id, [month])
        kinds = ["request", "response", *(["schema errors"] if path == "broken" else []), "timeline"]
        assert [kind_of(document) for document in documents] == kinds, path
        assert {document["call_id"] for document in documents} == {call_id}


def kind_of(document: object) -> str:
    """What a document is, by the members that Kazoo's views look at."""
    assert isinstance(document, dict)
    if document["pvt_type"] == "pivot_timeline":
        return "timeline"
    if "schema_errors" in document:
        return "schema errors"
    return "request" if "uri" in document else "response"


async def test_a_dead_database_costs_no_call(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer
) -> None:
    """Nobody on the phone waits for a debug document."""
    settings = {
        "DEBUG__STORE": "couch",
        "DEBUG__COUCH_URL": "http://a:b@127.0.0.1:9",
        "DEBUG__FLUSH_S": "0.2",
    }
    async with worker(amqp_vhost_url, **settings) as program:
        calls = [
            await kazoo.place_call(f"{server.url}/json", Debug=True, Request_Format="kazoo")
            for _ in range(20)
        ]
        for call in calls:
            async with asyncio.timeout(WAIT_S):
                assert await call.over == "flow"
        program.stop()
        assert await program.ended() == 0
