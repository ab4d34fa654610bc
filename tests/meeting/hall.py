"""Calls that meet, at whichever worker they are; every kind of `Meetings` in the same words."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from pivot.bus.rabbit import RabbitBus, open_bus
from pivot.bus.settings import BusSettings
from pivot.bus.worker_messages import WorkerMessages
from pivot.meeting.local import LocalMeetings
from pivot.meeting.membership import Command, News
from pivot.meeting.shared import SharedMeetings
from pivot.model.events import Event
from pivot.model.instructions import Callback
from pivot.model.queues import QueueChange
from pivot.model.rooms import EnterRoom, Guest, RoomChange
from pivot.session.ports import Meetings
from pivot.sim.worker_messages import MemoryExchange, MemoryWorkerMessages

WAIT_S = 20.0
Change: TypeAlias = RoomChange | QueueChange


def room(
    call_id: str,
    room_id: str = "r",
    *,
    starts: bool = True,
    max_members: int = 250,
    callback: Callback | None = None,
) -> EnterRoom:
    """The command by which a call enters a room."""
    return EnterRoom(room_id, "R", Guest(call_id, starts), max_members, callback)


class Hall:
    """Workers in a row; a call stays at the worker at which it spoke first."""

    def __init__(self, workers: Sequence[Meetings]) -> None:
        self.workers = list(workers)
        self._at: dict[str, Meetings] = {}
        self._heard: defaultdict[str, asyncio.Queue[News]] = defaultdict(asyncio.Queue)

    def says(self, call_id: str, command: Command, *, at: int = 0) -> None:
        worker = self._at.setdefault(call_id, self.workers[at % len(self.workers)])

        def hear(event: Event) -> None:
            assert isinstance(event, News)
            self._heard[call_id].put_nowait(event)

        worker.perform(call_id, command, hear)

    def is_over(self, call_id: str) -> None:
        self._at[call_id].leave(call_id)

    async def hears(self, call_id: str, *changes: Change) -> News:
        """The next news of this call are these; returns the last."""
        async with asyncio.timeout(WAIT_S):
            heard = [await self._heard[call_id].get() for _ in changes]
        assert [news.change for news in heard] == list(changes), call_id
        return heard[-1]

    async def next(self, call_id: str) -> News:
        """Whatever this call hears next."""
        async with asyncio.timeout(WAIT_S):
            return await self._heard[call_id].get()

    def heard_more(self) -> dict[str, list[Change]]:
        """What nobody has asked for, by call."""
        return {
            call_id: [queue.get_nowait().change for _ in range(queue.qsize())]
            for call_id, queue in self._heard.items()
            if not queue.empty()
        }


@dataclass
class MemoryWorker:
    """A worker with a connection to the office in memory."""

    post: MemoryWorkerMessages
    meetings: SharedMeetings

    def die(self) -> None:
        """Without a word."""
        self.post.drop()
        self.meetings.close()


def memory_worker(office: MemoryExchange, name: str) -> MemoryWorker:
    loop, post = asyncio.get_running_loop(), office.post(name)
    worker = MemoryWorker(post, SharedMeetings(post, name, loop.time))
    post.connect()
    return worker


@asynccontextmanager
async def local_hall() -> AsyncIterator[Hall]:
    yield Hall([LocalMeetings(asyncio.get_running_loop().time)])


@asynccontextmanager
async def memory_hall(count: int) -> AsyncIterator[Hall]:
    office = MemoryExchange(lambda: 0.001)
    workers = [memory_worker(office, f"worker{number}") for number in range(count)]
    try:
        yield Hall([worker.meetings for worker in workers])
    finally:
        for worker in workers:
            worker.die()


@asynccontextmanager
async def rabbit_worker(url: str, name: str) -> AsyncIterator[tuple[SharedMeetings, RabbitBus]]:
    messages = WorkerMessages(name)
    meetings = SharedMeetings(messages, name)
    settings = BusSettings(url=url, reconnect_min_s=0.01, reconnect_max_s=0.05)
    try:
        async with open_bus(settings, node=name, worker_messages=messages) as bus:
            await bus.connected()
            yield meetings, bus
    finally:
        meetings.close()


@asynccontextmanager
async def rabbit_hall(url: str, count: int) -> AsyncIterator[Hall]:
    async with AsyncExitStack() as stack:
        workers = [
            await stack.enter_async_context(rabbit_worker(url, f"pivot{number}@test"))
            for number in range(count)
        ]
        yield Hall([meetings for meetings, _ in workers])


Scenario: TypeAlias = Callable[[Hall], Awaitable[None]]
