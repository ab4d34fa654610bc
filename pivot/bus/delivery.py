"""One request as the broker gave it to us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pivot.bus.error_mapping import bus_errors
from pivot.bus.open_connection import OpenConnection
from pivot.errors import BusError
from pivot.model.call import PivotRequest
from pivot.model.codes import Code


class AmqpDelivery:
    """A request with its delivery tag: the session's `Delivery`. Settled exactly once.

    When the connection breaks before that, the request is `lost`. The broker puts it back into the queue, and
    whoever is given it next answers it; that may be us (`find`). If the queue was deleted, nobody is given it
    again: then it is ours to answer (`keep`), and there is nothing to settle.
    """

    __slots__ = (
        "__weakref__",
        "_gone",
        "_kept",
        "_link",
        "_on_settled",
        "_regained",
        "_tag",
        "age_s",
        "redelivered",
        "request",
    )

    def __init__(
        self,
        request: PivotRequest,
        link: OpenConnection,
        tag: int,
        *,
        age_s: float,
        redelivered: bool,
        on_settled: Callable[[AmqpDelivery], None],
    ) -> None:
        self.request = request
        self.age_s = age_s
        self.redelivered = redelivered
        self._link = link
        self._tag = tag
        self._gone = self._kept = False
        self._regained: asyncio.Event | None = None
        self._on_settled: Callable[[AmqpDelivery], None] | None = on_settled

    @property
    def settled(self) -> bool:
        """True after an acknowledgement or a rejection."""
        return self._on_settled is None

    @property
    def kept(self) -> bool:
        """Nobody else can be given this request: its queue was deleted."""
        return self._kept

    @property
    def lost(self) -> bool:
        """The connection broke before it was settled, and it is not ours again."""
        return self._gone or not (self.settled or self._kept or self._link.usable)

    async def regained(self) -> None:
        """Return when the request is not lost, or not any more. It may be another worker's for good."""
        while self.lost:
            if self._regained is None:
                self._regained = asyncio.Event()
            await self._regained.wait()

    async def acknowledge(self) -> None:
        """Settle: nobody will be given this request again.

        Raises:
            BusError: the connection broke before; the request has gone back to the queue.
        """
        self._settle()
        if not self._kept:
            with bus_errors("acknowledging a request"):
                await self._link.calls.basic_ack(self._tag, wait=False)

    async def reject(self) -> None:
        """Settle a request that nobody can serve: it is dropped, not queued again.

        Raises:
            BusError: as `acknowledge`.
        """
        self._settle()
        if not self._kept:
            with bus_errors("rejecting a request"):
                await self._link.calls.basic_reject(self._tag, requeue=False, wait=False)

    def lose(self) -> None:
        """The connection broke: the broker puts the request back into its queue."""
        self._gone = True

    def find(self, link: OpenConnection, tag: int) -> None:
        """The broker has given us the lost request again."""
        self.redelivered = True
        self._link, self._tag = link, tag
        self._is_ours()

    def keep(self) -> None:
        """The queue was deleted with the lost request in it."""
        self._kept = True
        self._is_ours()

    def _is_ours(self) -> None:
        self._gone = False
        regained, self._regained = self._regained, None
        if regained is not None:
            regained.set()

    def _settle(self) -> None:
        if self._on_settled is None:
            raise AssertionError(f"the request of call {self.request.call.call_id} was settled before")
        lost = self.lost
        on_settled, self._on_settled = self._on_settled, None
        on_settled(self)
        if lost:
            raise BusError(
                Code.BUS_LOST, "the request went back to the queue when the connection to the broker broke"
            )
