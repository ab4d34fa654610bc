"""Messages between the workers of a cluster, in queues that only their holder's connection can use.

The broker lets one connection at a time hold an exclusive queue and deletes it with that connection. Whoever
declares it first is its holder; to everybody else the declaration is refused, which costs them the channel.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Protocol

import structlog
from aiormq.abc import DeliveredMessage
from aiormq.channel import Channel
from aiormq.exceptions import ChannelLockedResource
from pamqp.commands import Basic

from pivot.bus.error_mapping import bus_errors, shown
from pivot.bus.open_connection import OpenConnection, open_channel
from pivot.bus.write_batching import bunch_frames
from pivot.errors import BusError

log = structlog.get_logger()

EVERYBODY = "pivot.meeting"
"""A fanout exchange to which every worker's inbox is bound."""
_CLAIM_TIMEOUT_S = 5.0


class Recipient(Protocol):
    """Whom the messages are for; all of it returns at once."""

    def opened(self) -> None:
        """Our inbox stands; nothing that stood before does."""

    def closed(self) -> None:
        """Inbox and boxes are gone."""

    def received(self, box: str, body: bytes) -> None:
        """A message for our inbox, or for a box that we hold."""

    def returned(self, box: str, body: bytes) -> None:
        """Nobody holds this box, or nobody knows whether it got the message."""


class WorkerMessages:
    """The meetings' `MessagePublisher` over the worker's connection.

    Args:
        name: this worker's, for the names of its inboxes.
        send_timeout_s: a message that the broker has not confirmed by then counts as returned.
    """

    def __init__(self, name: str, send_timeout_s: float = 10.0) -> None:
        self.inbox = ""
        self._name = name
        self._send_timeout_s = send_timeout_s
        self._recipient: Recipient | None = None
        self._link: OpenConnection | None = None
        self._channel: Channel | None = None
        self._claims: Channel | None = None
        self._claiming = asyncio.Lock()
        self._sending: set[asyncio.Task[None]] = set()

    def serve(self, recipient: Recipient) -> None:
        """Name who gets the messages; called once, before the first connection."""
        self._recipient = recipient

    async def start(self, link: OpenConnection) -> None:
        """Open an inbox on a new connection, if there is somebody to serve; raises the library's errors.

        It has another name each time: the broker may not have noticed yet that the last connection is gone.
        """
        if self._recipient is None:
            return
        self.lost()
        channel = await open_channel(link.connection, confirms=True)
        bunch_frames(channel)
        channel.on_consumer_cancel_callbacks.add(lambda _: link.given_up.set())
        channel.closing.add_done_callback(lambda _: link.given_up.set())
        inbox = f"{EVERYBODY}.inbox.{self._name}.{random.getrandbits(32):08x}"
        await channel.exchange_declare(exchange=EVERYBODY, exchange_type="fanout", auto_delete=True)
        await channel.queue_declare(inbox, exclusive=True)
        await channel.queue_bind(inbox, EVERYBODY)
        self.inbox, self._link, self._channel, self._claims = inbox, link, channel, None
        await self._consume(channel, inbox)
        self._recipient.opened()

    def lost(self) -> None:
        """The connection is gone, and all boxes with it."""
        if self._channel is not None and self._recipient is not None:
            self._link = self._channel = self._claims = None
            self._recipient.closed()

    def send(self, box: str, body: bytes) -> None:
        """Publish to one queue, through the default exchange. Not repeated when it is lost."""
        self._publish("", box, body)

    def send_all(self, body: bytes) -> None:
        """Publish to all workers, through the fanout exchange. Not repeated when it is lost."""
        self._publish(EVERYBODY, "", body)

    async def claim(self, box: str) -> bool:
        """Try to become the only holder of the exclusive queue `box`; False when another worker holds it."""
        try:
            with bus_errors(f"claiming {box}"):
                async with self._claiming, asyncio.timeout(_CLAIM_TIMEOUT_S):
                    return await self._claim(box)
        except BusError as error:
            log.debug("bus.claim_failed", box=box, error=str(error))
            return False

    async def _claim(self, box: str) -> bool:
        link, channel = self._link, self._channel
        if link is None or channel is None:
            return False
        claims = self._claims
        if claims is None or claims.is_closed:
            claims = self._claims = await open_channel(link.connection, confirms=False)
        try:
            await claims.queue_declare(box, exclusive=True)
        except ChannelLockedResource:
            return False
        await self._consume(channel, box)
        return self._channel is channel

    async def _consume(self, channel: Channel, box: str) -> None:
        async def received(message: DeliveredMessage) -> None:
            """Nothing waits before the recipient, so messages keep their order."""
            if self._channel is channel and self._recipient is not None:
                self._recipient.received(box, message.body)

        await channel.basic_consume(box, received, no_ack=True)

    def _publish(self, exchange: str, box: str, body: bytes) -> None:
        channel = self._channel
        if channel is None:
            return
        task = asyncio.create_task(self._confirmed(channel, exchange, box, body), name=f"message to {box}")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _confirmed(self, channel: Channel, exchange: str, box: str, body: bytes) -> None:
        try:
            with bus_errors(f"writing to {box}"):
                await channel.basic_publish(
                    body,
                    exchange=exchange,
                    routing_key=box,
                    properties=Basic.Properties(delivery_mode=1),
                    mandatory=not exchange,
                    timeout=self._send_timeout_s,
                    wait=False,
                )
        except BusError as error:
            log.debug("bus.letter_returned", box=box, error=shown(error))
            if self._channel is channel and self._recipient is not None and not exchange:
                self._recipient.returned(box, body)

    async def close(self) -> None:
        """Let what was written leave."""
        if self._sending:
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await asyncio.wait(self._sending)
        self.lost()
