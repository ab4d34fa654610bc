"""CouchDB through couchdb3: the one place that knows this client, and hides where it falls short.

Requests go through the client's low-level request with our own HTTP session, because its higher calls
fail on names with slashes, write numbers in view keys as texts, hide errors behind None or False, and wait
300 seconds whatever they are told. Every failure comes out as a `StoreError`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import couchdb3
import httpx
import orjson
from couchdb3 import exceptions
from couchdb3.aio import AsyncServer

from pivot.errors import ConfigError, StoreError
from pivot.model.json import Json, JsonObject

_LOCKED_OUT_S = 300.0
"""How long nothing is asked after a refused password: five refusals would lock the account for everybody."""
_NO_DATABASE = ("Database does not exist.", "no_db_file")
_MAX_CONNECTIONS = 16


class MissingDatabaseError(StoreError):
    """There is no database of this name."""


class MissingError(StoreError):
    """The database has no such document, design document or view."""


class ConflictError(StoreError):
    """The document, or the database that should be created, is there already."""


class TooLargeError(StoreError):
    """The body is longer than the server takes."""


class ConnectionBrokenError(StoreError):
    """The connection ended within a request; an early answer, such as 404 or 413, may be lost."""


class DeniedError(StoreError):
    """The server does not let this user in."""


class Couch:
    """A CouchDB server. Names of databases are plain: `account/a1/b2/c3…`.

    Raises (everywhere): `StoreError` or one of the classes above.
    """

    def __init__(
        self, url: str, *, timeout_s: float = 10.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Nothing is sent yet.

        Args:
            url: `http://user:password@host:port`, a path in front of the databases allowed.
            timeout_s: limit of each request.
            transport: stands in for the network in tests.

        Raises:
            ConfigError: the URL is none of CouchDB's.
        """
        user, password, base, self._prefix = _parts(url)
        self.address = f"{base}/{self._prefix}".rstrip("/")
        self._timeout_s = timeout_s
        self._denied_until = 0.0
        self._session = httpx.AsyncClient(
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            timeout=timeout_s,
            limits=httpx.Limits(max_connections=_MAX_CONNECTIONS),
            transport=transport,
            trust_env=False,
        )
        self._server = AsyncServer(
            base, user=user, password=password, auth_method="basic", session=self._session
        )
        host = urlsplit(base).hostname or ""
        self._server.host = f"[{host}]" if ":" in host else host

    async def close(self) -> None:
        """Close the HTTP connections."""
        await self._session.aclose()

    async def check(self) -> None:
        """Is the server there, and may we work as an administrator?

        Raises:
            ConfigError: it does not know this user and password.
            StoreError: it is not there now.
        """
        try:
            session = await self._json("GET", "_session")
        except DeniedError as error:
            raise ConfigError(
                f"debug.couch_url: {self.address} refuses its user or password; correct it before"
                f" starting again, a few refusals lock the account ({error})"
            ) from error
        who = session.get("userCtx") if isinstance(session, Mapping) else None
        if not isinstance(who, Mapping):
            raise StoreError(f"{self.address} does not answer as a CouchDB does", retryable=True)
        if who.get("name") is None and "_admin" not in (who.get("roles") or ()):
            raise ConfigError(
                f"debug.couch_url: {self.address} wants a user; write http://user:password@host:port"
            )

    async def databases(self, first: str, last: str) -> list[str]:
        """Names of databases from `first` to `last`."""
        names = await self._json("GET", "_all_dbs", query={"startkey": _key(first), "endkey": _key(last)})
        return [str(name) for name in names]

    async def look(self, database: str) -> None:
        """Is this database there? A request without a body, so that its refusal cannot be lost.

        Raises:
            MissingDatabaseError: there is no such database.
        """
        await self._json("GET", "", database)

    async def create(self, database: str) -> None:
        """Make a database.

        Raises:
            ConflictError: it is there already.
        """
        await self._json("PUT", "", database)

    async def read_document(self, database: str, document_id: str) -> JsonObject | None:
        """A document, None when the database has none of this id.

        Raises:
            MissingDatabaseError: there is no such database.
        """
        try:
            found = await self._json("GET", _document_path(document_id), database)
        except MissingError:
            return None
        return _object(found)

    async def write_document(self, database: str, document: JsonObject) -> None:
        """Store one document; give `_rev` to replace.

        Raises:
            ConflictError: there is another one of its `_id`.
        """
        path = _document_path(str(document["_id"]))
        await self._json("PUT", path, database, content=orjson.dumps(document))

    async def write_documents(self, database: str, documents: Sequence[bytes]) -> list[JsonObject]:
        """Store many, each as JSON text with an `_id`: one row per document, with `error` when refused."""
        content = b'{"docs":[' + b",".join(documents) + b"]}"
        return _objects(await self._json("POST", "_bulk_docs", database, content=content))

    async def view(self, database: str, design: str, view: str, **query: Json) -> list[JsonObject]:
        """Rows of a view. `startkey`, `endkey` and `key` are JSON values; None leaves an option out.

        Raises:
            MissingDatabaseError, MissingError: there is no such database or no such view.
        """
        path = f"_design/{quote(design, safe='')}/_view/{quote(view, safe='')}"
        return await self._rows("GET", path, database, query)

    async def all_documents(self, database: str, **query: Json) -> list[JsonObject]:
        """Rows of `_all_docs` with the documents; options as in `view`."""
        return await self._rows("GET", "_all_docs", database, {"include_docs": True, **query})

    async def changes(
        self, database: str, since: str, limit: int, wanted: str
    ) -> tuple[list[JsonObject], str]:
        """Documents changed since then that the filter `design/name` lets through, and where to go on."""
        query: dict[str, Json] = {"since": since, "limit": limit, "filter": wanted, "include_docs": True}
        answer = _object(await self._json("GET", "_changes", database, query=query))
        rows = _objects(answer.get("results"))
        return [_object(row["doc"]) for row in rows if row.get("doc")], str(answer.get("last_seq", since))

    async def _rows(
        self, method: str, path: str, database: str, query: Mapping[str, Json]
    ) -> list[JsonObject]:
        written = {
            name: _key(value) if name in _KEYS else value
            for name, value in query.items()
            if value is not None
        }
        try:
            answer = _object(await self._json(method, path, database, query=written))
        except StoreError as error:
            if "No rows can match your key range" in str(error):
                return []
            raise
        return _objects(answer.get("rows"))

    async def _json(
        self,
        method: str,
        path: str,
        database: str | None = None,
        *,
        query: Mapping[str, Json] | None = None,
        content: bytes | None = None,
    ) -> Any:
        """One request, its answer decoded."""
        if time.monotonic() < self._denied_until:
            raise DeniedError(f"{self.address} refused our password a moment ago", retryable=True)
        root = "/".join(part for part in (self._prefix, quote(database or "", safe="")) if part)
        try:
            async with asyncio.timeout(self._timeout_s):  # httpx's own limit is one for each read
                response = await self._server._request(
                    method=method,
                    resource=path,
                    root=root,
                    query_kwargs=dict(query or {}),
                    content=content,
                    timeout=self._timeout_s,
                )
            return orjson.loads(response.content)
        except couchdb3.exceptions.CouchDBError as error:
            raise self._refusal(error, database) from error
        except httpx.HTTPStatusError as error:
            raise self._error(f"status {error.response.status_code}", database, retryable=True) from error
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as error:
            reason = f"{type(error).__name__} {error}".rstrip()
            raise self._error(reason, database, ConnectionBrokenError, retryable=True) from error
        except (httpx.HTTPError, OSError) as error:
            raise self._error(f"{type(error).__name__} {error}".rstrip(), database, retryable=True) from error
        except ValueError as error:
            raise self._error("answers with what is no JSON", database, retryable=True) from error

    def _refusal(self, error: Exception, database: str | None) -> StoreError:
        """Our error for an answer with an error's status; its text is the answer's body."""
        reason = _reason(str(error))
        if isinstance(error, exceptions.UnauthorizedError) or "temporarily locked" in reason:
            self._denied_until = time.monotonic() + _LOCKED_OUT_S
            return self._error(reason, database, DeniedError, retryable=True)
        if isinstance(error, exceptions.NotFoundError):
            kind = MissingDatabaseError if reason in _NO_DATABASE else MissingError
            return self._error(reason, database, kind)
        for theirs, ours in _KINDS.items():
            if isinstance(error, theirs):
                return self._error(reason, database, ours)
        passing = isinstance(error, exceptions.InternalServerError | exceptions.ForbiddenError)
        return self._error(reason, database, retryable=passing)

    def _error(
        self,
        reason: str,
        database: str | None,
        kind: type[StoreError] = StoreError,
        *,
        retryable: bool = False,
    ) -> StoreError:
        where = f"{self.address} {database}" if database else self.address
        return kind(f"CouchDB {where}: {reason}", retryable=retryable)


_KEYS = frozenset({"startkey", "endkey", "key"})
_KINDS: dict[type[Exception], type[StoreError]] = {
    exceptions.ConflictError: ConflictError,
    exceptions.PreconditionFailedError: ConflictError,
    exceptions.RequestEntityTooLargeError: TooLargeError,
}


def _parts(url: str) -> tuple[str | None, str | None, str, str]:
    """User, password, scheme with host and port, and path of a CouchDB's URL."""
    try:
        split = urlsplit(url)
        host, port = split.hostname, split.port
    except ValueError as error:
        raise ConfigError(
            f"debug.couch_url is no URL: {error}; write http://user:password@host:port"
        ) from error
    if split.scheme not in ("http", "https") or not host:
        raise ConfigError("debug.couch_url is no http URL; write http://user:password@host:port")
    netloc = f"[{host}]" if ":" in host else host
    base = f"{split.scheme}://{netloc}" + (f":{port}" if port else "")
    user = unquote(split.username) if split.username else None
    password = unquote(split.password) if split.password else None
    return user, password, base, split.path.strip("/")


def _document_path(document_id: str) -> str:
    design, name = "_design/", document_id.removeprefix("_design/")
    return design + quote(name, safe="") if document_id.startswith(design) else quote(document_id, safe="")


def _key(value: Json) -> str:
    return orjson.dumps(value).decode()


def _reason(body: str) -> str:
    """CouchDB's reason, or the answer's beginning when it is not from CouchDB."""
    try:
        return str(orjson.loads(body)["reason"])
    except (ValueError, TypeError, KeyError):
        return body[:200]


def _object(value: object) -> JsonObject:
    if not isinstance(value, dict):
        raise StoreError("CouchDB's answer is no object", retryable=True)
    return value


def _objects(value: object) -> list[JsonObject]:
    if not isinstance(value, list):
        raise StoreError("CouchDB's answer holds no list", retryable=True)
    return [_object(item) for item in value]
