"""Verdicts kept for some seconds, so that a page of requests costs one question."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
MAX_ENTRIES = 10_000


@dataclass(slots=True)
class ShortCache(Generic[T]):
    """Values by key; the oldest goes first when there are too many."""

    keep_s: float
    clock: Callable[[], float]
    _entries: OrderedDict[str, tuple[float, T]] = field(default_factory=OrderedDict)

    def get(self, key: str) -> T | None:
        """The value kept for the key, or None when it is missing or too old."""
        entry = self._entries.get(key)
        if entry is None or self.clock() - entry[0] >= self.keep_s:
            return None
        return entry[1]

    def put(self, key: str, value: T) -> None:
        """Keep a value; the oldest goes when there are too many."""
        self._entries.pop(key, None)
        self._entries[key] = (self.clock(), value)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)
