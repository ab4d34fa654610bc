"""Calls over a real broker and database, read back through the API and at the terminal."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from pivot.sim.kazoo import SimulatedKazoo
from pivot.web.auth.static import digest
from tests.live.program import worker
from tests.live.voice_server import VoiceServer

pytestmark = [pytest.mark.rabbit, pytest.mark.couch, pytest.mark.live]

TOKEN = "operator-of-this-test"
WAIT_S = 15.0
ENDINGS = {
    "/json": ("ok", None, "200"),
    "/say": ("ok", None, "200"),
    "/status/500": ("branched", "http.status", "500"),
    "/status/204": ("branched", "answer.empty", "204"),
    "/broken": ("branched", "answer.schema", "200"),
    "refused": ("branched", "fetch.refused", None),
    "ftp://example.com/": ("branched", "fetch.bad_url", None),
}
"""What is asked, and outcome, code and status that everybody must tell."""


def url_of(what: str, server: VoiceServer) -> str:
    if what == "refused":
        return f"http://127.0.0.1:{unused_port()}/"
    return what if "://" in what else server.url + what


class Reader:
    """A client of the API, for one account."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def get(self, path: str) -> Any:
        async with self._session.get(self._base + path, headers={"X-Auth-Token": TOKEN}) as reply:
            body = await reply.json()
            assert reply.status == 200, body
            return body["data"]

    async def finished(self, count: int) -> list[Any]:
        """The account's calls, once so many have ended; the live tail tells when."""
        async with (
            asyncio.timeout(WAIT_S),
            self._session.get(f"{self._base}stream", headers={"X-Auth-Token": TOKEN}) as tail,
        ):
            while True:
                rows: list[Any] = await self.get("calls")
                if sum(row["finished"] for row in rows) >= count:
                    return rows
                await tail.content.readline()


async def terminal(couch_url: str, *arguments: str) -> str:
    """What `pivot debug` prints."""
    environment = os.environ | {"PIVOT_DEBUG__STORE": "couch", "PIVOT_DEBUG__COUCH_URL": couch_url}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pivot", "debug", *arguments, env=environment | {"COLUMNS": "200"}, stdout=PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode()


async def test_every_ending_is_told_the_same_by_everybody(
    amqp_vhost_url: str, couch_url: str, kazoo: SimulatedKazoo, server: VoiceServer, account_id: str
) -> None:
    """Crossbar's list and read, our list and story, the table and the story at the terminal."""
    settings = {
        "DEBUG__STORE": "couch",
        "DEBUG__COUCH_URL": couch_url,
        "WEB__ENABLED": "true",
        "WEB__PORT": "0",
        "WEB__AUTH__MODE": "static",
        "WEB__AUTH__TOKENS": json.dumps({digest(TOKEN): [account_id]}),
        "WEB__STREAM_POLL_S": "0.1",
    }
    async with worker(amqp_vhost_url, **settings) as program, aiohttp.ClientSession() as session:
        ids: dict[str, str] = {}
        for what in ENDINGS:
            call = await kazoo.place_call(
                url_of(what, server),
                call={"Account-ID": account_id},
                Debug=True,
                Request_Format="twiml" if what == "/say" else "kazoo",
            )
            ids[what] = call.call_id
            async with asyncio.timeout(WAIT_S):
                await call.over
        where = await program.logged("web.ready")
        reader = Reader(session, f"http://{where['host']}:{where['port']}/v2/accounts/{account_id}/pivot/")

        rows = {row["call_id"]: row for row in await reader.finished(len(ENDINGS))}
        listed = {entry["call_id"]: entry for entry in await reader.get("debug")}
        table = await terminal(couch_url, "list", "-a", account_id)
        for what, (outcome, code, status) in ENDINGS.items():
            call_id = ids[what]
            row, entry = rows[call_id], listed[call_id]
            read = await reader.get(f"debug/{entry['debug_id'].replace('@', '%40')}")
            (run,) = (await reader.get(f"calls/{quote(call_id, safe='')}"))["runs"]
            story = await terminal(couch_url, "show", call_id, "-a", account_id)

            assert (row["outcome"], row.get("code"), row.get("status_code")) == (outcome, code, status), what
            assert entry.get("status_code") == status
            assert entry["has_schema_errors"] is (what == "/broken")
            assert [document["iteration"] for document in read] == [1] * len(read)
            assert (read[0]["uri"], read[0]["req_body"]) == (entry["uri"], "")
            assert (run["outcome"], run.get("code")) == (outcome, code)
            assert ("explanation" in run) is (code is not None)
            assert call_id in table
            assert f"ended {outcome}" in story
            assert (code or "ended ok") in story
        program.stop()
        assert await program.ended() == 0
    assert TOKEN not in str(program.lines)
