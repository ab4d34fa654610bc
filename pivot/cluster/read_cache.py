"""What was read of a database a moment ago, so that the same question is not asked twice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pivot.errors import StoreError

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Ages:
    """How long an answer is good.

    Attributes:
        fresh_s: it is used without a question.
        usable_s: it is used when the database does not answer.
    """

    fresh_s: float = 10.0
    usable_s: float = 600.0


class ReadCache(Generic[K, V]):
    """Answers by question. Who asks while somebody else's question is under way waits for that one.

    Args:
        now: the loop's time.
        most: how many answers are kept; those not used for longest go first.
        at_once: how many questions may be under way.
        limit_s: how long one may take.
    """

    def __init__(
        self,
        now: Callable[[], float],
        *,
        ages: Ages | None = None,
        most: int = 10_000,
        at_once: int = 256,
        limit_s: float = 3.0,
    ) -> None:
        self._now = now
        self._ages = ages or Ages()
        self._most = most
        self._at_once = at_once
        self._limit_s = limit_s
        self._known: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._asking: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """The answer, a recent one if there is any.

        Raises:
            StoreError: the database gives none in time, and none is known that could still be used.
        """
        value, read_at = self._known.get(key, (None, -self._ages.usable_s))
        age_s = self._now() - read_at
        if key in self._known and age_s < self._ages.fresh_s:
            self._known.move_to_end(key)
            return value  # type: ignore[return-value]  # it is known
        try:
            return await asyncio.shield(self._asking.get(key) or self._start(key, ask))
        except StoreError:
            if key in self._known and age_s < self._ages.usable_s:
                return value  # type: ignore[return-value]  # it is known
            raise

    async def close(self) -> None:
        """Give up what is still being asked."""
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    def _start(self, key: K, ask: Callable[[], Awaitable[V]]) -> asyncio.Task[V]:
        if len(self._asking) >= self._at_once:
            raise StoreError("too much is being asked of the database", retryable=True)
        task = asyncio.create_task(self._ask(key, ask), name=f"asking {key}")
        self._asking[key] = task
        task.add_done_callback(lambda done: self._over(key, done))
        return task

    async def _ask(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        try:
            async with asyncio.timeout(self._limit_s):
                value = await ask()
        except TimeoutError as error:
            raise StoreError(f"no answer within {self._limit_s:g} s", retryable=True) from error
        self._known[key] = value, self._now()
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return value

    def _over(self, key: K, task: asyncio.Task[V]) -> None:
        del self._asking[key]
        if not task.cancelled():
            task.exception()  # whoever waited has seen it; if nobody did, nobody wants it
