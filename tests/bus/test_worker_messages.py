"""Messages between workers over a real broker: who holds a box, what comes back, what a cut costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from pivot.bus import open_bus
from pivot.bus.worker_messages import WorkerMessages
from pivot.meeting.shared import SharedMeetings
from pivot.model.rooms import RoomChange
from tests.bus.conftest import quick
from tests.bus.kazoo_side import heard
from tests.meeting.hall import Hall, room
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.rabbit

OpenProxy = Callable[[str], Awaitable[TcpProxy]]
BOX = "pivot.meeting.test"


class Reader:
    """Keeps what a worker is told, in order."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()

    def opened(self) -> None:
        self.events.put_nowait(("opened",))

    def closed(self) -> None:
        self.events.put_nowait(("closed",))

    def received(self, box: str, body: bytes) -> None:
        self.events.put_nowait(("received", box, body.decode()))

    def returned(self, box: str, body: bytes) -> None:
        self.events.put_nowait(("returned", box, body.decode()))

    async def next(self) -> tuple[str, ...]:
        event: tuple[str, ...] = await heard(self.events)
        return event


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[tuple[WorkerMessages, Reader]]:
    messages, reader = WorkerMessages("pivot@test"), Reader()
    messages.serve(reader)
    async with open_bus(quick(url), node="pivot@test", worker_messages=messages) as bus:
        await bus.connected()
        assert await reader.next() == ("opened",)
        yield messages, reader


async def test_a_box_has_one_holder_who_gets_its_letters_in_order(vhost_url: str) -> None:
    """Two workers that both held a room would both decide in it."""
    async with worker(vhost_url) as (one, reader), worker(vhost_url) as (other, _):
        assert await one.claim(BOX)
        assert [await other.claim(BOX) for _ in range(3)] == [False] * 3
        for number in range(100):
            other.send(BOX, b"%d" % number)

        assert [await reader.next() for _ in range(100)] == [
            ("received", BOX, str(number)) for number in range(100)
        ]


async def test_a_letter_to_nobody_comes_back(vhost_url: str) -> None:
    """So its sender learns that there is no owner."""
    async with worker(vhost_url) as (messages, reader):
        messages.send(BOX, b"anybody?")

        assert await reader.next() == ("returned", BOX, "anybody?")


async def test_a_letter_to_all_reaches_every_inbox(vhost_url: str) -> None:
    """A new owner asks everybody, itself included."""
    async with worker(vhost_url) as (one, to_one), worker(vhost_url) as (other, to_other):
        one.send_all(b"who is there?")

        assert await to_one.next() == ("received", one.inbox, "who is there?")
        assert await to_other.next() == ("received", other.inbox, "who is there?")


async def test_a_box_is_free_when_its_holders_connection_is_gone(
    vhost_url: str, tcp_proxy: OpenProxy
) -> None:
    """The broker takes it away; the holder is told, and has another inbox afterwards."""
    wire = await tcp_proxy(vhost_url)
    async with worker(wire.url) as (one, reader), worker(vhost_url) as (other, to_other):
        assert await one.claim(BOX)
        inbox = one.inbox
        wire.cut()
        assert [await reader.next(), await reader.next()] == [("closed",), ("opened",)]
        assert one.inbox != inbox
        async with asyncio.timeout(10.0):
            while not await other.claim(BOX):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        one.send(BOX, b"for the next")

        assert await to_other.next() == ("received", BOX, "for the next")


async def test_a_box_that_is_deleted_under_its_holder_costs_it_the_connection(
    vhost_url: str, tcp_proxy: OpenProxy
) -> None:
    """It must know that it is the owner no longer; an operator's slip does that."""
    async with worker(vhost_url) as (messages, reader):
        assert await messages.claim(BOX)
        assert messages._channel is not None
        await messages._channel.queue_delete(BOX)

        assert [await reader.next(), await reader.next()] == [("closed",), ("opened",)]


async def test_a_conference_survives_the_cut_wires_of_its_owner_and_of_its_members(
    vhost_url: str, tcp_proxy: OpenProxy
) -> None:
    """Nobody hears of it, and the next who comes is in."""
    async with AsyncExitStack() as stack:
        wires, workers = [], []
        for number in range(2):
            wire, messages = await tcp_proxy(vhost_url), WorkerMessages(f"pivot{number}@test")
            workers.append(SharedMeetings(messages, f"pivot{number}@test"))
            stack.callback(workers[-1].close)
            bus = await stack.enter_async_context(
                open_bus(quick(wire.url), node=f"pivot{number}@test", worker_messages=messages)
            )
            await bus.connected()
            wires.append(wire)
        hall = Hall(workers)
        hall.says("a", room("a"), at=0)
        await hall.hears("a", RoomChange.ENTERED)
        hall.says("b", room("b"), at=1)
        await hall.hears("a", RoomChange.JOINED, RoomChange.STARTED)
        await hall.hears("b", RoomChange.ENTERED, RoomChange.STARTED)
        for wire in wires:
            wire.cut()
        for wire in wires:
            await wire.wait_for_connections(2)
        hall.says("c", room("c", starts=False), at=1)

        joined = await hall.hears("c", RoomChange.ENTERED)
        while joined.change is not RoomChange.STARTED and not getattr(joined, "started", False):
            joined = await hall.next("c")
