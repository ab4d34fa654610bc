"""Documents as Kazoo wrote them, a server with them, and a client written for Crossbar."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict
from yarl import URL

from pivot.debug.store import DebugDocument, Store
from pivot.web.app import make_web_app
from pivot.web.auth.static import digest
from pivot.web.settings import AuthSettings, WebSettings
from pivot.web.time_range import month_of, unix

ALICE = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
BOB = "b0b0c3d4e5f60718293a4b5c6d7e8f90"
ALICE_TOKEN = "alice-0123456789"
BOB_TOKEN = "bob-0123456789"
EVERYBODY_TOKEN = "operator-0123456789"
NOW = 63_900_000_600
"""Gregorian: 2024-11-28T08:10:00Z."""
NODE = "kazoo_apps@apps1.example.com"

STATIC = AuthSettings(
    mode="static",
    tokens={digest(ALICE_TOKEN): (ALICE,), digest(BOB_TOKEN): (BOB,), digest(EVERYBODY_TOKEN): ("*",)},
)
SETTINGS = WebSettings(auth=STATIC, rate_burst=100_000, stream_poll_s=0.01)

_numbers = itertools.count()


def document(call_id: str, created: int, account_id: str = ALICE, **fields: Any) -> DebugDocument:
    """One document with Kazoo's private fields and a random-looking id."""
    name = f"{next(_numbers)} {call_id}"
    month = fields.pop("month", month_of(created))
    split = f"{account_id[:2]}%2F{account_id[2:4]}%2F{account_id[4:]}"
    body = {
        **fields,
        "call_id": call_id,
        "pvt_account_id": account_id,
        "pvt_account_db": f"account%2F{split}-{month}",
        "pvt_created": created,
        "pvt_modified": created,
        "pvt_type": "pivot_debug",
        "pvt_node": NODE,
        "_id": hashlib.md5(name.encode()).hexdigest(),
    }
    return DebugDocument(account_id, month, body)


def asked(call_id: str, created: int, account_id: str = ALICE, **fields: Any) -> DebugDocument:
    given = {
        "uri": "http://example.com/cf",
        "method": "post",
        "req_headers": {"content-type": "application/x-www-form-urlencoded"},
        "req_body": "From=1001",
        "iteration": 1,
    }
    return document(call_id, created, account_id, **(given | fields))


def answered(call_id: str, created: int, account_id: str = ALICE, **fields: Any) -> DebugDocument:
    given = {
        "resp_status_code": "200",
        "resp_headers": {"content-type": "text/xml"},
        "resp_body": "<Response><Hangup/></Response>",
        "iteration": 1,
    }
    return document(call_id, created, account_id, **(given | fields))


async def fill(store: Store, *documents: DebugDocument) -> None:
    report = await store.write(documents)
    assert report.stored == len(documents)


@dataclass
class Reply:
    status: int
    headers: CIMultiDict[str]
    body: Any
    text: str = ""

    @property
    def data(self) -> Any:
        return self.body["data"]


class CrossbarClient:
    """Asks as tools for Kazoo do: path, token in the header, keys handed back as they came."""

    def __init__(self, client: TestClient[Any, Any], token: str | None, account_id: str = ALICE) -> None:
        self._client = client
        self._token = token
        self._account_id = account_id

    async def get(
        self,
        path: str = "debug",
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Reply:
        return await self.raw(
            f"/v2/accounts/{self._account_id}/pivot/{path}", method=method, headers=headers, **query
        )

    async def raw(
        self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None, **query: Any
    ) -> Reply:
        """The path goes onto the wire letter by letter."""
        shown = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query.items())
        url = self._client.make_url("/")
        target = URL(f"{str(url).rstrip('/')}{path}{'?' + shown if shown else ''}", encoded=True)
        token = {"X-Auth-Token": self._token} if self._token else {}
        async with self._client.session.request(method, target, headers=token | (headers or {})) as reply:
            text = await reply.text()
            is_json = reply.content_type == "application/json" and text
            return Reply(
                reply.status, CIMultiDict(reply.headers), await reply.json() if is_json else None, text
            )

    async def pages(self, path: str = "debug", **query: Any) -> list[list[Any]]:
        """The data of every page, following `next_start_key`."""
        found: list[list[Any]] = []
        key: str | None = ""
        while key is not None:
            reply = await self.get(path, **(query | ({"start_key": key} if key else {})))
            assert reply.status == 200, reply.text
            found.append(reply.data)
            key = reply.body.get("next_start_key")
            assert len(found) < 500
        return found


@asynccontextmanager
async def serving(
    store: Store, settings: WebSettings = SETTINGS, now: int = NOW, **kwargs: Any
) -> AsyncIterator[TestClient[Any, Any]]:
    """A client of a server on a loopback port whose clock stands still."""
    app = make_web_app(store, settings, node="pivot@test", clock=lambda: float(unix(now)), **kwargs)
    async with TestClient(TestServer(app), cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield client
