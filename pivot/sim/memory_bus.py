"""The session's bus over a broker in memory: the same messages as on a real one, byte for byte."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from pivot.errors import BusError, WireError
from pivot.model.call import Call, PivotRequest
from pivot.model.codes import Code
from pivot.model.commands import BusCommand
from pivot.session.ports import Receiver
from pivot.sim.broker import MemoryBroker
from pivot.sim.link import Arrived, Handler
from pivot.wire.envelope import Sender
from pivot.wire.events import decode_event
from pivot.wire.messages import encode_command
from pivot.wire.names import Exchange
from pivot.wire.requests import decode_request
from pivot.wire.routing import ALL_PIVOT_REQUESTS, call_events


@dataclass
class MemoryDelivery:
    """A request from the broker in memory."""

    request: PivotRequest
    age_s: float = 0.0
    redelivered: bool = False
    settled: bool = False
    lost: bool = False

    async def acknowledge(self) -> None:
        self.settled = True


class MemoryBus:
    """Implements the session's `Bus`, and brings requests."""

    def __init__(self, broker: MemoryBroker, node: str) -> None:
        self._broker = broker
        self._sender = Sender(node, f"{node}-events")
        self._handlers: dict[tuple[str, Receiver], Handler] = {}

    async def consume(self, take: Callable[[MemoryDelivery], None]) -> None:
        """Give every request to `take` from now on."""

        def arrived(message: Arrived) -> None:
            take(MemoryDelivery(decode_request(message.body)))

        await self._broker.listen(Exchange.CALLMGR, ALL_PIVOT_REQUESTS, arrived)

    async def send(self, call: Call, command: BusCommand) -> None:
        try:
            message = encode_command(call, command, self._sender, secrets.token_hex(8))
        except WireError as error:
            raise BusError(Code.BUS_RETURNED, str(error)) from error
        if not await self._broker.publish(message) and message.mandatory:
            raise BusError(Code.BUS_RETURNED, f"no queue wants {type(command).__name__}")

    async def bind(self, call_id: str, receive: Receiver) -> None:
        def arrived(message: Arrived) -> None:
            event = decode_event(message.routing_key, message.body)
            if event is not None:
                receive(event)

        self._handlers[call_id, receive] = arrived
        await self._broker.listen(Exchange.CALLEVT, call_events(call_id), arrived)

    async def unbind(self, call_id: str, receive: Receiver) -> None:
        self._broker.forget(Exchange.CALLEVT, call_events(call_id), self._handlers.pop((call_id, receive)))
