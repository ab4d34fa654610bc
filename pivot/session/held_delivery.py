"""Ownership by the held delivery: a worker that dies before settling loses nothing, as the broker gives the
request to another one. A running call has no record yet, so it ends with its worker."""

from __future__ import annotations

from collections.abc import Callable

from pivot.model.json import JsonObject


class HeldDelivery:
    """The port `Ownership` when an unsettled delivery is all that others can know of a call."""

    async def record(self, call_id: str, snapshot: Callable[[], JsonObject]) -> None:
        """Nothing to write: the broker holds the delivery until it is settled."""

    async def release(self, call_id: str) -> None:
        """Nothing to take back."""
