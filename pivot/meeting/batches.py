"""Joins all items for one addressee of one turn of the event loop into one message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

To = TypeVar("To")
Item = TypeVar("Item")

ITEMS_OF_A_LETTER = 100


class MessageBatches(Generic[To, Item]):
    """Gathers items by addressee until the loop turns; each addressee's keep their order.

    One message leaves per addressee and turn, so that thousands of items do not hold up the loop.

    Args:
        send: called with an addressee and at most `ITEMS_OF_A_LETTER` items.
    """

    def __init__(self, send: Callable[[To, tuple[Item, ...]], None]) -> None:
        self._send = send
        self._waiting: dict[To, list[Item]] = {}
        self._scheduled = False

    def put(self, to: To, item: Item) -> None:
        """Add an item to the addressee's next message, which leaves in the next turn of the loop."""
        self._waiting.setdefault(to, []).append(item)
        self._schedule()

    def drop(self, to: To) -> None:
        """What waits for this addressee is not sent."""
        self._waiting.pop(to, None)

    def clear(self) -> None:
        """Drop what has not left."""
        self._waiting.clear()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        waiting, self._waiting = self._waiting, {}
        for to, items in waiting.items():
            self._send(to, tuple(items[:ITEMS_OF_A_LETTER]))
            if rest := items[ITEMS_OF_A_LETTER:]:
                self._waiting[to] = rest
        if self._waiting:
            self._schedule()
