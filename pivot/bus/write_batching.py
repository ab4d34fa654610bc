"""Frames of one moment leave together: a write to the broker's socket costs as much as a tenth of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiormq.abc import ChannelFrame
from aiormq.channel import Channel

_FULL_QUEUE_S = 0.01


@dataclass(slots=True)
class WriteBatch:
    """Stands in front of a connection's queue to the writer; joins what is put until the loop turns.

    Order stays. Nobody may wait for a frame's way into the socket: we wait for the broker's word instead.

    Args:
        queue: what the library's writer reads; takes few frames at a time.
        closed: whether nothing will ever read the queue again.
    """

    queue: asyncio.Queue[ChannelFrame]
    closed: Callable[[], bool]
    _waiting: list[bytes] = field(default_factory=list)

    async def put(self, frame: ChannelFrame) -> None:
        """As `put_nowait`; the AMQP library awaits it."""
        self.put_nowait(frame)

    def put_nowait(self, frame: ChannelFrame) -> None:
        """Write the frame together with all others of this turn of the event loop."""
        if frame.should_drain or frame.should_close:
            raise AssertionError("a frame that is waited for, or ends the connection, cannot be bunched")
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(frame.payload)

    def _flush(self) -> None:
        if not self.queue.full():
            self.queue.put_nowait(ChannelFrame(b"".join(self._waiting), should_close=False))
            self._waiting.clear()
        elif self.closed():
            self._waiting.clear()
        else:
            asyncio.get_running_loop().call_later(_FULL_QUEUE_S, self._flush)


def bunch_frames(*channels: Channel) -> None:
    """Let the frames of these channels of one connection leave in bunches; none outlives the others."""
    batch = WriteBatch(channels[0].write_queue, lambda: channels[0].is_closed)
    for channel in channels:
        channel.write_queue = batch  # type: ignore[assignment]  # all that a channel does with it is to put
