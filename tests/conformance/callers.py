"""Who calls in a run over a real broker: the case's own caller, guests, and the others in its queue."""

from __future__ import annotations

import asyncio

from pivot.meeting.local import LocalMeetings
from pivot.model.call import Call
from pivot.model.commands import End
from pivot.model.json import JsonObject
from pivot.model.notes import Moment
from pivot.model.queues import QueueChange, QueueNews
from pivot.session.ports import Observer
from pivot.session.world import World
from pivot.sim.kazoo import SimulatedKazoo
from tests.conformance.bystanders import BYSTANDER, Bystanders
from tests.conformance.case_run import CaseRun
from tests.conformance.cases import BASE
from tests.conformance.engine import let_guests_in

_THERE_S = 10.0
"""How long the others in a queue may take to be there."""


class _Entered:
    """Waits for one of the others to be in the queue."""

    def __init__(self, run: CaseRun) -> None:
        self._run = run
        self.there = asyncio.Event()

    def saw(self, moment: Moment, at_s: float) -> None:
        self._run.clock.stir()
        if isinstance(moment, QueueNews) and moment.change is QueueChange.ENTERED:
            self.there.set()


class Callers(Bystanders):
    """The others in a case's queue reach pivot as everybody does, with a document of their own.

    Args:
        run: the case.
        kazoo: the cluster in which all of them are.
        world: what the sessions of all calls are performed with.
        meetings: the owner of queues and rooms.
    """

    def __init__(self, run: CaseRun, kazoo: SimulatedKazoo, world: World, meetings: LocalMeetings) -> None:
        self._run = run
        self._kazoo = kazoo
        self._meetings = meetings
        self._watchers: dict[str, _Entered] = {}
        self.switch = kazoo.add_switch(run.clock, run.notice, run.sound_of)
        super().__init__(run.case, run.request, world, self.switch, meetings.queues)

    async def begin(self) -> None:
        """Those who are there come, then the case's own caller calls."""
        run, request = self._run, self._run.request
        guests = let_guests_in(run.case, self._meetings.rooms, run.account_id)
        await self.come()
        async with asyncio.timeout(_THERE_S):
            for watcher in self._watchers.values():
                await watcher.there.wait()
        placed = await self._kazoo.place_call(
            request.voice_uri,
            call=_described(request.call),
            script=run.case.script,
            switch=self.switch,
            done=run.arrives,
            HTTP_Method=request.method.value,
            Request_Format="twiml",
            **({"CDR_URI": request.cdr_uri} if request.cdr_uri else {}),
        )
        run.placed.append(placed)

        def taken(_: object) -> None:
            guests.follow(run.case.script, run.clock)
            self.follow(run.case.script, run.clock)

        placed.answered.add_done_callback(taken)

    def watch(self, call_id: str) -> tuple[Observer, ...]:
        """Who watches this call."""
        if call_id != self._run.call_id:
            return (self._watchers[call_id],)
        return self._run, self._run.watcher, self

    def saw(self, moment: Moment, at_s: float) -> None:
        """The port `Observer`: when the case's own call is over, the others hang up."""
        if isinstance(moment, End):
            for call_id in self._watchers:
                self.switch.hang_up(call_id)

    def _call(self, call_id: str, document: str) -> None:
        self.calls.append(call_id)
        own_id = self._run.own_id(call_id)
        self._watchers[own_id] = _Entered(self._run)
        path = f"/bystander/{call_id}"
        self._run.responses[path] = [{"twiml": f"<Response>{document}</Response>"}]
        self._tasks.append(asyncio.create_task(self._place(own_id, call_id, path)))

    async def _place(self, own_id: str, call_id: str, path: str) -> None:
        run = self._run
        placed = await self._kazoo.place_call(
            run.addresses.real(BASE + path),
            call={**_described(run.request.call), "Call-ID": own_id},
            switch=self.switch,
            name=BYSTANDER,
            done=run.arrives,
            HTTP_Method="post",
            Request_Format="twiml",
        )
        run.placed.append(placed)
        self.switch.parties.count(own_id, call_id)


def _described(call: Call) -> JsonObject:
    return {
        "Call-ID": call.call_id,
        "Account-ID": call.account_id,
        "From": f"{call.from_.user}@{call.from_.realm}",
        "To": f"{call.to.user}@{call.to.realm}",
        "Request": f"{call.request.user}@{call.request.realm}",
        "Caller-ID-Name": call.caller_id_name,
        "Caller-ID-Number": call.caller_id_number,
    }
