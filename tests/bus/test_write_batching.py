"""Frames that leave for the broker together."""

from __future__ import annotations

import asyncio

import pytest
from aiormq.abc import ChannelFrame

from pivot.bus.write_batching import WriteBatch


def frame(payload: bytes) -> ChannelFrame:
    return ChannelFrame(payload, should_close=False)


async def test_frames_of_one_moment_leave_as_one_and_in_order() -> None:
    """An acknowledgement stays behind the messages that were published before it, in one write."""
    queue = asyncio.Queue[ChannelFrame]()
    bunch = WriteBatch(queue, closed=lambda: False)

    await bunch.put(frame(b"processing,"))
    bunch.put_nowait(frame(b"flow,"))
    await bunch.put(frame(b"ack"))
    first = await queue.get()
    await bunch.put(frame(b"later"))
    second = await queue.get()

    assert [first.payload, second.payload] == [b"processing,flow,ack", b"later"]
    assert queue.empty()


async def test_a_full_queue_makes_frames_wait_and_loses_none() -> None:
    """The library's queue takes few frames; what is put while it is full goes when there is room."""
    queue = asyncio.Queue[ChannelFrame](maxsize=1)
    queue.put_nowait(frame(b"earlier"))
    tried = asyncio.Event()

    def closed() -> bool:
        tried.set()
        return False

    bunch = WriteBatch(queue, closed)
    await bunch.put(frame(b"one,"))
    await tried.wait()
    await bunch.put(frame(b"two"))
    told = [(await queue.get()).payload, (await queue.get()).payload]

    assert told == [b"earlier", b"one,two"]
    assert queue.empty()


async def test_a_broken_connection_keeps_nothing_busy() -> None:
    """When nobody will read the queue again, what waits is dropped, and nothing tries for ever."""
    queue = asyncio.Queue[ChannelFrame](maxsize=1)
    queue.put_nowait(frame(b"unread"))
    asked = asyncio.Event()

    def closed() -> bool:
        asked.set()
        return True

    bunch = WriteBatch(queue, closed)
    await bunch.put(frame(b"lost"))
    await asked.wait()
    queue.get_nowait()
    await bunch.put(frame(b"alone"))

    assert (await queue.get()).payload == b"alone"


async def test_frames_that_somebody_waits_for_are_refused() -> None:
    """A frame with a future would leave its waiter alone; no command of ours asks for one."""
    bunch = WriteBatch(asyncio.Queue(), closed=lambda: False)
    waited_for = ChannelFrame(b"", False, asyncio.get_running_loop().create_future())

    with pytest.raises(AssertionError, match="cannot be bunched"):
        await bunch.put(waited_for)
