"""Messages between workers in memory, with the delays and losses of a real broker."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

from pivot.meeting.ports import Recipient


class MemoryExchange:
    """Who holds which box, and what is on its way.

    As on a broker a message finds its box or comes back when it arrives here; what then waits in a box is
    lost with its holder's connection. Messages of one sender to one box keep their order.

    Args:
        delay_s: how long the next message takes, drawn anew for each way.
    """

    def __init__(self, delay_s: Callable[[], float] = lambda: 0.0) -> None:
        self.delay_s = delay_s
        self.boxes: dict[str, MemoryWorkerMessages] = {}
        self.posts: list[MemoryWorkerMessages] = []
        self.messages = 0
        """Messages that reached a box."""
        self._ways: dict[tuple[object, ...], deque[Callable[[], None]]] = defaultdict(deque)

    def post(self, name: str) -> MemoryWorkerMessages:
        """A worker's access; not connected yet."""
        post = MemoryWorkerMessages(self, name)
        self.posts.append(post)
        return post

    def later(self, way: tuple[object, ...], do: Callable[[], None]) -> None:
        """Do it after a delay, in the order of this way."""
        self._ways[way].append(do)
        asyncio.get_running_loop().call_later(self.delay_s(), lambda: self._ways[way].popleft()())

    def deliver(self, sender: MemoryWorkerMessages, connection: int, box: str, body: bytes) -> None:
        """A message has arrived here."""
        holder = self.boxes.get(box)
        if holder is None:
            self.later((sender, "back"), lambda: sender.give_back(connection, box, body))
            return
        self.messages += 1
        at = holder.connection
        self.later((holder, "in"), lambda: holder.take(at, box, body))


class MemoryWorkerMessages:
    """Implements `MessagePublisher`; the test decides when its connection comes and goes."""

    def __init__(self, office: MemoryExchange, name: str) -> None:
        self.name = name
        self.connection = 0
        """Number of the connection that the broker knows; 0: none."""
        self._office = office
        self._believed = 0
        self._opened = 0
        self._recipient: Recipient | None = None

    @property
    def inbox(self) -> str:
        """Name of this worker's queue; each connection has a queue of its own."""
        return f"inbox.{self.name}.{self._believed}"

    def serve(self, recipient: Recipient) -> None:
        """Name who gets the messages."""
        self._recipient = recipient

    def connect(self) -> None:
        """Open a connection with a new queue, and tell the recipient."""
        self._opened += 1
        self.connection = self._believed = self._opened
        self._office.boxes[self.inbox] = self
        assert self._recipient is not None
        self._recipient.opened()

    def drop(self) -> None:
        """The broker gives the connection up; the worker does not know yet."""
        self.connection = 0
        for box in [box for box, holder in self._office.boxes.items() if holder is self]:
            del self._office.boxes[box]

    def notice(self) -> None:
        """The worker learns that its connection is gone."""
        if self._believed and not self.connection:
            self._believed = 0
            assert self._recipient is not None
            self._recipient.closed()

    def cut(self) -> None:
        """Lose the connection, and let the worker notice it at once."""
        self.drop()
        self.notice()

    def send(self, box: str, body: bytes) -> None:
        """Deliver to one queue after the delay; lost when the connection is."""
        connection = self._believed
        if connection and connection == self.connection:
            self._office.later((self, box), lambda: self._office.deliver(self, connection, box, body))

    def send_all(self, body: bytes) -> None:
        """Deliver to all workers after the delay; lost when the connection is."""
        connection = self._believed
        if connection and connection == self.connection:
            self._office.later((self, "all"), lambda: self._deliver_all(connection, body))

    async def claim(self, box: str) -> bool:
        """Take the queue `box` when nobody holds it; False otherwise."""
        connection = self._believed
        await asyncio.sleep(self._office.delay_s())
        if not connection or connection != self.connection or box in self._office.boxes:
            return False
        self._office.boxes[box] = self
        await asyncio.sleep(self._office.delay_s())
        return connection == self._believed

    def take(self, connection: int, box: str, body: bytes) -> None:
        if connection and connection == self.connection and self._recipient is not None:
            self._recipient.received(box, body)

    def give_back(self, connection: int, box: str, body: bytes) -> None:
        if connection == self.connection and self._recipient is not None:
            self._recipient.returned(box, body)

    def _deliver_all(self, connection: int, body: bytes) -> None:
        for post in self._office.posts:
            if post.connection:
                self._office.deliver(self, connection, post.inbox, body)
