"""Sends requests of one kind to the broker in rounds; a slow round does not delay the next.

What is wanted while the broker works is one request after it: waiting for each would make all of them wait. A
broker that is busy with other applications' queues takes seconds for single ones, and works off a channel in
order; so a round that takes long is left to itself and the next one goes by another channel. Source: 172
bindings measured on a cluster under load, median 3 ms, 9 over 0.5 s, the longest 12.7 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

LONG_S = 0.05
"""A round that takes longer is no longer waited for by others."""

Change: TypeAlias = Callable[[Sequence[str]], Awaitable[None]]
"""Changes these legs' bindings at the broker; done when all of that is so."""
Done: TypeAlias = Callable[[Sequence[str], "Rounds", Exception | None], None]


class Rounds:
    """Rounds of one kind.

    A round is never cancelled with who waits for it: a cancelled request would cost the whole channel.

    Args:
        changes: by which a round is carried out, each by a channel of its own.
        done: told of each round's keys when it is over, and of the error that it ended with.
        name: of the tasks.
    """

    def __init__(self, changes: Sequence[Change], done: Done, *, name: str) -> None:
        self._idle = list(reversed(changes))
        self._done = done
        self._name = name
        self._wanted: dict[str, str] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._young: asyncio.TimerHandle | None = None
        """Set as long as the newest round may soon be over."""

    def want(self, key: str, call_id: str) -> None:
        """Let the next round see to this leg."""
        self._wanted[key] = call_id
        self._begin()

    def _begin(self) -> None:
        if not self._wanted or not self._idle or self._young is not None:
            return
        wanted, self._wanted = self._wanted, {}
        loop = asyncio.get_running_loop()
        self._young = loop.call_later(LONG_S, self._grown_old)
        task = loop.create_task(self._round(wanted, self._idle.pop(), self._young), name=self._name)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _grown_old(self) -> None:
        self._young = None
        self._begin()

    async def _round(self, wanted: dict[str, str], change: Change, young: asyncio.TimerHandle) -> None:
        error: Exception | None = None
        try:
            await change(list(wanted.values()))
        except Exception as raised:
            error = raised
        self._idle.append(change)
        if self._young is young:
            young.cancel()
            self._young = None
        self._done(list(wanted), self, error)
        self._begin()
