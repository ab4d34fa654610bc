"""Writes debug documents into month databases, which it makes when they are missing."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TypeVar

import structlog

from pivot.debug.couch import (
    ConflictError,
    ConnectionBrokenError,
    Couch,
    MissingDatabaseError,
    MissingError,
    TooLargeError,
)
from pivot.debug.couch_views import put_design
from pivot.debug.design import CALLS, KAZOO
from pivot.debug.document_text import encode
from pivot.debug.names import month_database
from pivot.debug.store import DebugDocument, WriteReport
from pivot.errors import StoreError
from pivot.model.json import JsonObject

T = TypeVar("T")

log = structlog.get_logger()

_SIDE_BY_SIDE = 8
"""Databases that one batch is written to at a time."""
_ACCOUNT_KNOWN_S = 60.0
_KEPT_NAMES = 50_000
_FINAL_ROW_ERRORS = frozenset({"forbidden", "unauthorized"})
"""A database's own validation refuses these documents every time."""


class CouchSink:
    """Writes batches, making databases and design documents that are missing."""

    def __init__(self, couch: Couch) -> None:
        self._couch = couch
        self._designed = OrderedDict[str, None]()
        self._alive = OrderedDict[str, tuple[bool, float]]()
        self._side_by_side = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def write(self, documents: Sequence[DebugDocument]) -> WriteReport:
        """Write documents into their month databases, all months at once."""
        months: dict[tuple[str, str], list[DebugDocument]] = {}
        for document in documents:
            months.setdefault((document.account_id, document.month), []).append(document)
        reports = await asyncio.gather(*(self._write_month(*month, batch) for month, batch in months.items()))
        return _sum(reports)

    async def _write_month(self, account_id: str, month: str, batch: list[DebugDocument]) -> WriteReport:
        database = month_database(account_id, month)
        async with self._side_by_side:
            try:
                return await self._written(database, account_id, batch)
            except StoreError as error:
                return WriteReport(later=tuple(batch), trouble=str(error))

    async def _written(self, database: str, account_id: str, batch: list[DebugDocument]) -> WriteReport:
        try:
            report = await self._bulk(database, batch)
        except MissingDatabaseError:
            if not await self._is_alive(account_id):
                reason = f"account {account_id} is deleted; its month is not created"
                return WriteReport(refused=tuple(batch), trouble=reason)
            created = await self._create(database)
            report = await self._bulk(database, batch)
            report = WriteReport(report.stored, report.later, report.refused, created, report.trouble)
        await self._see_to_designs(database)
        return report

    async def _bulk(self, database: str, batch: list[DebugDocument]) -> WriteReport:
        """Write; when the server refuses the whole, find the document at fault by halving."""
        try:
            rows = await self._couch.write_documents(database, [encode(item.body) for item in batch])
        except (MissingDatabaseError, MissingError):
            raise
        except StoreError as error:
            if isinstance(error, ConnectionBrokenError):
                await self._couch.look(database)  # the lost answer may be 401, 404 or 413
                if len(batch) == 1:
                    raise
            elif error.retryable and not isinstance(error, TooLargeError):
                raise
            if len(batch) == 1:
                return WriteReport(refused=tuple(batch), trouble=str(error))
            middle = len(batch) // 2
            halves = [await self._bulk(database, half) for half in (batch[:middle], batch[middle:])]
            return _sum(halves)
        return _read_rows(batch, rows)

    async def _create(self, database: str) -> tuple[str, ...]:
        try:
            await self._couch.create(database)
        except ConflictError:  # another worker was quicker
            return ()
        log.info("debug.database_created", database=database)
        return (database,)

    async def _is_alive(self, account_id: str) -> bool:
        """Kazoo's rule: an account without a document in `accounts`, or with `pvt_deleted`, is deleted.

        Without a database `accounts` there is nobody to ask, and the account counts as alive.
        """
        known, until = self._alive.get(account_id, (True, 0.0))
        if time.monotonic() < until:
            return known
        try:
            account = await self._couch.read_document("accounts", account_id)
            alive = account is not None and not account.get("pvt_deleted")
        except MissingDatabaseError:
            alive = True
        _keep(self._alive, account_id, (alive, time.monotonic() + _ACCOUNT_KNOWN_S))
        return alive

    async def _see_to_designs(self, database: str) -> None:
        """Once per database; what fails here is repeated with the next batch and never costs a document."""
        if database in self._designed:
            return
        try:
            await put_design(self._couch, database, KAZOO, replace=False)
            await put_design(self._couch, database, CALLS, replace=True)
        except StoreError as error:
            log.warning("debug.design_failed", database=database, reason=str(error))
            return
        _keep(self._designed, database, None)


def _read_rows(batch: list[DebugDocument], rows: list[JsonObject]) -> WriteReport:
    """What became of each document; one that is there already was stored by an earlier try."""
    errors = {str(row.get("id")): str(row["error"]) for row in rows if "error" in row}
    failed = {id: error for id, error in errors.items() if error != "conflict"}
    refused = tuple(item for item in batch if failed.get(item.id) in _FINAL_ROW_ERRORS)
    later = tuple(item for item in batch if item.id in failed and failed[item.id] not in _FINAL_ROW_ERRORS)
    trouble = next(iter(failed.values()), "")
    return WriteReport(len(batch) - len(refused) - len(later), later, refused, (), trouble)


def _sum(reports: Sequence[WriteReport]) -> WriteReport:
    return WriteReport(
        sum(report.stored for report in reports),
        tuple(document for report in reports for document in report.later),
        tuple(document for report in reports for document in report.refused),
        tuple(name for report in reports for name in report.created),
        next((report.trouble for report in reports if report.trouble), ""),
    )


def _keep(known: OrderedDict[str, T], name: str, value: T) -> None:
    known[name] = value
    if len(known) > _KEPT_NAMES:
        known.popitem(last=False)
