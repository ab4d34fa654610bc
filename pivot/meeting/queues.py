"""The owner of all queues, in this process: who waits, who takes, who is given to whom."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pivot.model.queues import (
    AskPlace,
    EnterQueue,
    LeaveQueue,
    QueueChange,
    QueueCommand,
    QueueNews,
    SayJoined,
    SayReady,
    TakeFromQueue,
)

Tell = Callable[[QueueNews], None]
_REMEMBERED_WAITS = 50


@dataclass(slots=True, eq=False)
class _Waiter:
    call_id: str
    tell: Tell
    since_s: float
    agent: _Agent | None = None


@dataclass(slots=True, eq=False)
class _Agent:
    call_id: str
    tell: Tell
    command: TakeFromQueue
    waiter: _Waiter | None = None


@dataclass(slots=True)
class _Queue:
    waiters: dict[str, _Waiter] = field(default_factory=dict)
    """In the order in which they came, those who are taken and not yet joined included."""
    agents: dict[str, _Agent] = field(default_factory=dict)
    waits_s: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_WAITS))

    @property
    def average_s(self) -> float:
        return sum(self.waits_s) / len(self.waits_s) if self.waits_s else 0.0


class QueueTable:
    """Every queue that was ever entered.

    Args:
        now: seconds on a clock that does not run backwards.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._queues: dict[str, _Queue] = {}

    def perform(self, call_id: str, command: QueueCommand, tell: Tell) -> None:
        """Do it; news reach each party through what it gave as `tell` when it came, at once."""
        if isinstance(command, EnterQueue):
            self._enter(call_id, command, tell)
            return
        queue = self._queues.get(command.queue)
        match command:
            case TakeFromQueue() if queue is None:
                tell(QueueNews(command.queue, QueueChange.UNKNOWN))
            case _ if queue is None:
                pass  # a late word to a queue that its owner has lost
            case TakeFromQueue():
                self._take(queue, call_id, command, tell)
            case AskPlace() if waiter := queue.waiters.get(call_id):
                waiter.tell(self._place(command.queue, queue, waiter, QueueChange.PLACE))
            case SayReady() if (waiter := queue.waiters.get(call_id)) and waiter.agent:
                waiter.agent.tell(QueueNews(command.queue, QueueChange.READY, call_id))
            case SayJoined() if agent := queue.agents.get(call_id):
                self._joined(queue, agent)
            case LeaveQueue():
                self.leave(call_id, command.queue)

    def leave(self, call_id: str, queue_id: str) -> None:
        """Gone from the queue, as who waits or as who takes."""
        queue = self._queues.get(queue_id)
        if queue is None:
            return
        waiter, agent = queue.waiters.pop(call_id, None), queue.agents.pop(call_id, None)
        if waiter is not None and waiter.agent is not None:
            waiter.agent.waiter = None
            waiter.agent.tell(QueueNews(queue_id, QueueChange.LOST, call_id))
        if agent is not None and agent.waiter is not None:
            agent.waiter.agent = None
            agent.waiter.tell(self._place(queue_id, queue, agent.waiter, QueueChange.LOST))
        self._match(queue_id, queue)

    # One after the other

    def _enter(self, call_id: str, command: EnterQueue, tell: Tell) -> None:
        queue = self._queues.setdefault(command.queue, _Queue())
        if len(queue.waiters) >= command.max_size:
            tell(QueueNews(command.queue, QueueChange.FULL, size=len(queue.waiters)))
            return
        waiter = queue.waiters[call_id] = _Waiter(call_id, tell, self._now())
        tell(self._place(command.queue, queue, waiter, QueueChange.ENTERED))
        self._match(command.queue, queue)

    def _take(self, queue: _Queue, call_id: str, command: TakeFromQueue, tell: Tell) -> None:
        agent = queue.agents[call_id] = _Agent(call_id, tell, command)
        self._match(command.queue, queue)
        if agent.waiter is None:
            tell(QueueNews(command.queue, QueueChange.AWAITING))

    def _match(self, queue_id: str, queue: _Queue) -> None:
        """Give those who wait longest to those who have asked first."""
        free = (waiter for waiter in queue.waiters.values() if waiter.agent is None)
        idle = [agent for agent in queue.agents.values() if agent.waiter is None]
        for agent, waiter in zip(idle, tuple(free), strict=False):
            agent.waiter, waiter.agent = waiter, agent
            waited_s = self._now() - waiter.since_s
            taken = QueueNews(
                queue_id,
                QueueChange.TAKEN,
                agent.call_id,
                waited_s=waited_s,
                whisper=agent.command.whisper,
            )
            matched = QueueNews(queue_id, QueueChange.MATCHED, waiter.call_id, waited_s=waited_s)
            agent.tell(matched)
            waiter.tell(taken)

    def _joined(self, queue: _Queue, agent: _Agent) -> None:
        del queue.agents[agent.call_id]
        if agent.waiter is not None:
            del queue.waiters[agent.waiter.call_id]
            queue.waits_s.append(self._now() - agent.waiter.since_s)

    def _place(self, queue_id: str, queue: _Queue, waiter: _Waiter, change: QueueChange) -> QueueNews:
        position = 1 + tuple(queue.waiters).index(waiter.call_id)
        return QueueNews(
            queue_id,
            change,
            position=position,
            size=len(queue.waiters),
            average_s=queue.average_s,
            waited_s=self._now() - waiter.since_s,
        )
