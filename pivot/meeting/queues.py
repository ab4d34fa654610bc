"""The owner's rules of queues: who waits, who takes, who is given to whom."""

from __future__ import annotations

from collections.abc import Callable

from pivot.meeting.empty_queues import forgotten
from pivot.meeting.parties import Agent, Party, Queue, Waiter
from pivot.meeting.talks import Talker, Tell
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

_PAIRED = (QueueChange.TAKEN, QueueChange.MATCHED, QueueChange.READY)


class QueueTable:
    """Every queue that was entered lately.

    Args:
        now: seconds on a clock that all owners share, when there are several.

    Attributes:
        holding: nobody is matched and no queue called unknown yet, since others are still to come back.
        patient: who was given somebody by an earlier owner goes on expecting it.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.holding = False
        self.patient = False
        self._now = now
        self._queues: dict[str, Queue] = {}
        self._serial = 0

    @property
    def places(self) -> int:
        """Queues that somebody is in."""
        return sum(queue.in_use for queue in self._queues.values())

    def perform(self, call_id: str, command: QueueCommand, tell: Tell) -> None:
        """Do it; news reach each party through what it gave as `tell` when it came, at once."""
        if isinstance(command, EnterQueue):
            self._enter(call_id, command, tell)
            return
        queue = self._queues.get(command.queue)
        match command:
            case TakeFromQueue() if (queue is None or not queue.known) and not self.holding:
                tell(QueueNews(command.queue, QueueChange.UNKNOWN))
            case TakeFromQueue():
                self._take(call_id, command, tell)
            case _ if queue is None:
                pass  # a late word to a queue that its owner has lost
            case AskPlace() if waiter := queue.waiters.get(call_id):
                waiter.tell(self._place(command.queue, queue, waiter, QueueChange.PLACE))
            case SayReady(other=other) if (waiter := queue.waiters.get(call_id)) and waiter.other == other:
                waiter.ready = True
                self._tell_ready(command.queue, waiter)
            case SayJoined(other=other) if agent := queue.agents.get(call_id):
                self._join(command.queue, queue, agent, other)
            case LeaveQueue(untold=untold):
                self.leave(call_id, command.queue, untold=untold)

    def leave(self, call_id: str, queue_id: str, *, untold: bool = False) -> None:
        """Gone from the queue, as who waits, as who takes, or as who talks."""
        queue = self._queues.get(queue_id)
        if queue is None:
            return
        queue.talks.leave(queue_id, call_id, untold=untold)
        waiter, agent = queue.waiters.get(call_id), queue.agents.get(call_id)
        if waiter is not None:
            self._remove_waiter(queue, waiter)
            if waiter.agent is not None:
                self._set_idle(queue, waiter.agent)
                waiter.agent.tell(QueueNews(queue_id, QueueChange.LOST, call_id))
        if agent is not None:
            self._remove_agent(queue, agent)
            if agent.waiter is not None:
                self._set_free(queue, agent.waiter)
                agent.waiter.tell(self._place(queue_id, queue, agent.waiter, QueueChange.LOST))
        self._match(queue_id, queue)

    # One after the other

    def _enter(self, call_id: str, command: EnterQueue, tell: Tell) -> None:
        queue = self._used(command.queue, known=True)
        self.leave(call_id, command.queue)
        if len(queue.waiters) >= command.max_size:
            tell(QueueNews(command.queue, QueueChange.FULL, size=len(queue.waiters)))
            return
        waiter = self._add_waiter(queue, Waiter(call_id, tell, self._now(), self._next()))
        tell(self._place(command.queue, queue, waiter, QueueChange.ENTERED))
        self._match(command.queue, queue)

    def _take(self, call_id: str, command: TakeFromQueue, tell: Tell) -> None:
        queue = self._used(command.queue)
        self.leave(call_id, command.queue)
        agent = Agent(call_id, tell, self._now(), self._next(), told=False, command=command)
        self._add_agent(queue, agent)
        self._match(command.queue, queue)
        if not self.holding and agent.waiter is None:
            self._tell_awaiting(command.queue, agent)

    def _match(self, queue_id: str, queue: Queue) -> None:
        """Give those who wait longest to those who have asked first."""
        while queue.free and queue.idle and not self.holding:
            agent, waiter = queue.agents[queue.idle.first], queue.waiters[queue.free.first]
            self._give(queue_id, queue, agent, waiter)

    def _give(self, queue_id: str, queue: Queue, agent: Agent, waiter: Waiter) -> None:
        """Tell each of them what it does not know yet."""
        knows_waiter, knows_agent = agent.expects == waiter.call_id, waiter.expects == agent.call_id
        queue.free.remove(waiter)
        queue.idle.remove(agent)
        self._expect(queue, agent, "")
        self._expect(queue, waiter, "")
        agent.waiter, waiter.agent, agent.told = waiter, agent, True
        if not knows_waiter:
            agent.tell(self._matched(queue_id, waiter))
        if not knows_agent:
            waiter.tell(self._taken(queue_id, waiter, agent))
        self._tell_ready(queue_id, waiter)

    def _join(self, queue_id: str, queue: Queue, agent: Agent, other: str) -> None:
        """Both hear each other; when the caller was gone before, it is not the one whom the agent has now."""
        if agent.waiter is not None and agent.other != other:
            self.leave(agent.call_id, queue_id)
        else:
            self._remove_agent(queue, agent)
        queue.talks.begin(queue_id, Talker(agent.call_id, agent.tell, other, is_caller=False))
        waiter = queue.waiters.get(other)
        if waiter is not None and waiter.other == agent.call_id:
            self._talk(queue_id, queue, waiter, agent.call_id)

    def _talk(self, queue_id: str, queue: Queue, waiter: Waiter, agent: str) -> None:
        """The caller's side: it waits no longer."""
        self._remove_waiter(queue, waiter)
        queue.waits_s.append(self._now() - waiter.since_s)
        waiter.agent = None  # who waits and who takes would hold each other in memory
        queue.talks.begin(queue_id, Talker(waiter.call_id, waiter.tell, agent, is_caller=True))

    # Who is where

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _used(self, queue_id: str, *, known: bool = False) -> Queue:
        queue = self._queues.setdefault(queue_id, Queue(0.0))
        queue.used_s = max(queue.used_s, self._now())
        queue.known = queue.known or known
        return queue

    def _add_waiter(self, queue: Queue, waiter: Waiter) -> Waiter:
        queue.waiters[waiter.call_id] = waiter
        queue.line.add(waiter)
        queue.free.add(waiter)
        return waiter

    def _add_agent(self, queue: Queue, agent: Agent) -> Agent:
        queue.agents[agent.call_id] = agent
        queue.idle.add(agent)
        return agent

    def _remove_waiter(self, queue: Queue, waiter: Waiter) -> None:
        del queue.waiters[waiter.call_id]
        queue.line.remove(waiter)
        queue.free.remove(waiter)
        self._expect(queue, waiter, "")

    def _remove_agent(self, queue: Queue, agent: Agent) -> None:
        del queue.agents[agent.call_id]
        queue.idle.remove(agent)
        self._expect(queue, agent, "")

    def _set_free(self, queue: Queue, waiter: Waiter) -> None:
        waiter.agent, waiter.ready = None, False
        self._expect(queue, waiter, "")
        queue.free.add(waiter)

    def _set_idle(self, queue: Queue, agent: Agent) -> None:
        agent.waiter, agent.told_ready = None, False
        self._expect(queue, agent, "")
        queue.idle.add(agent)

    def _expect(self, queue: Queue, party: Party, other: str) -> None:
        if party.expects and queue.expected.get(party.expects) == party.call_id:
            del queue.expected[party.expects]
        party.expects = other
        if other:
            queue.expected[other] = party.call_id

    # What is told

    def _place(self, queue_id: str, queue: Queue, waiter: Waiter, change: QueueChange) -> QueueNews:
        return QueueNews(
            queue_id,
            change,
            position=1 + (queue.line.ahead_of(waiter) or 0),
            size=len(queue.waiters),
            average_s=queue.average_s,
            waited_s=self._waited_s(waiter),
        )

    def _matched(self, queue_id: str, waiter: Waiter) -> QueueNews:
        return QueueNews(queue_id, QueueChange.MATCHED, waiter.call_id, waited_s=self._waited_s(waiter))

    def _taken(self, queue_id: str, waiter: Waiter, agent: Agent) -> QueueNews:
        return QueueNews(
            queue_id,
            QueueChange.TAKEN,
            agent.call_id,
            waited_s=self._waited_s(waiter),
            whisper=agent.command.whisper,
        )

    def _tell_ready(self, queue_id: str, waiter: Waiter) -> None:
        agent = waiter.agent
        if waiter.ready and agent is not None and not agent.told_ready:
            agent.told_ready = True
            agent.tell(QueueNews(queue_id, QueueChange.READY, waiter.call_id))

    def _tell_awaiting(self, queue_id: str, agent: Agent) -> None:
        if not agent.told:
            agent.told = True
            agent.tell(QueueNews(queue_id, QueueChange.AWAITING))

    def _waited_s(self, waiter: Waiter) -> float:
        return max(0.0, self._now() - waiter.since_s)

    # After another owner

    def resume(
        self,
        call_id: str,
        command: EnterQueue | TakeFromQueue,
        since_s: float,
        heard: QueueNews | None,
        tell: Tell,
    ) -> None:
        """Who was here before, under this or an earlier owner, is here again; told what it does not know.

        Args:
            command: by which it came.
            since_s: when that was.
            heard: what its worker heard last of its membership, `place` apart.
        """
        queue = self._queues.get(command.queue)
        here = queue is not None and call_id in (
            queue.waiters if isinstance(command, EnterQueue) else queue.agents
        )
        if heard is None and not here:
            self.perform(call_id, command, tell)
            return
        queue = self._used(command.queue, known=True)
        other = heard.other if heard is not None and heard.change in _PAIRED else ""
        if isinstance(command, EnterQueue) and queue.talks.talks_with(other, call_id):
            queue.talks.begin(command.queue, Talker(call_id, tell, other, is_caller=True))
            return
        if isinstance(command, EnterQueue):
            self._resume_waiter(queue, call_id, command, since_s, heard is not None, other, tell)
        else:
            knows_ready = heard is not None and heard.change is QueueChange.READY
            self._resume_agent(queue, call_id, command, since_s, heard is not None, other, knows_ready, tell)
        self._match(command.queue, queue)

    def resume_talk(self, call_id: str, command: EnterQueue | TakeFromQueue, other: str, tell: Tell) -> None:
        """Who was joined with `other` before, under this or an earlier owner, is here again."""
        queue = self._used(command.queue, known=True)
        if isinstance(command, EnterQueue):
            if call_id in queue.waiters:
                self.leave(call_id, command.queue)
            queue.talks.begin(command.queue, Talker(call_id, tell, other, is_caller=True), knows=True)
            if not self.patient and not queue.talks.talks_with(other, call_id):
                tell(QueueNews(command.queue, QueueChange.ABANDONED, other))
            return
        agent = queue.agents.get(call_id)
        if agent is None:
            agent = self._add_agent(queue, Agent(call_id, tell, self._now(), self._next(), command=command))
        agent.tell = tell
        self._join(command.queue, queue, agent, other)

    def resume_end(self, call_id: str, queue_id: str, other: str) -> None:
        """Who was joined with `other` has left, and an earlier owner perhaps could not say so."""
        if self.patient or queue_id in self._queues:
            self._used(queue_id).talks.ended(queue_id, call_id, other, returns=self.patient)

    def _resume_waiter(
        self,
        queue: Queue,
        call_id: str,
        command: EnterQueue,
        since_s: float,
        told: bool,
        other: str,
        tell: Tell,
    ) -> None:
        waiter = queue.waiters.get(call_id)
        if waiter is None:
            waiter = self._add_waiter(queue, Waiter(call_id, tell, since_s, self._next()))
            agent = queue.agents.get(other or queue.expected.get(call_id, ""))
            if agent is not None and agent.waiter is None and agent.expects in ("", call_id):
                self._keep(queue, waiter, other)
                self._give(command.queue, queue, agent, waiter)
            elif other and agent is None and self.patient:
                self._keep(queue, waiter, other)
            elif other:
                tell(self._place(command.queue, queue, waiter, QueueChange.LOST))
            return
        waiter.tell = tell
        if not told:
            tell(self._place(command.queue, queue, waiter, QueueChange.ENTERED))
        if other and other != waiter.other:
            tell(self._place(command.queue, queue, waiter, QueueChange.LOST))
        if waiter.agent is not None and waiter.other != other:
            waiter.ready = False
            tell(self._taken(command.queue, waiter, waiter.agent))

    def _resume_agent(
        self,
        queue: Queue,
        call_id: str,
        command: TakeFromQueue,
        since_s: float,
        told: bool,
        other: str,
        knows_ready: bool,
        tell: Tell,
    ) -> None:
        agent = queue.agents.get(call_id)
        if agent is None:
            agent = Agent(call_id, tell, since_s, self._next(), told=told, command=command)
            agent.told_ready = knows_ready
            self._add_agent(queue, agent)
            waiter = queue.waiters.get(other or queue.expected.get(call_id, ""))
            if waiter is not None and waiter.agent is None and waiter.expects in ("", call_id):
                self._keep(queue, agent, other)
                self._give(command.queue, queue, agent, waiter)
            elif other and waiter is None and self.patient:
                self._keep(queue, agent, other)
            elif other:
                agent.told_ready = False
                tell(QueueNews(command.queue, QueueChange.LOST, other))
            return
        agent.tell, agent.told = tell, told
        if other and other != agent.other:
            tell(QueueNews(command.queue, QueueChange.LOST, other))
        agent.told_ready = knows_ready and other == agent.other
        if agent.waiter is None:
            self._tell_awaiting(command.queue, agent)
            return
        if agent.other != other:
            tell(self._matched(command.queue, agent.waiter))
        self._tell_ready(command.queue, agent.waiter)

    def _keep(self, queue: Queue, party: Party, other: str) -> None:
        """Neither free nor idle: somebody was given to it."""
        if other:
            self._expect(queue, party, other)
            queue.free.remove(party)
            queue.idle.remove(party)

    def know(self, queue_id: str, used_s: float) -> None:
        """Somebody saw this queue when it was used."""
        queue = self._queues.setdefault(queue_id, Queue(used_s))
        queue.known, queue.used_s = True, max(queue.used_s, used_s)

    def release(self) -> None:
        """Who had to come back has had the time to: from now on all goes its way."""
        self.holding = False
        for queue_id, queue in tuple(self._queues.items()):
            if not queue.known:
                for agent in tuple(queue.agents.values()):
                    agent.tell(QueueNews(queue_id, QueueChange.UNKNOWN))
                del self._queues[queue_id]
                continue
            self._match(queue_id, queue)
            for agent in tuple(queue.agents.values()):
                if agent.waiter is None and not agent.expects:
                    self._tell_awaiting(queue_id, agent)

    def stop_expecting(self) -> None:
        """Who is not back by now is lost to those who were given it."""
        self.patient = False
        for queue_id, queue in tuple(self._queues.items()):
            queue.talks.abandon(queue_id)
            for agent in [each for each in queue.agents.values() if each.expects]:
                lost = QueueNews(queue_id, QueueChange.LOST, agent.expects)
                self._set_idle(queue, agent)
                agent.tell(lost)
            for waiter in [each for each in queue.waiters.values() if each.expects]:
                self._set_free(queue, waiter)
                waiter.tell(self._place(queue_id, queue, waiter, QueueChange.LOST))
            self._match(queue_id, queue)

    def forget_unused(self) -> None:
        """Queues that nobody is in, and that nobody has used for long, are unknown again."""
        unused = {queue_id: queue.used_s for queue_id, queue in self._queues.items() if not queue.in_use}
        for queue_id in forgotten(unused, self._now()):
            del self._queues[queue_id]
