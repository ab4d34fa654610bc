"""The session's bus over a broker in memory: the same messages as on a real one, byte for byte."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from pivot.errors import BusError, WireError
from pivot.model.call import Call, PivotRequest
from pivot.model.codes import Code
from pivot.model.commands import BusCommand
from pivot.model.events import Event
from pivot.session.ports import Receiver
from pivot.sim.broker import MemoryBroker
from pivot.sim.link import Arrived, Handler
from pivot.wire.conference import decode_conference_event
from pivot.wire.envelope import Sender
from pivot.wire.events import decode_event
from pivot.wire.messages import encode_command
from pivot.wire.names import Exchange, Field
from pivot.wire.payload import decode
from pivot.wire.replies import decode_reply
from pivot.wire.requests import decode_request
from pivot.wire.routing import ALL_PIVOT_REQUESTS, CONFERENCE_LEG, binding_of


@dataclass
class MemoryDelivery:
    """A request from the broker in memory."""

    request: PivotRequest
    age_s: float = 0.0
    redelivered: bool = False
    settled: bool = False
    lost: bool = False

    async def regained(self) -> None:
        """It is never lost."""

    async def acknowledge(self) -> None:
        self.settled = True


class MemoryBus:
    """Implements the session's `Bus`, and brings requests."""

    def __init__(self, broker: MemoryBroker, node: str) -> None:
        self._broker = broker
        self._sender = Sender(node, f"{node}-events")
        self._handlers: dict[tuple[str, Receiver], Handler] = {}
        self._asked: dict[str, str] = {}
        """By Msg-ID of a question: the call that asked."""

    async def consume(self, take: Callable[[MemoryDelivery], None]) -> None:
        """Give every request to `take` from now on."""
        await self._broker.listen(Exchange.TARGETED, self._sender.server_id, self._answered)

        def arrived(message: Arrived) -> None:
            take(MemoryDelivery(decode_request(message.body)))

        await self._broker.listen(Exchange.CALLMGR, ALL_PIVOT_REQUESTS, arrived)

    async def send(self, call: Call, command: BusCommand) -> None:
        try:
            message = encode_command(call, command, self._sender, secrets.token_hex(8))
        except WireError as error:
            raise BusError(Code.BUS_RETURNED, str(error)) from error
        self._asked[message.msg_id] = call.call_id
        if not await self._broker.publish(message) and message.mandatory:
            raise BusError(Code.BUS_RETURNED, f"no queue wants {type(command).__name__}")

    async def bind(self, call_id: str, receive: Receiver) -> None:
        def arrived(message: Arrived) -> None:
            event = _event(call_id, message)
            if event is not None:
                receive(event)

        self._handlers[call_id, receive] = arrived
        await self._broker.listen(*binding_of(call_id), arrived)

    async def unbind(self, call_id: str, receive: Receiver) -> None:
        self._broker.forget(*binding_of(call_id), self._handlers.pop((call_id, receive)))

    def _answered(self, message: Arrived) -> None:
        answer = decode_reply(message.body)
        asked_by = self._asked.get(str(decode(message.body).get(Field.MSG_ID)))
        for (leg, receive), _ in tuple(self._handlers.items()):
            if answer is not None and leg == asked_by:
                receive(answer)


def _event(leg: str, message: Arrived) -> Event | None:
    if leg.startswith(CONFERENCE_LEG):
        return decode_conference_event(leg.removeprefix(CONFERENCE_LEG), message.body)
    return decode_event(message.routing_key, message.body)
