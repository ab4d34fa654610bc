"""A store in memory: sorted lists and nothing else, so that what it answers is plain to see."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pivot.debug.store import (
    CallFilter,
    CallPage,
    CallRow,
    DebugDocument,
    Span,
    TailPage,
    ViewRow,
    WriteReport,
)
from pivot.errors import StoreError
from pivot.model.json import JsonObject

Month = dict[str, JsonObject]


@dataclass
class MemoryStore:
    """Implements `pivot.debug.store.Store`; `calls` lists rows that the test gives it."""

    accounts: dict[str, dict[str, Month]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    rows: dict[str, list[CallRow]] = field(default_factory=lambda: defaultdict(list))
    down: bool = False
    asked: list[str] = field(default_factory=list)
    _was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, documents: Sequence[DebugDocument]) -> WriteReport:
        for document in documents:
            self.accounts[document.account_id][document.month][document.id] = json.loads(
                json.dumps(document.body)
            )
        return WriteReport(stored=len(documents))

    async def months(self, account_id: str) -> tuple[str, ...]:
        self._note("months")
        return tuple(sorted(self.accounts.get(account_id, {})))

    async def first_iteration(
        self, account_id: str, month: str, span: Span[str], *, documents: bool = False
    ) -> tuple[ViewRow[str], ...]:
        self._note("first_iteration")
        found = [
            ViewRow(str(body["_id"]), str(body["call_id"]), _value(body), body if documents else None)
            for body in self._month(account_id, month)
            if body.get("iteration") == 1
        ]
        return _part(found, span)

    async def debug_listing(
        self, account_id: str, month: str, call_id: str, span: Span[int]
    ) -> tuple[ViewRow[int], ...]:
        self._note("debug_listing")
        found = [
            ViewRow(str(body["_id"]), _integer(body["pvt_created"]), None, body)
            for body in self._month(account_id, month)
            if body["call_id"] == call_id
        ]
        return _part(found, span)

    async def calls(
        self, account_id: str, wanted: CallFilter, *, cursor: str | None = None, limit: int = 50
    ) -> CallPage:
        self._note("calls")
        rows = sorted(self.rows[account_id], key=lambda row: -row.started_s)
        rows = [row for row in rows if _is_wanted(row, wanted)]
        start = int(cursor or 0)
        end = start + limit
        return CallPage(tuple(rows[start:end]), str(end) if len(rows) > end else None)

    async def call(self, account_id: str, call_id: str, months: Sequence[str]) -> tuple[JsonObject, ...]:
        self._note("call")
        bodies = [
            body
            for month in months
            for body in self.accounts.get(account_id, {}).get(month, {}).values()
            if body["call_id"] == call_id
        ]
        return tuple(sorted(bodies, key=lambda body: _integer(body["pvt_created"])))

    async def document(self, account_id: str, month: str, document_id: str) -> JsonObject | None:
        return self.accounts.get(account_id, {}).get(month, {}).get(document_id)

    async def tail(self, account_id: str, cursor: str | None = None, *, limit: int = 100) -> TailPage:
        self._note("tail")
        rows = self.rows[account_id]
        start = len(rows) if cursor is None else int(cursor)
        part = tuple(rows[start : start + limit])
        return TailPage(part, str(start + len(part)))

    async def check(self) -> None:
        self._note("check")

    async def close(self) -> None:
        return None

    def _month(self, account_id: str, month: str) -> list[JsonObject]:
        bodies = self.accounts.get(account_id, {}).get(month, {}).values()
        return [body for body in bodies if body.get("pvt_type") == "pivot_debug"]

    async def until_asked(self, times: int) -> None:
        """Returns when so many questions have come."""
        while len(self.asked) < times:
            self._was_asked.clear()
            await self._was_asked.wait()

    def _note(self, question: str) -> None:
        self.asked.append(question)
        self._was_asked.set()
        if self.down:
            raise StoreError("the database is away", retryable=True)


def _value(body: JsonObject) -> JsonObject:
    """As the map function of Kazoo's view emits it: members without a source vanish."""
    value: dict[str, Any] = {
        "call_id": body["call_id"],
        "created": body["pvt_created"],
        "uri": body.get("uri"),
        "status_code": body.get("resp_status_code"),
        "node": body.get("pvt_node"),
        "iteration": body.get("iteration"),
        "has_schema_errors": "schema_errors" in body,
        "has_json_errors": "json_errors" in body,
    }
    return {name: item for name, item in value.items() if item is not None}


def _part(rows: list[ViewRow[Any]], span: Span[Any]) -> tuple[ViewRow[Any], ...]:
    rows.sort(key=lambda row: (row.key, row.id), reverse=span.descending)
    low, high = (span.end, span.start) if span.descending else (span.start, span.end)
    rows = [row for row in rows if (low is None or row.key >= low) and (high is None or row.key <= high)]
    return tuple(rows[span.skip : span.skip + span.limit])


def _is_wanted(row: CallRow, wanted: CallFilter) -> bool:
    return (
        wanted.outcome in (None, row.outcome)
        and wanted.code in (None, row.code)
        and wanted.host in (None, row.host)
        and (wanted.slow_ms is None or (row.total_ms or 0) >= wanted.slow_ms)
        and (wanted.after_s is None or row.started_s >= wanted.after_s)
        and (wanted.before_s is None or row.started_s < wanted.before_s)
        and (wanted.text is None or wanted.text.lower() in f"{row.call_id} {row.from_} {row.uri}".lower())
    )


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value
