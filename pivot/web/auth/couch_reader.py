"""Documents of the cluster's CouchDB, each kept for some seconds. Reads only, and only by id."""

from __future__ import annotations

import time
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from pivot.errors import StoreError
from pivot.model.json import JsonObject
from pivot.web.auth.cache import ShortCache


class CouchReader:
    """Reads by HTTP.

    Args:
        url: server with user and password, `http://user:secret@db.example.com:5984`.
    """

    def __init__(self, url: str, *, timeout_s: float, cache_s: float) -> None:
        parsed = URL(url)
        self._base = parsed.with_user(None).origin()
        self._headers = {"Accept": "application/json, application/octet-stream;q=0.9, */*;q=0.8"}
        if parsed.user:
            self._headers["Authorization"] = aiohttp.encode_basic_auth(parsed.user, parsed.password or "")
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._kept = ShortCache[tuple[bytes | None]](cache_s, time.monotonic)
        self._session: aiohttp.ClientSession | None = None

    async def document(self, database: str, document_id: str) -> JsonObject | None:
        """A document by database and id, or None when it is missing."""
        body = await self._get(f"/{quote(database, safe='')}/{quote(document_id, safe='')}")
        if body is None:
            return None
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise StoreError("CouchDB answered a read with no JSON", retryable=True) from error
        return document if isinstance(document, dict) else None

    async def attachment(self, database: str, document_id: str, name: str) -> bytes | None:
        """An attachment's bytes, or None when it is missing."""
        path = "/".join(quote(part, safe="") for part in (database, document_id, name))
        return await self._get(f"/{path}")

    async def close(self) -> None:
        """Close the HTTP connections."""
        if self._session is not None:
            await self._session.close()

    async def _get(self, path: str) -> bytes | None:
        kept = self._kept.get(path)
        if kept is None:
            kept = (await self._ask(path),)
            self._kept.put(path, kept)
        return kept[0]

    async def _ask(self, path: str) -> bytes | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, headers=self._headers, trust_env=False
            )
        try:
            async with self._session.get(URL(f"{self._base}{path}", encoded=True)) as reply:
                if reply.status == 404:
                    return None
                if reply.status != 200:
                    raise StoreError(f"CouchDB answered {reply.status} to a read", retryable=True)
                return await reply.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise StoreError(f"CouchDB cannot be read: {type(error).__name__}", retryable=True) from error
