"""Documents for judging tokens, read from a server that answers like CouchDB."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from pivot.errors import StoreError
from pivot.web.auth.couch_reader import CouchReader


class Couch:
    """One document and one attachment, for one user."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.raw_path)
        if request.headers.get("Authorization") != aiohttp.encode_basic_auth("admin", "s/e:cret"):
            return web.json_response({"error": "unauthorized"}, status=401)
        if self.status != 200:
            return web.json_response({"error": "x"}, status=self.status)
        found: dict[str, Any] = {
            "/account%2Fa1%2Fb2%2Fc3/user%2B1%2F..": web.json_response({"_id": "user+1/.."}),
            "/system_auth/kid/private_key.pem": web.Response(
                body=b"PEM", content_type="application/octet-stream"
            ),
        }
        return found.get(request.raw_path) or web.json_response({"error": "not_found"}, status=404)


@pytest.fixture
async def couch() -> Couch:
    return Couch()


@pytest.fixture
async def reader(couch: Couch) -> AsyncIterator[CouchReader]:
    app = web.Application()
    app.router.add_get("/{rest:.*}", couch.handle)
    async with TestServer(app) as server:
        reader = CouchReader(
            f"http://admin:s%2Fe%3Acret@127.0.0.1:{server.port}", timeout_s=1.0, cache_s=60.0
        )
        yield reader
        await reader.close()


async def test_names_are_one_path_segment_each(couch: Couch, reader: CouchReader) -> None:
    """Slashes in databases' names and in ids of strangers never reach another document."""
    assert await reader.document("account/a1/b2/c3", "user+1/..") == {"_id": "user+1/.."}
    assert await reader.attachment("system_auth", "kid", "private_key.pem") == b"PEM"
    assert await reader.document("system_auth", "../accounts/x") is None
    assert couch.asked == [
        "/account%2Fa1%2Fb2%2Fc3/user%2B1%2F..",
        "/system_auth/kid/private_key.pem",
        "/system_auth/..%2Faccounts%2Fx",
    ]


async def test_a_document_is_kept_for_seconds_and_so_is_its_absence(
    couch: Couch, reader: CouchReader
) -> None:
    """A page of requests asks the database once."""
    for _ in range(3):
        await reader.document("accounts", "unknown")

    assert len(couch.asked) == 1


@pytest.mark.parametrize("status", [401, 403, 500, 503])
async def test_trouble_is_never_taken_for_absence(couch: Couch, reader: CouchReader, status: int) -> None:
    """A wrong password must not turn accounts into unknown ones."""
    couch.status = status
    with pytest.raises(StoreError, match=str(status)):
        await reader.document("accounts", "x")
    couch.status = 200
    assert await reader.document("accounts", "x") is None


async def test_a_database_that_is_down_is_an_error_without_its_password() -> None:
    """In time, and fit for a log."""
    reader = CouchReader(f"http://admin:secret@127.0.0.1:{unused_port()}", timeout_s=1.0, cache_s=1.0)
    with pytest.raises(StoreError) as caught:
        await reader.document("accounts", "x")
    await reader.close()

    assert "secret" not in str(caught.value)
