"""What a place for debug documents can do: take batches, and answer questions about calls.

A month database holds one account's documents of one UTC month, named as Kazoo names it. Months are
texts, `202611`. Documents are whole, `_id` and private fields included, in the member order they were
stored in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pivot.model.json import JsonObject

KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True)
class DebugDocument:
    """A document on its way to its month database. Its `_id` tells whether it is there already."""

    account_id: str
    month: str
    body: JsonObject
    size_bytes: int = 0
    """About how much memory and disk it takes."""

    @property
    def id(self) -> str:
        """The `_id` of the document in its month database."""
        return str(self.body["_id"])


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What became of a batch; every document is counted in exactly one of the first three."""

    stored: int = 0
    """Includes those that were there already."""
    later: tuple[DebugDocument, ...] = ()
    """Not stored, but trying again may help."""
    refused: tuple[DebugDocument, ...] = ()
    """Not stored, and never will be."""
    created: tuple[str, ...] = ()
    """Month databases made for it, by their plain names: `account/a1/b2/c3…-202611`."""
    trouble: str = ""
    """Why documents are in `later` or `refused`; the first reason met."""


class Sink(Protocol):
    """Takes documents."""

    async def write(self, documents: Sequence[DebugDocument]) -> WriteReport:
        """Store a batch that may span many databases; never raises, and may be repeated."""


@dataclass(frozen=True, slots=True)
class Span(Generic[KeyT]):
    """Which rows of a view are wanted: from key `start` to key `end`, both included."""

    start: KeyT | None = None
    end: KeyT | None = None
    descending: bool = True
    skip: int = 0
    """Rows to leave out first; goes on amid rows of equal key."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ViewRow(Generic[KeyT]):
    """One row of a view, as CouchDB gives it; value and document are None unless asked for."""

    id: str
    key: KeyT
    value: JsonObject | None = None
    document: JsonObject | None = None


class MonthViews(Protocol):
    """Kazoo's own two listings, one month at a time. A month without a database has no rows."""

    async def months(self, account_id: str) -> tuple[str, ...]:
        """The months for which the account has a database, oldest first."""

    async def first_iteration(
        self, account_id: str, month: str, span: Span[str], *, documents: bool = False
    ) -> tuple[ViewRow[str], ...]:
        """Documents of first iterations by call id, with the value of Kazoo's view `first_iteration`.

        `documents` adds the whole documents, for filters that look into them.
        """

    async def debug_listing(
        self, account_id: str, month: str, call_id: str, span: Span[int]
    ) -> tuple[ViewRow[int], ...]:
        """One call's `pivot_debug` documents by `pvt_created` (gregorian seconds), whole."""


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What calls are wanted; None does not restrict."""

    outcome: str | None = None
    code: str | None = None
    host: str | None = None
    slow_ms: float | None = None
    """Those that took at least so long."""
    after_s: float | None = None
    """Began at this Unix time or later."""
    before_s: float | None = None
    """Began earlier than this Unix time."""
    text: str | None = None
    """Stands, in any case, in the call's id, parties or URL."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """One pivot request of a call, without any body. A call that pivots twice has two rows."""

    document_id: str
    month: str
    call_id: str
    started_s: float
    """Unix time."""
    finished: bool = False
    """False: still running, or written by Kazoo's own pivot, which stores no end."""
    msg_id: str = ""
    uri: str = ""
    host: str = ""
    outcome: str | None = None
    code: str | None = None
    status_code: str | None = None
    """Of the last answer."""
    iterations: int = 1
    total_ms: float | None = None
    from_: str = ""
    to: str = ""
    node: str = ""
    sentence: str = ""
    """What happened, in words, as stored at the call's end; see `headline`."""


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page of the list of calls."""

    rows: tuple[CallRow, ...]
    next: str | None = None
    """Opaque; where the following page begins, None on the last. A page with a `next` may hold fewer
    rows than asked for, even none, when much had to be looked through."""


@dataclass(frozen=True, slots=True)
class TailPage:
    """Calls that ended lately, and where the next reading begins."""

    rows: tuple[CallRow, ...]
    """Calls that ended, in the order in which they were stored."""
    cursor: str
    """Opaque; what comes after these rows."""


class CallQueries(Protocol):
    """Questions that Kazoo's views cannot answer."""

    async def calls(
        self, account_id: str, wanted: CallFilter, *, cursor: str | None = None, limit: int = 50
    ) -> CallPage:
        """The account's calls, newest first.

        Raises:
            ValueError: `cursor` is none that an earlier page gave.
        """

    async def call(self, account_id: str, call_id: str, months: Sequence[str]) -> tuple[JsonObject, ...]:
        """All documents of a call, timelines included, oldest first; months without database are skipped."""

    async def document(self, account_id: str, month: str, document_id: str) -> JsonObject | None:
        """One whole document, None when there is none."""

    async def tail(self, account_id: str, cursor: str | None = None, *, limit: int = 100) -> TailPage:
        """Calls that ended since the cursor; without one only a cursor for now. Does not wait.

        Raises:
            ValueError: `cursor` is none that an earlier page gave.
        """


class Store(Sink, MonthViews, CallQueries, Protocol):
    """The whole store. Every question may raise `StoreError`; `write` never does."""

    async def check(self) -> None:
        """Is the store there and are we let in?

        Raises:
            ConfigError: it is there, but the user or password is wrong.
            StoreError: it is not there now.
        """

    async def close(self) -> None:
        """Release files and connections; nothing may be asked afterwards."""
