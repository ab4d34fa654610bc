"""One request as the broker gave it to us."""

from __future__ import annotations

from collections.abc import Callable

from aiormq.abc import AbstractChannel

from pivot.bus.error_mapping import bus_errors
from pivot.errors import BusError
from pivot.model.call import PivotRequest
from pivot.model.codes import Code


class AmqpDelivery:
    """A request with its delivery tag: the session's `Delivery`. Settled exactly once.

    When the connection breaks before that, the request is `lost`: the broker has put it back, and it will be
    answered by whoever is given it next.
    """

    __slots__ = ("__weakref__", "_channel", "_on_settled", "_tag", "age_s", "lost", "redelivered", "request")

    def __init__(
        self,
        request: PivotRequest,
        channel: AbstractChannel,
        tag: int,
        *,
        age_s: float,
        redelivered: bool,
        on_settled: Callable[[AmqpDelivery], None],
    ) -> None:
        self.request = request
        self.age_s = age_s
        self.redelivered = redelivered
        self.lost = False
        self._channel = channel
        self._tag = tag
        self._on_settled: Callable[[AmqpDelivery], None] | None = on_settled

    @property
    def settled(self) -> bool:
        """True after an acknowledgement or a rejection."""
        return self._on_settled is None

    async def acknowledge(self) -> None:
        """Settle: nobody will be given this request again.

        Raises:
            BusError: the connection broke before; the request has gone back to the queue.
        """
        self._settle()
        with bus_errors("acknowledging a request"):
            await self._channel.basic_ack(self._tag, wait=False)

    async def reject(self) -> None:
        """Settle a request that nobody can serve: it is dropped, not queued again.

        Raises:
            BusError: as `acknowledge`.
        """
        self._settle()
        with bus_errors("rejecting a request"):
            await self._channel.basic_reject(self._tag, requeue=False, wait=False)

    def lose(self) -> None:
        """The connection broke: the broker has put the request back into its queue."""
        self.lost = True

    def find(self, channel: AbstractChannel, tag: int) -> None:
        """The broker has given us the lost request again."""
        self.lost, self.redelivered = False, True
        self._channel, self._tag = channel, tag

    def _settle(self) -> None:
        if self._on_settled is None:
            raise AssertionError(f"the request of call {self.request.call.call_id} was settled before")
        on_settled, self._on_settled = self._on_settled, None
        on_settled(self)
        if self.lost:
            raise BusError(
                Code.BUS_LOST, "the request went back to the queue when the connection to the broker broke"
            )
