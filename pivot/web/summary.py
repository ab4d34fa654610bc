"""The list of calls as Crossbar gives it: one entry for each call id, from the view `first_iteration`.

Differs: Crossbar merges rows in an order that chance decides, and loses rows when a page ends in another
month. Here months are walked one after the other and a call is never split: it belongs to the month of its
earliest document, wherever its others are.

Source: cb_pivot.erl, the merge of the summary.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pivot.debug.store import MonthViews, Span, ViewRow
from pivot.model.json import Json, JsonObject
from pivot.web.errors import too_many_rows
from pivot.web.filters import EVERYTHING, Filter
from pivot.web.paging import CallPosition, PageRequest
from pivot.web.rows import walk
from pivot.web.time_range import TimeRange, month_of, month_start, neighbour

CHUNK = 200
EDGE_S = 14_400
"""Documents of one call id this close to a month's edge, on both sides, are one call's."""

CallIdRow: TypeAlias = ViewRow[str]


@dataclass(frozen=True, slots=True)
class SummaryQuery:
    """What a client wants to have listed."""

    account_id: str
    range: TimeRange
    page: PageRequest
    position: CallPosition | None = None
    end_call_id: str | None = None
    wanted: Filter = EVERYTHING
    descending: bool = True
    max_rows: int = 10_000


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """One page of Crossbar's list of calls; `next` is None on the last."""

    entries: tuple[Mapping[str, Json], ...]
    next: CallPosition | None = None


async def summary_page(store: MonthViews, query: SummaryQuery) -> SummaryPage:
    """One page, sorted by time within itself.

    Raises:
        ApiError: 416, everything was asked for and that is too much.
    """
    entries: list[Mapping[str, Json]] = []
    following: CallPosition | None = None
    async for position, entry in _calls(store, query):
        if len(entries) == query.page.size:
            following = position
            break
        if len(entries) == query.max_rows:
            raise too_many_rows(query.max_rows)
        entries.append(entry)
    entries.sort(key=_created, reverse=query.descending)
    return SummaryPage(tuple(entries), following)


async def _calls(
    store: MonthViews, query: SummaryQuery
) -> AsyncIterator[tuple[CallPosition, Mapping[str, Json]]]:
    """Every call that the query wants, with its place."""
    existing = set(await store.months(query.account_id))
    months = [month for month in _months(query) if month in existing]
    start = query.position.call_id if query.position else None
    for month in months:
        async for group in _groups(store, query, month, start):
            rows = await _whole(store, query, month, group, existing)
            if rows and (entry := _entry(rows, query)) is not None:
                yield CallPosition(group[0].key, month if len(query.range.months()) > 1 else None), entry
        start = None


def _months(query: SummaryQuery) -> list[str]:
    """The months to walk through, from where the page begins."""
    months = sorted(query.range.months(), reverse=query.descending)
    begin = query.position.month if query.position else None
    return months[months.index(begin) :] if begin in months else months


async def _groups(
    store: MonthViews, query: SummaryQuery, month: str, start: str | None
) -> AsyncIterator[list[CallIdRow]]:
    """The rows of each call id of a month."""

    async def ask(span: Span[str]) -> tuple[CallIdRow, ...]:
        return await store.first_iteration(query.account_id, month, span, documents=bool(query.wanted))

    size = query.page.size
    limit = CHUNK if size is None else min(CHUNK, 2 * size + 2)
    group: list[CallIdRow] = []
    async for row in walk(ask, Span(start, query.end_call_id, query.descending, 0, limit)):
        if group and group[0].key != row.key:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


async def _whole(
    store: MonthViews, query: SummaryQuery, month: str, group: list[CallIdRow], existing: set[str]
) -> list[CallIdRow]:
    """The group with its rows of the next month; nothing when the call belongs to the month before."""
    edge, next_edge = month_start(month), month_start(neighbour(month, 1))
    call_id = group[0].key
    if _first(group) < edge + EDGE_S:
        earlier = await _rows_of(store, query, neighbour(month, -1), call_id, existing)
        if earlier and _last(earlier) >= edge - EDGE_S:
            return []
    if _last(group) >= next_edge - EDGE_S:
        later = await _rows_of(store, query, neighbour(month, 1), call_id, existing)
        if later and _first(later) < next_edge + EDGE_S:
            return [*group, *later]
    return group


async def _rows_of(
    store: MonthViews, query: SummaryQuery, month: str, call_id: str, existing: set[str]
) -> list[CallIdRow]:
    if month not in existing:
        return []
    span = Span(call_id, call_id, query.descending, 0, CHUNK)
    return list(await store.first_iteration(query.account_id, month, span, documents=bool(query.wanted)))


def _entry(rows: list[CallIdRow], query: SummaryQuery) -> dict[str, Json] | None:
    """What is listed of a call; None when it is not wanted."""
    rows = sorted(rows, key=_row_created)
    if not query.range.holds(_row_created(rows[0])):
        return None
    if query.wanted and not any(query.wanted.passes(row.document or {}) for row in rows):
        return None
    return merged([row.value or {} for row in rows])


def merged(values: Sequence[JsonObject]) -> dict[str, Json]:
    """One entry of a call's rows, which come in order of time: of each member the first, flags if any."""
    first = values[0]
    call_id, created = str(first.get("call_id", "")), _created(first)
    entry: dict[str, Json] = {
        "call_id": call_id,
        "created": created,
        "debug_id": f"{month_of(created)}-{call_id}",
        "iteration": first.get("iteration", 1),
    }
    for name in ("node", "uri", "status_code"):
        value = next((value[name] for value in values if value.get(name) is not None), None)
        if value is not None:
            entry[name] = value
    for flag in ("has_schema_errors", "has_json_errors"):
        entry[flag] = any(value.get(flag) is True for value in values)
    return entry


def _created(value: JsonObject) -> int:
    created = value.get("created")
    return created if isinstance(created, int) else 0


def _row_created(row: CallIdRow) -> int:
    return _created(row.value or {})


def _first(rows: list[CallIdRow]) -> int:
    return min(map(_row_created, rows))


def _last(rows: list[CallIdRow]) -> int:
    return max(map(_row_created, rows))
