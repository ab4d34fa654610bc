"""What thousands of calls in rooms and queues cost: `python -m tests.meeting.measure [AMQP-URL]`.

Two workers in one process; without a URL their messages travel in memory, so the figures are those of rules
and messages alone.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from contextlib import AsyncExitStack

import structlog

from pivot.meeting.membership import Command, News
from pivot.meeting.shared import SharedMeetings
from pivot.model.events import Event
from pivot.model.queues import AskPlace, EnterQueue, QueueChange, QueueNews, TakeFromQueue
from pivot.model.rooms import RoomChange
from pivot.sim.worker_messages import MemoryExchange, MemoryWorkerMessages
from tests.meeting.hall import memory_worker, rabbit_worker, room

CALLS = 10_000
REST = "-0123456789abcdef@switch.example.com"


class Count:
    """Waits until so many have heard this."""

    def __init__(self, change: RoomChange | QueueChange, wanted: int) -> None:
        self._change = change
        self._left = wanted
        self.done = asyncio.Event()

    def hear(self, event: Event) -> None:
        assert isinstance(event, News)
        self._left -= event.change is self._change
        if self._left <= 0:
            self.done.set()


async def measure(
    what: str,
    workers: list[SharedMeetings],
    calls: list[tuple[str, Command]],
    change: RoomChange | QueueChange,
) -> None:
    """All calls at once, until each has heard of it."""
    count = Count(change, len(calls))
    began, used = time.perf_counter(), cpu_s()
    for number, (call_id, command) in enumerate(calls):
        workers[number % len(workers)].perform(call_id, command, count.hear)
        if number % 50 == 0:
            await asyncio.sleep(0)
    await count.done.wait()
    took_s, cpu = time.perf_counter() - began, cpu_s() - used
    print(f"{what:44} {len(calls) / took_s:8.0f} a second {1e6 * cpu / len(calls):6.0f} us of CPU each")


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def lose_all_owners(posts: list[MemoryWorkerMessages], workers: list[SharedMeetings]) -> None:
    """All who wait are told of anew, until the last one can hear its place again."""
    began, used = time.perf_counter(), cpu_s()
    for post in posts:
        post.cut()
    for post in posts:
        post.connect()
    count, size = Count(QueueChange.PLACE, 1), 0

    def hear(event: Event) -> None:
        nonlocal size
        assert isinstance(event, QueueNews)
        size = event.size
        count.hear(event)

    for number, worker in enumerate(workers):
        worker.perform(f"{CALLS - len(workers) + number:05d}{REST}", AskPlace("q"), hear)
    await count.done.wait()
    took_s, cpu = time.perf_counter() - began, cpu_s() - used
    what = f"{size} callers told of to a new owner"
    print(f"{what:44} {took_s:8.2f} s {1e6 * cpu / size:15.0f} us of CPU each")


async def run(url: str | None) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    async with AsyncExitStack() as stack:
        posts: list[MemoryWorkerMessages] = []
        if url is None:
            office = MemoryExchange()
            workers = [memory_worker(office, name).meetings for name in "ab"]
            posts = office.posts
        else:
            workers = [
                (await stack.enter_async_context(rabbit_worker(url, f"pivot{name}@test")))[0] for name in "ab"
            ]
        ids = [f"{number:05d}{REST}" for number in range(CALLS)]
        waiting: list[tuple[str, Command]] = [(each, EnterQueue("q", "support", 2 * CALLS)) for each in ids]
        await measure("callers into one queue", workers, waiting, QueueChange.ENTERED)
        if posts:
            await lose_all_owners(posts, workers)
        agents: list[tuple[str, Command]] = [
            (f"agent {each}", TakeFromQueue("q", "support")) for each in ids[:1000]
        ]
        await measure("agents who are given a caller of 10,000", workers, agents, QueueChange.MATCHED)
        for call_id in ids:
            for worker in workers:
                worker.leave(call_id)
                worker.leave(f"agent {call_id}")
        members: list[tuple[str, Command]] = [
            (each, room(each, f"room {number // 2}")) for number, each in enumerate(ids)
        ]
        await measure("callers into 5,000 rooms, until they start", workers, members, RoomChange.STARTED)
        began, used = time.perf_counter(), cpu_s()
        await asyncio.sleep(10.0)
        share = (cpu_s() - used) / (time.perf_counter() - began)
        print(f"{'10,000 members who do nothing':44} {100 * share:8.1f} % of a core")
        for worker in workers:
            worker.close()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1] if len(sys.argv) > 1 else None))
