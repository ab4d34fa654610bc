"""Kazoo's two listings, single documents and months, from CouchDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pivot.debug.couch import ConflictError, Couch, MissingDatabaseError, MissingError
from pivot.debug.design import KAZOO
from pivot.debug.document_text import text
from pivot.debug.names import is_month, month_database
from pivot.debug.store import Span, ViewRow
from pivot.model.json import Json, JsonObject


class CouchViews:
    """Kazoo's listings and single documents."""

    def __init__(self, couch: Couch) -> None:
        self._couch = couch
        self._with_filter = set[str]()

    async def months(self, account_id: str) -> tuple[str, ...]:
        """Months (`YYYYMM`) for which the account has a database, oldest first."""
        begin = month_database(account_id, "")
        names = await self._couch.databases(begin, begin + "\ufff0")
        # pouchdb-server drops the slashes of names and gives all databases whatever was asked
        bare = begin.replace("/", "")
        ends = [name.replace("/", "").removeprefix(bare) for name in names]
        return tuple(sorted(end for end in ends if is_month(end)))

    async def first_iteration(
        self, account_id: str, month: str, span: Span[str], *, documents: bool = False
    ) -> tuple[ViewRow[str], ...]:
        """Rows of Kazoo's view of first iterations in one month; the key is the call id."""
        rows = await self.rows(
            account_id,
            month,
            KAZOO,
            "first_iteration",
            startkey=_text(span.start),
            endkey=_text(span.end),
            descending=span.descending,
            skip=span.skip,
            limit=span.limit,
            include_docs=documents or None,
        )
        return tuple(
            ViewRow(str(row["id"]), str(row["key"]), _member(row, "value"), document_of(row)) for row in rows
        )

    async def debug_listing(
        self, account_id: str, month: str, call_id: str, span: Span[int]
    ) -> tuple[ViewRow[int], ...]:
        """Rows of one call in one month from Kazoo's view; the key is the time in gregorian seconds."""
        low: list[Json] = [text(call_id)]
        first = [*low, {}] if span.descending else low
        last = low if span.descending else [*low, {}]
        rows = await self.rows(
            account_id,
            month,
            KAZOO,
            "debug_listing",
            startkey=first if span.start is None else [*low, span.start],
            endkey=last if span.end is None else [*low, span.end],
            descending=span.descending,
            skip=span.skip,
            limit=span.limit,
            include_docs=True,
        )
        return tuple(ViewRow(str(row["id"]), _created(row["key"]), None, document_of(row)) for row in rows)

    async def document(self, account_id: str, month: str, document_id: str) -> JsonObject | None:
        """One document by id, or None when the month or the document is missing."""
        try:
            found = await self._couch.read_document(month_database(account_id, month), text(document_id))
        except MissingDatabaseError:
            return None
        return None if found is None else _bare(found)

    async def rows(
        self, account_id: str, month: str, design: JsonObject, view: str, **query: Json
    ) -> list[JsonObject]:
        """Rows of one view; puts its design document there first when it is missing or old."""
        database = month_database(account_id, month)
        name = str(design["_id"]).removeprefix("_design/")
        try:
            return await self._couch.view(database, name, view, **query)
        except MissingDatabaseError:
            return []
        except MissingError:
            await put_design(self._couch, database, design, replace=True)
            return await self._couch.view(database, name, view, **query)


async def put_design(couch: Couch, database: str, design: JsonObject, *, replace: bool) -> None:
    """See to it that the design document is there; another one of its id stays unless `replace`."""
    found = await couch.read_document(database, str(design["_id"]))
    if found is not None and (not replace or _same(found, design)):
        return
    revision = {"_rev": found["_rev"]} if found is not None else {}
    try:
        await couch.write_document(database, {**design, **revision})
    except ConflictError:  # another worker was quicker
        return


def _same(found: JsonObject, design: JsonObject) -> bool:
    return all(found.get(name) == value for name, value in design.items() if name in ("views", "filters"))


def _text(value: str | None) -> str | None:
    return None if value is None else text(value)


def _member(row: JsonObject, name: str) -> JsonObject | None:
    value = row.get(name)
    return value if isinstance(value, Mapping) else None


def document_of(row: JsonObject) -> JsonObject | None:
    """The whole document of a view's row, when it was asked for."""
    found = _member(row, "doc")
    return None if found is None else _bare(found)


def _bare(document: JsonObject) -> JsonObject:
    """Without CouchDB's own `_rev`, as every store gives it."""
    return {name: value for name, value in document.items() if name != "_rev"}


def _created(key: Json) -> int:
    last = key[-1] if isinstance(key, Sequence) and not isinstance(key, str) and key else 0
    return last if isinstance(last, int) else 0
