"""The list of calls, one call's documents and the live tail, from our own design document."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from pivot.debug.couch import MissingDatabaseError
from pivot.debug.couch_views import CouchViews, document_of, put_design
from pivot.debug.cursor import read_cursor, write_cursor
from pivot.debug.design import CALLS
from pivot.debug.document_text import text
from pivot.debug.names import month_database, month_of
from pivot.debug.rows import call_row, summary
from pivot.debug.store import (
    CallFilter,
    CallPage,
    CallRow,
    TailPage,
)
from pivot.model.json import Json, JsonObject

_MAX_SCANNED = 5000
"""Rows looked through for one page; a filter that nothing meets must not read the whole month."""
_ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a call stands in the list."""

    month: str
    started_ms: int
    call_id: str
    msg_id: str

    @property
    def key(self) -> list[Json]:
        return [self.started_ms, self.call_id, self.msg_id]


class CouchCalls(CouchViews):
    """Questions about calls."""

    async def call(self, account_id: str, call_id: str, months: Sequence[str]) -> tuple[JsonObject, ...]:
        """All documents of one call in the months given (`YYYYMM`), oldest first."""
        found: list[JsonObject] = []
        key: list[Json] = [text(call_id)]
        for month in sorted(months):
            rows = await self.rows(
                account_id, month, CALLS, "by_call", startkey=key, endkey=[*key, {}], include_docs=True
            )
            found.extend(document for row in rows if (document := document_of(row)) is not None)
        return tuple(found)

    async def calls(
        self, account_id: str, wanted: CallFilter, *, cursor: str | None = None, limit: int = 50
    ) -> CallPage:
        """One page of the calls that pass the filter, newest first, from `cursor` on."""
        after = _Place(*read_cursor(cursor, str, int, str, str)) if cursor is not None else None
        shown: list[CallRow] = []
        last: _Place | None = None
        scanned = 0
        async for row in self._listed(account_id, wanted, after):
            if len(shown) == limit or scanned == _MAX_SCANNED:
                assert last is not None
                return CallPage(tuple(shown), write_cursor(last.month, *last.key))
            scanned += 1
            last = _place(row)
            if _matches(row, wanted):
                shown.append(row)
        return CallPage(tuple(shown))

    async def tail(self, account_id: str, cursor: str | None = None, *, limit: int = 100) -> TailPage:
        """Calls that ended since `cursor`; without a cursor no rows, and a cursor that stands for now."""
        if cursor is None:
            month = month_of(time.time())
            since = await self._now(account_id, month)
            return TailPage((), write_cursor(month, since))
        month, since = read_cursor(cursor, str, str)
        rows, since = await self._ended(account_id, month, since, limit)
        if rows or month >= month_of(time.time()):
            return TailPage(rows, write_cursor(month, since))
        for newer in [name for name in await self.months(account_id) if name > month]:
            rows, newer_since = await self._ended(account_id, newer, "0", limit)
            if rows:
                return TailPage(rows, write_cursor(newer, newer_since))
        return TailPage((), write_cursor(month, since))

    async def _now(self, account_id: str, month: str) -> str:
        """The place in the changes behind which nothing has happened yet."""
        try:
            _, since = await self._changes(account_id, month, "now", 1)
        except MissingDatabaseError:
            return "0"
        return since

    async def _ended(
        self, account_id: str, month: str, since: str, limit: int
    ) -> tuple[tuple[CallRow, ...], str]:
        try:
            documents, last = await self._changes(account_id, month, since, limit)
        except MissingDatabaseError:
            return (), since
        shown = [(summary(document), str(document["_id"])) for document in documents]
        return tuple(call_row(row, id, month) for row, id in shown if row is not None), last

    async def _changes(
        self, account_id: str, month: str, since: str, limit: int
    ) -> tuple[list[JsonObject], str]:
        """Timelines stored since then; sees to their filter first: a missing one stops pouchdb-server."""
        database = month_database(account_id, month)
        if database not in self._with_filter:
            await put_design(self._couch, database, CALLS, replace=True)
            self._with_filter.add(database)
        return await self._couch.changes(database, since, limit, "pivot_calls/ended")

    async def _listed(
        self, account_id: str, wanted: CallFilter, after: _Place | None
    ) -> AsyncIterator[CallRow]:
        """Calls newest first, each once: the timeline stands for a call that has one."""
        previous: CallRow | None = None
        async for row in self._rows(account_id, wanted, after):
            if previous is None or not _same(previous, row):
                if previous is not None:
                    yield previous
                previous = row
            elif row.finished:
                previous = row
        if previous is not None:
            yield previous

    async def _rows(
        self, account_id: str, wanted: CallFilter, after: _Place | None
    ) -> AsyncIterator[CallRow]:
        """Rows of our view from all months, beginning behind `after`."""
        facet = _facet(wanted)
        oldest = month_of(wanted.after_s) if wanted.after_s is not None else ""
        newest_ms: Json = {} if wanted.before_s is None else wanted.before_s * 1000
        low: list[Json] = [facet] if wanted.after_s is None else [facet, wanted.after_s * 1000]
        for month in reversed(await self.months(account_id)):
            if month < oldest or (after is not None and month > after.month):
                continue
            goes_on = after if after is not None and month == after.month else None
            high = [facet, newest_ms] if goes_on is None else [facet, *goes_on.key]
            async for row in self._range(account_id, month, high, low):
                if goes_on is None or _place(row) != goes_on:
                    yield row

    async def _range(
        self, account_id: str, month: str, high: list[Json], low: list[Json]
    ) -> AsyncIterator[CallRow]:
        """Rows of one month from key `high` down to `low`, read as they are asked for."""
        start: Json = high
        skip = 0
        while True:
            rows = await self.rows(
                account_id,
                month,
                CALLS,
                "by_facet",
                startkey=start,
                endkey=low,
                descending=True,
                skip=skip,
                limit=_ROWS_AT_ONCE,
            )
            for row in rows:
                value = row["value"]
                assert isinstance(value, dict)
                yield call_row(value, str(row["id"]), month)
            if len(rows) < _ROWS_AT_ONCE:
                return
            same = start == rows[-1]["key"]
            start = rows[-1]["key"]
            skip = sum(row["key"] == start for row in rows) + (skip if same else 0)


def _facet(wanted: CallFilter) -> str:
    """The view's rows that are fewest among those that can match."""
    if wanted.code:
        return f"code:{text(wanted.code)}"
    if wanted.host:
        return f"host:{text(wanted.host).lower()}"
    return f"outcome:{text(wanted.outcome)}" if wanted.outcome else ""


def _place(row: CallRow) -> _Place:
    return _Place(row.month, round(row.started_s * 1000), row.call_id, row.msg_id)


def _same(one: CallRow, other: CallRow) -> bool:
    return (one.started_s, one.call_id, one.msg_id) == (other.started_s, other.call_id, other.msg_id)


def _matches(row: CallRow, wanted: CallFilter) -> bool:
    asked = (
        wanted.outcome is None or row.outcome == wanted.outcome,
        wanted.code is None or row.code == wanted.code,
        wanted.host is None or row.host == wanted.host.lower(),
        wanted.slow_ms is None or (row.total_ms is not None and row.total_ms >= wanted.slow_ms),
        wanted.after_s is None or row.started_s >= wanted.after_s,
        wanted.before_s is None or row.started_s < wanted.before_s,
        wanted.text is None
        or wanted.text.lower() in "\n".join((row.call_id, row.from_, row.to, row.uri)).lower(),
    )
    return all(asked)
