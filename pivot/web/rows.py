"""Walking through a month's view, page of rows after page of rows, without losing or repeating any."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from pivot.debug.store import Span, ViewRow

KeyT = TypeVar("KeyT")


async def walk(
    query: Callable[[Span[KeyT]], Awaitable[tuple[ViewRow[KeyT], ...]]], span: Span[KeyT]
) -> AsyncIterator[ViewRow[KeyT]]:
    """All rows of a span; `span.limit` is how many are asked for at once.

    Many rows may share a key, so where to go on is a key and how many of its rows were seen.
    """
    while True:
        rows = await query(span)
        for row in rows:
            yield row
        if len(rows) < span.limit:
            return
        last = rows[-1].key
        seen = sum(row.key == last for row in rows)
        if seen == len(rows) and span.start == last:
            seen += span.skip
        span = replace(span, start=last, skip=seen)
