"""One call's documents as Crossbar gives them, from the view `debug_listing`.

Two forms of the id, with opposite default orders: a call id reads the time range, newest first;
`YYYYMM-callid` reads that month from its beginning, oldest first.

Differs: the second form goes on into the following month, where a call that crosses midnight has its rest.

Source: cb_pivot.erl, read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

from pivot.debug.store import MonthViews, Span, ViewRow
from pivot.model.json import Json, JsonObject
from pivot.web.errors import too_many_rows
from pivot.web.filters import EVERYTHING, Filter
from pivot.web.paging import PageRequest, RowPosition
from pivot.web.rows import walk
from pivot.web.time_range import TimeRange, month_of

CHUNK = 50
MAX_PAGE_BYTES = 32_000_000
"""A page with more in its bodies ends early, and the next begins there."""


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """Which documents of a call, and in what order."""

    account_id: str
    call_id: str
    months: tuple[str, ...]
    page: PageRequest
    range: TimeRange | None = None
    """None: whenever."""
    position: RowPosition | None = None
    wanted: Filter = EVERYTHING
    descending: bool = True
    max_rows: int = 10_000


@dataclass(frozen=True, slots=True)
class ReadPage:
    """One page of a call's documents; `next` is None on the last."""

    entries: tuple[Mapping[str, Json], ...]
    next: RowPosition | None = None


async def read_page(store: MonthViews, query: ReadQuery) -> ReadPage:
    """One page of documents.

    Raises:
        ApiError: 416, everything was asked for and that is too much.
    """
    documents: list[JsonObject] = []
    following: RowPosition | None = None
    size = 0
    async for position, document in _documents(store, query):
        if not query.wanted.passes(document):
            continue
        is_full = bool(documents) and size > MAX_PAGE_BYTES
        if len(documents) == query.page.size or (is_full and query.page.size is not None):
            following = position
            break
        if is_full or len(documents) == query.max_rows:
            raise too_many_rows(len(documents))
        documents.append(document)
        size += sum(len(value) for value in document.values() if isinstance(value, str))
    documents.sort(key=_moment, reverse=query.descending)
    return ReadPage(tuple(public(document) for document in documents), following)


async def _documents(store: MonthViews, query: ReadQuery) -> AsyncIterator[tuple[RowPosition, JsonObject]]:
    """Every document of the call in the order of the view, with its place."""
    existing = set(await store.months(query.account_id))
    position = query.position
    for month in _months(query):
        if month not in existing:
            continue
        place = RowPosition(-1, month)
        if position is not None and position.month == month:
            place = replace(position, skip=position.skip - 1)
        async for row in _rows(store, query, month, position):
            same = row.key == place.created_s
            place = RowPosition(row.key, month, place.skip + 1 if same else 0)
            if row.document is not None:
                yield place, row.document


def _months(query: ReadQuery) -> list[str]:
    months = sorted(query.months, reverse=query.descending)
    position = query.position
    if position is None:
        return months
    begin = position.month or month_of(position.created_s)
    return months[months.index(begin) :] if begin in months else months


def _rows(
    store: MonthViews, query: ReadQuery, month: str, position: RowPosition | None
) -> AsyncIterator[ViewRow[int]]:
    """One month's rows. Times stand in the key, so a start in another month does no harm."""

    async def ask(span: Span[int]) -> tuple[ViewRow[int], ...]:
        return await store.debug_listing(query.account_id, month, query.call_id, span)

    oldest, newest = (query.range.start_s, query.range.end_s) if query.range else (None, None)
    start, end = (newest, oldest) if query.descending else (oldest, newest)
    skip = 0
    if position is not None:
        start = position.created_s
        skip = position.skip if position.month == month else 0
    size = query.page.size
    limit = CHUNK if size is None or query.wanted else min(CHUNK, size + 1)
    return walk(ask, Span(start, end, query.descending, skip, limit))


def public(document: JsonObject) -> dict[str, Json]:
    """A document as clients see it: public members, and four more made of the private ones.

    Source: cb_pivot.erl, normalize; kz_doc.erl, public_fields.
    """
    created = document.get("pvt_created")
    created = created if isinstance(created, int) else 0
    shown = {name: value for name, value in document.items() if not name.startswith(("_", "pvt_"))}
    extra: dict[str, Json] = {
        "id": document.get("_id"),
        "created": created,
        "node": document.get("pvt_node"),
        "debug_id": f"{month_of(created)}-{document.get('call_id', '')}",
    }
    return {**extra, **{name: value for name, value in shown.items() if name not in extra}}


def _moment(document: JsonObject) -> tuple[int, int, int]:
    """Order in time; documents of one second stand as their parts of an iteration follow each other."""
    created, iteration = document.get("pvt_created"), document.get("iteration")
    part = 0 if "uri" in document else 2 if "json_errors" in document or "schema_errors" in document else 1
    return (
        created if isinstance(created, int) else 0,
        iteration if isinstance(iteration, int) else 0,
        part,
    )
