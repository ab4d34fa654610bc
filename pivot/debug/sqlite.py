"""The embedded store: one file, one worker thread, the same answers as CouchDB gives.

Bodies lie apart from the lists, so a list of a hundred thousand calls reads no body.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import orjson

from pivot.debug.cursor import read_cursor, write_cursor
from pivot.debug.document_text import encode, text
from pivot.debug.rows import call_row, counts, first_iteration_value, summary
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

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS months (
    account TEXT, month TEXT, PRIMARY KEY (account, month)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT, month TEXT, id TEXT, call_id TEXT, created INTEGER, counts INTEGER,
    first TEXT,             -- value of the first-iteration view, NULL when not in it
    body BLOB,
    UNIQUE (account, month, id)
);
CREATE INDEX IF NOT EXISTS documents_by_call ON documents (account, month, call_id, created, id);
CREATE INDEX IF NOT EXISTS documents_first ON documents (account, month, call_id, id) WHERE first IS NOT NULL;
CREATE TABLE IF NOT EXISTS calls (
    account TEXT, started_ms INTEGER, call_id TEXT, msg_id TEXT,
    seq INTEGER, month TEXT, id TEXT, finished INTEGER,
    outcome TEXT, code TEXT, host TEXT, total_ms REAL, haystack TEXT, row TEXT,
    PRIMARY KEY (account, started_ms, call_id, msg_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS calls_by_seq ON calls (account, seq) WHERE finished = 1;
CREATE INDEX IF NOT EXISTS calls_by_outcome ON calls (account, outcome, started_ms, call_id, msg_id);
CREATE INDEX IF NOT EXISTS calls_by_code ON calls (account, code, started_ms, call_id, msg_id);
CREATE INDEX IF NOT EXISTS calls_by_host ON calls (account, host, started_ms, call_id, msg_id);
"""

_SHOW_CALL = """
INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET seq = excluded.seq, month = excluded.month, id = excluded.id,
    finished = excluded.finished, outcome = excluded.outcome, code = excluded.code, host = excluded.host,
    total_ms = excluded.total_ms, haystack = excluded.haystack, row = excluded.row
WHERE excluded.finished >= finished
"""


class SqliteStore:
    """Debug documents in one sqlite file (`:memory:` for none)."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="debug-sqlite")
        self._database: sqlite3.Connection | None = None

    async def check(self) -> None:
        """Open the file, creating what is missing.

        Raises:
            StoreError: it cannot be opened, or is no such file.
        """
        await self._run(lambda database: None)

    async def close(self) -> None:
        """Close the file, after what the thread still has to write."""

        def close() -> None:
            if self._database is not None:
                self._database.close()

        await asyncio.get_running_loop().run_in_executor(self._thread, close)
        self._thread.shutdown()

    async def write(self, documents: Sequence[DebugDocument]) -> WriteReport:
        """Store a batch in one transaction; the file takes all of it or nothing."""
        if not documents:
            return WriteReport()
        try:
            await self._run(lambda database: _write(database, documents))
        except StoreError as error:
            return WriteReport(later=tuple(documents), trouble=str(error))
        return WriteReport(stored=len(documents))

    async def months(self, account_id: str) -> tuple[str, ...]:
        """Months (`YYYYMM`) in which the account has documents, oldest first."""
        sql = "SELECT month FROM months WHERE account = ? ORDER BY month"
        return tuple(month for (month,) in await self._select(sql, (account_id,)))

    async def first_iteration(
        self, account_id: str, month: str, span: Span[str], *, documents: bool = False
    ) -> tuple[ViewRow[str], ...]:
        """The same rows as Kazoo's view of first iterations gives; the key is the call id."""
        where, values = _span(span, "call_id", text)
        sql = (
            f"SELECT id, call_id, first, {'body' if documents else 'NULL'} FROM documents"
            f" WHERE account = ? AND month = ? AND first IS NOT NULL {where}"
        )
        rows = await self._select(sql, (account_id, month, *values))
        return tuple(
            ViewRow(id, key, orjson.loads(first), orjson.loads(body) if body else None)
            for id, key, first, body in rows
        )

    async def debug_listing(
        self, account_id: str, month: str, call_id: str, span: Span[int]
    ) -> tuple[ViewRow[int], ...]:
        """The same rows as Kazoo's view of one call gives; the key is the time in gregorian seconds."""
        where, values = _span(span, "created", int)
        sql = (
            "SELECT id, created, body FROM documents"
            f" WHERE account = ? AND month = ? AND call_id = ? AND counts {where}"
        )
        rows = await self._select(sql, (account_id, month, text(call_id), *values))
        return tuple(ViewRow(id, created, None, orjson.loads(body)) for id, created, body in rows)

    async def calls(
        self, account_id: str, wanted: CallFilter, *, cursor: str | None = None, limit: int = 50
    ) -> CallPage:
        """One page of the calls that pass the filter, newest first, from `cursor` on."""
        where, values = _conditions(wanted)
        if cursor is not None:
            started_ms, call_id, msg_id = read_cursor(cursor, int, str, str)
            where += " AND (started_ms, call_id, msg_id) < (?, ?, ?)"
            values += (started_ms, call_id, msg_id)
        sql = (
            "SELECT started_ms, call_id, msg_id, id, month, row FROM calls WHERE account = ?"
            f"{where} ORDER BY started_ms DESC, call_id DESC, msg_id DESC LIMIT ?"
        )
        rows = await self._select(sql, (account_id, *values, limit + 1))
        shown = tuple(call_row(orjson.loads(row[5]), row[3], row[4]) for row in rows[:limit])
        return CallPage(shown, write_cursor(*rows[limit - 1][:3]) if len(rows) > limit else None)

    async def call(self, account_id: str, call_id: str, months: Sequence[str]) -> tuple[JsonObject, ...]:
        """All documents of one call in the months given (`YYYYMM`), oldest first."""
        sql = (
            "SELECT body FROM documents WHERE account = ? AND call_id = ?"
            f" AND month IN ({','.join('?' * len(months))}) ORDER BY created, seq"
        )
        rows = await self._select(sql, (account_id, text(call_id), *months))
        return tuple(orjson.loads(body) for (body,) in rows)

    async def document(self, account_id: str, month: str, document_id: str) -> JsonObject | None:
        """One document by id, or None."""
        sql = "SELECT body FROM documents WHERE account = ? AND month = ? AND id = ?"
        rows = await self._select(sql, (account_id, month, text(document_id)))
        body: JsonObject | None = orjson.loads(rows[0][0]) if rows else None
        return body

    async def tail(self, account_id: str, cursor: str | None = None, *, limit: int = 100) -> TailPage:
        """Calls that ended since `cursor`; without a cursor no rows, and a cursor that stands for now."""
        if cursor is None:
            (now,) = await self._select("SELECT coalesce(max(seq), 0) FROM documents", ())
            return TailPage((), write_cursor(now[0]))
        (since,) = read_cursor(cursor, int)
        sql = (
            "SELECT seq, id, month, row FROM calls WHERE account = ? AND finished = 1 AND seq > ?"
            " ORDER BY seq LIMIT ?"
        )
        rows = await self._select(sql, (account_id, since, limit))
        shown = tuple(call_row(orjson.loads(row), id, month) for _, id, month, row in rows)
        return TailPage(shown, write_cursor(rows[-1][0] if rows else since))

    async def _select(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return await self._run(lambda database: database.execute(sql, values).fetchall())

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do it in the thread that owns the file.

        Raises:
            StoreError: sqlite refused; trying again may help, since somebody may make room on the disk.
        """

        def here() -> T:
            if self._database is None:
                self._database = _open(self._path)
            return work(self._database)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, here)
        except sqlite3.Error as error:
            raise StoreError(f"debug.sqlite_path {self._path}: {error}", retryable=True) from error


def _open(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _write(database: sqlite3.Connection, documents: Iterable[DebugDocument]) -> None:
    database.execute("BEGIN IMMEDIATE")
    try:
        for document in documents:
            _insert(database, document)
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise


def _insert(database: sqlite3.Connection, document: DebugDocument) -> None:
    body = document.body
    months = (document.account_id, document.month)
    database.execute("INSERT OR IGNORE INTO months VALUES (?, ?)", months)
    listed = counts(body)
    first = encode(first_iteration_value(body)).decode() if listed and body.get("iteration") == 1 else None
    cursor = database.execute(
        "INSERT OR IGNORE INTO documents (account, month, id, call_id, created, counts, first, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.account_id,
            document.month,
            document.id,
            body.get("call_id"),
            body.get("pvt_created"),
            listed,
            first,
            encode(body),
        ),
    )
    shown = summary(body)
    if cursor.rowcount and shown is not None:
        row = call_row(shown, document.id, document.month)
        database.execute(_SHOW_CALL, (document.account_id, *_columns(row, cursor.lastrowid or 0, shown)))


def _columns(row: CallRow, seq: int, shown: JsonObject) -> tuple[object, ...]:
    haystack = "\n".join((row.call_id, row.from_, row.to, row.uri)).lower()
    return (
        round(row.started_s * 1000),
        row.call_id,
        row.msg_id,
        seq,
        row.month,
        row.document_id,
        row.finished,
        row.outcome,
        row.code,
        row.host,
        row.total_ms,
        haystack,
        encode(shown).decode(),
    )


def _span(span: Span[T], column: str, plain: Callable[[T], object]) -> tuple[str, tuple[object, ...]]:
    """The end of a statement that selects this part of a view."""
    low, high = (span.end, span.start) if span.descending else (span.start, span.end)
    where, values = "", list[object]()
    if low is not None:
        where, values = f"{where} AND {column} >= ?", [*values, plain(low)]
    if high is not None:
        where, values = f"{where} AND {column} <= ?", [*values, plain(high)]
    way = "DESC" if span.descending else "ASC"
    return f"{where} ORDER BY {column} {way}, id {way} LIMIT ? OFFSET ?", (*values, span.limit, span.skip)


def _conditions(wanted: CallFilter) -> tuple[str, tuple[object, ...]]:
    asked: list[tuple[str, object]] = [
        ("outcome = ?", wanted.outcome),
        ("code = ?", wanted.code),
        ("host = ?", wanted.host.lower() if wanted.host else None),
        ("total_ms >= ?", wanted.slow_ms),
        ("started_ms >= ?", wanted.after_s * 1000 if wanted.after_s is not None else None),
        ("started_ms < ?", wanted.before_s * 1000 if wanted.before_s is not None else None),
        ("instr(haystack, ?)", text(wanted.text).lower() if wanted.text else None),
    ]
    given = [(condition, value) for condition, value in asked if value is not None]
    where = "".join(f" AND {condition}" for condition, _ in given)
    return where, tuple(value if not isinstance(value, str) else text(value) for _, value in given)
