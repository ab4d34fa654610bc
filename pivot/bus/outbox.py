"""Publishing, confirmed by the broker."""

from __future__ import annotations

import asyncio
import random

from pamqp.commands import Basic

from pivot.bus.connection import Connection
from pivot.bus.error_mapping import bus_errors
from pivot.bus.kazoo_timestamp import KazooTime
from pivot.bus.open_connection import OpenConnection
from pivot.bus.stats import BusStats
from pivot.errors import BusError
from pivot.model.codes import Code
from pivot.wire.envelope import Message
from pivot.wire.names import CONTENT_TYPE


class Outbox:
    """Publishes messages in the order of the calls, each done when the broker has taken responsibility."""

    def __init__(self, connection: Connection, stats: BusStats, timeout_s: float) -> None:
        self._connection = connection
        self._stats = stats
        self._timeout_s = timeout_s

    async def publish(self, message: Message) -> None:
        """Wait for a connection if there is none, publish, and wait for the confirmation.

        Raises:
            BusError: not written, not confirmed in time (`unconfirmed`: it may have arrived), or returned.
        """
        what = f"publishing to {message.exchange} {message.routing_key}"
        try:
            with bus_errors(what):
                link = self._connection.standing
                if link is None:
                    async with asyncio.timeout(self._timeout_s):
                        link = await self._connection.current()
            try:
                with bus_errors(what):
                    await self._confirmed(link, message)
            except BusError as error:
                if error.code is Code.BUS_LOST:
                    error.unconfirmed, error.in_line = True, link.usable
                raise
        except BusError as error:
            self._count(error)
            raise
        except ValueError as error:  # a routing key beyond AMQP's 255 bytes
            raise BusError(Code.BUS_RETURNED, f"cannot publish to {message.exchange}: {error}") from error
        self._stats.published += 1

    async def _confirmed(self, link: OpenConnection, message: Message) -> None:
        await link.calls.basic_publish(
            message.payload,
            exchange=message.exchange.value,
            routing_key=message.routing_key,
            properties=_properties(message),
            mandatory=message.mandatory,
            timeout=self._timeout_s,
            wait=False,
        )

    def _count(self, error: BusError) -> None:
        if error.code is Code.BUS_RETURNED:
            self._stats.returned += 1
        else:
            self._stats.lost += 1


def new_msg_id() -> str:
    """As Kazoo makes them: 32 lower-case hex digits."""
    return f"{random.getrandbits(128):032x}"


def _properties(message: Message) -> Basic.Properties:
    """Kazoo's properties, and a message id: the library finds a returned message's publisher by it."""
    return Basic.Properties(
        content_type=CONTENT_TYPE,
        headers={name: bytearray(value) for name, value in message.headers.items()} or None,
        message_id=message.msg_id,
        timestamp=KazooTime.now_stamp(),
    )
