"""The API below `/v2/accounts/{ACCOUNT_ID}/pivot/`: what each path answers.

A handler gets a request that is allowed already, and gives what it found; frames and formats are made
elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pivot.debug.store import Store
from pivot.model.json import Json
from pivot.web.calls import calls_page, one_call
from pivot.web.envelope import Found
from pivot.web.filters import parse_filter
from pivot.web.paging import (
    RowPosition,
    call_key,
    call_position,
    from_start_key,
    page_request,
    row_key,
    row_position,
)
from pivot.web.paths import split_debug_id
from pivot.web.read import ReadPage, ReadQuery, read_page
from pivot.web.settings import WebSettings
from pivot.web.summary import SummaryQuery, summary_page
from pivot.web.time_range import TimeRange, gregorian, neighbour, time_range


@dataclass(frozen=True, slots=True)
class Question:
    """One allowed request."""

    account_id: str
    pairs: tuple[tuple[str, str], ...]
    """The query's parameters in order."""
    query: Mapping[str, str] = field(init=False)
    """The same by name; of a repeated one the first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "query", dict(reversed(self.pairs)))

    @property
    def descending(self) -> bool:
        """Only the literal `ascending=true` turns the order round."""
        return self.query.get("ascending") != "true"


@dataclass(frozen=True, slots=True)
class Api:
    """Answers questions from the store."""

    store: Store
    settings: WebSettings
    clock: Callable[[], float]
    """Unix time."""

    async def summary(self, question: Question) -> Found:
        """`GET …/pivot/debug`: one entry for each call."""
        settings, query = self.settings, question.query
        page = page_request(query, settings.page_size, settings.max_page_size, strict=False)
        result = await summary_page(
            self.store,
            SummaryQuery(
                account_id=question.account_id,
                range=time_range(query, gregorian(self.clock())),
                page=page,
                position=call_position(page.start_key) if page.start_key else None,
                end_call_id=_end_call_id(query),
                wanted=parse_filter(question.pairs),
                descending=question.descending,
                max_rows=settings.max_rows,
            ),
        )
        following = call_key(result.next) if result.next else None
        return _found(list(result.entries), page.size, page.start_key, following)

    async def read(self, question: Question, *, text: str) -> Found:
        """`GET …/pivot/debug/{UUID}`: one call's documents."""
        month, call_id = split_debug_id(text)
        if month is not None:
            found = await self._read_month(question, month, call_id)
            if found.data:
                return found
        return await self._read_range(question, text)

    async def _read_month(self, question: Question, month: str, call_id: str) -> Found:
        """The form `YYYYMM-callid`: that month and the next, oldest first unless `ascending=true`."""
        months = (month, neighbour(month, 1))
        return await self._read(question, call_id, months, descending=not question.descending)

    async def _read_range(self, question: Question, call_id: str) -> Found:
        """The plain form: the time range, newest first unless `ascending=true`."""
        asked = time_range(question.query, gregorian(self.clock()))
        months = asked.months()
        return await self._read(question, call_id, months, descending=question.descending, within=asked)

    async def _read(
        self,
        question: Question,
        call_id: str,
        months: tuple[str, ...],
        *,
        descending: bool,
        within: TimeRange | None = None,
    ) -> Found:
        settings, query = self.settings, question.query
        page = page_request(query, settings.page_size, settings.max_page_size, strict=True)
        position = row_position(page.start_key, call_id) if page.start_key else None
        result = await read_page(
            self.store,
            ReadQuery(
                account_id=question.account_id,
                call_id=call_id,
                months=months,
                page=page,
                range=within,
                position=position,
                wanted=parse_filter(question.pairs, times_alone=within is None),
                descending=descending,
                max_rows=settings.max_rows,
            ),
        )
        start = page.start_key
        if start is None and within is not None:
            edge = within.end_s if descending else within.start_s
            start = row_key(call_id, RowPosition(edge))
        return _found(list(result.entries), page.size, start, _row_key(call_id, result))

    async def calls(self, question: Question) -> Found:
        """`GET …/pivot/calls`: one row for each call, newest first, with its outcome."""
        page = page_request(question.query, self.settings.page_size, self.settings.max_page_size, strict=True)
        rows, following = await calls_page(
            self.store,
            question.account_id,
            question.query.get("q", ""),
            page.start_key,
            page.size or self.settings.max_page_size,
            self.clock(),
        )
        return _found(rows, page.size or self.settings.max_page_size, page.start_key, following)

    async def call(self, question: Question, *, text: str) -> Found:
        """`GET …/pivot/calls/{CALL_ID}`: the whole story of one call."""
        month, call_id = split_debug_id(text)
        if month is not None:
            months: tuple[str, ...] = (month, neighbour(month, 1))
            told = await one_call(self.store, question.account_id, call_id, months)
            if told["runs"]:
                return Found(told)
        months = time_range(question.query, gregorian(self.clock())).months()
        return Found(await one_call(self.store, question.account_id, text, months))


def _end_call_id(query: Mapping[str, str]) -> str | None:
    key = from_start_key(query["end_key"]) if query.get("end_key") else None
    return key if isinstance(key, str) else None


def _row_key(call_id: str, page: ReadPage) -> str | None:
    return row_key(call_id, page.next) if page.next else None


def _found(
    entries: list[Mapping[str, Json]], size: int | None, start_key: str | None, following: str | None
) -> Found:
    """Entries, with the members that tell of pages; none of those when everything was asked for."""
    if size is None:
        return Found(entries)
    beside: dict[str, Json] = {"page_size": len(entries)}
    if start_key is not None:
        beside["start_key"] = start_key
    if following is not None:
        beside["next_start_key"] = following
    return Found(entries, beside)
