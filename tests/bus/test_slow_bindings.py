"""A real broker behind a wire that holds back the answers to bindings, as a busy broker gives them late."""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from yarl import URL

from pivot.bus import RabbitBus, open_bus
from pivot.model.commands import SayProcessing
from pivot.model.events import DigitPressed, Event
from pivot.wire.requests import decode_request
from tests.bus.conftest import NODE, quick
from tests.bus.kazoo_side import KazooSide, heard, request
from tests.bus.test_call_events import digit, publish, unheard
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.rabbit

HEAD = struct.Struct(">BHI")
METHOD, END_BYTES = 1, 1
ANSWERS = {(50, 21), (50, 51)}
"""`queue.bind-ok` and `queue.unbind-ok`. Source: AMQP 0-9-1."""


class BusyBroker(TcpProxy):
    """Holds back those answers while `busy`, and all that comes after them on the same channel."""

    def __init__(self, target: URL) -> None:
        super().__init__(target)
        self.busy = False
        self.held: dict[int, list[bytes]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._holding = asyncio.Condition()

    async def holds(self, channels: int) -> None:
        """Return when answers of so many channels are held back."""
        async with self._holding:
            await asyncio.wait_for(self._holding.wait_for(lambda: len(self.held) >= channels), 10)

    def release(self) -> None:
        """The broker has time again."""
        self.busy = False
        for frames in self.held.values():
            assert self._writer is not None
            self._writer.writelines(frames)
        self.held.clear()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        if first == b"A":  # the client's first byte, of `AMQP`
            writer.write(first)
            await super()._pump(reader, writer)
            return
        self._writer = writer
        with suppress(OSError, asyncio.IncompleteReadError):
            while first:
                head = first + await reader.readexactly(HEAD.size - 1)
                kind, channel, size = HEAD.unpack(head)
                body = await reader.readexactly(size + END_BYTES)
                is_answer = kind == METHOD and struct.unpack(">HH", body[:4]) in ANSWERS
                if channel in self.held or (self.busy and is_answer):
                    self.held.setdefault(channel, []).append(head + body)
                    async with self._holding:
                        self._holding.notify_all()
                else:
                    writer.write(head + body)
                    await writer.drain()
                first = await reader.read(1)


@pytest.fixture
async def broker(vhost_url: str, kazoo: KazooSide) -> AsyncIterator[BusyBroker]:
    proxy = BusyBroker(URL(vhost_url))
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()


@pytest.fixture
async def worker(broker: BusyBroker) -> AsyncIterator[RabbitBus]:
    async with open_bus(quick(broker.url), node=NODE) as opened:
        await opened.connected()
        yield opened


async def test_a_slow_binding_holds_up_no_event_and_no_message(
    worker: RabbitBus, broker: BusyBroker, kazoo: KazooSide
) -> None:
    """The broker delivers nothing by a channel that waits for a binding: events have one of their own."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    running, new = secrets.token_hex(4), secrets.token_hex(4)
    await worker.bind(running, events.put_nowait)
    answers = await kazoo.listen("targeted", "requester-queue")
    broker.busy = True
    binding = asyncio.create_task(worker.bind(new, events.put_nowait))
    await broker.holds(1)

    await publish(kazoo, digit("1", running))
    await worker.send(decode_request(request("a")).call, SayProcessing())

    assert await heard(events) == DigitPressed(running, "1")
    await heard(answers)
    assert not binding.done()
    broker.release()
    await binding


async def test_a_slow_binding_holds_up_no_other(
    worker: RabbitBus, broker: BusyBroker, kazoo: KazooSide
) -> None:
    """Those behind it go by another channel; so do those behind a slow unbinding, which nobody waits for."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    over, slow, other = (secrets.token_hex(4) for _ in range(3))
    await worker.bind(over, events.put_nowait)
    broker.busy = True
    await worker.unbind(over, events.put_nowait)
    binding = asyncio.create_task(worker.bind(slow, events.put_nowait))
    await broker.holds(2)
    broker.busy = False

    await worker.bind(other, events.put_nowait)
    await publish(kazoo, digit("2", other))

    assert await heard(events) == DigitPressed(other, "2")
    assert not binding.done()
    assert worker.stats.bound_legs == 2
    broker.release()
    await binding


async def test_a_leg_that_is_given_up_before_it_was_bound_is_unbound(
    worker: RabbitBus, broker: BusyBroker, kazoo: KazooSide
) -> None:
    """The caller hung up meanwhile; nothing of it stays at the broker."""
    leg = secrets.token_hex(4)
    broker.busy = True
    binding = asyncio.create_task(worker.bind(leg, lambda event: None))
    await broker.holds(1)
    binding.cancel()
    await asyncio.wait([binding])
    broker.release()

    await unheard(kazoo, leg)
    assert worker.stats.bound_legs == 0
