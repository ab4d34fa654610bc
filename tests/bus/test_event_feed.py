"""Events that the broker delivers a second time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from pivot.bus.bindings import Bindings
from pivot.bus.database_changes import ChangeFeed
from pivot.bus.event_feed import EventFeed
from pivot.bus.stats import BusStats
from pivot.model.events import DigitPressed, Event
from pivot.wire.events import encode_channel_event


class Acknowledged:
    """A channel that only notes what is acknowledged: a broker cannot be made to lose just that."""

    def __init__(self) -> None:
        self.tags: list[int] = []
        self.done = asyncio.Event()

    async def basic_ack(self, delivery_tag: int, multiple: bool = False, wait: bool = True) -> None:
        assert multiple
        self.tags.append(delivery_tag)
        self.done.set()


async def test_an_event_that_comes_again_counts_once() -> None:
    """Its acknowledgement got lost with the connection; the caller pressed the key once."""
    channel, heard = Acknowledged(), list[Event]()

    async def at_once(_legs: Sequence[str]) -> None: ...

    bindings = Bindings([at_once], at_once)
    await bindings.add("c", heard.append)
    feed = EventFeed("own", bindings, ChangeFeed({}), BusStats())

    arrivals = [("1", False), ("1", True), ("2", True), ("2", True), ("3", False), ("3", False)]
    for tag, (digit, redelivered) in enumerate(arrivals, start=1):
        message = encode_channel_event("DTMF", "c", {"DTMF-Digit": digit}, node="fs", msg_id=f"at {digit}")
        await feed._received(
            DeliveredMessage(
                Basic.Deliver("tag", tag, redelivered, message.exchange, message.routing_key),
                ContentHeader(properties=Basic.Properties(content_type="application/json")),
                message.payload,
                cast(Any, channel),
            )
        )

    assert heard == [DigitPressed("c", digit) for digit in "123"]
    await channel.done.wait()
    assert channel.tags == [6]  # and with it those before
