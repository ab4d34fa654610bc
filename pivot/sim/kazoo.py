"""The other side of the bus: a callflow application that asks, waits and goes on.

It does what Kazoo's callflow does with a pivot node: publishes `pivot_req`, waits ten seconds for
`processing` or `failed`, takes its new flow from `CHANNEL_PIVOT`, and goes on with the `_` child otherwise.

Source: cf_pivot.erl, cf_exe.erl.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pivot.errors import WireError
from pivot.model.commands import BusCommand, HandOverFlow, SayFailed, SayProcessing
from pivot.model.events import ChannelDestroyed, Event
from pivot.model.json import JsonObject
from pivot.sim.caller import follow_script
from pivot.sim.leg import Observed
from pivot.sim.link import Arrived, Link
from pivot.sim.switch import SimulatedSwitch
from pivot.wire.envelope import Message
from pivot.wire.messages import Sent, decode_command
from pivot.wire.names import DELIVER_TO_PID, Exchange
from pivot.wire.requests import encode_request
from pivot.wire.switch_events import encode_switch_event

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of pivot about a call, `at_s` seconds after the request."""

    at_s: float
    command: BusCommand


def _future() -> asyncio.Future[str]:
    return asyncio.get_running_loop().create_future()


@dataclass
class SimulatedCall:
    """One call of the simulated cluster.

    Attributes:
        heard: everything that pivot told callflow or the switch about it, in order.
        answered: done when callflow stops waiting: `processing`, `failed` or `silence`.
        over: done when nothing more is to come: `flow`, `failed`, `silence`, or the hang-up cause.
    """

    call_id: str
    pid: str
    asked_at: float
    heard: list[Heard] = field(default_factory=list)
    answered: asyncio.Future[str] = field(default_factory=_future)
    over: asyncio.Future[str] = field(default_factory=_future)

    script: Sequence[Mapping[str, Any]] = ()
    """What the caller does once pivot has taken the call, in seconds from then; see `sim/caller.py`."""

    @property
    def flow(self) -> str | None:
        """The flow that callflow was given."""
        flows = [item.command.flow for item in self.heard if isinstance(item.command, HandOverFlow)]
        return flows[-1] if flows else None

    def outcomes(self) -> list[str]:
        """Every `processing`, `failed` and flow, in the order in which they arrived."""
        words = {SayProcessing: "processing", SayFailed: "failed", HandOverFlow: "flow"}
        return [words[type(item.command)] for item in self.heard if type(item.command) in words]


class SimulatedKazoo:
    """A small cluster on one link: one callflow application and one media server. Made in an event loop.

    Args:
        link: its connection to the bus.
        name: tells several clusters on one bus apart.
        observe: is given what a bystander of a call would notice.
    """

    def __init__(
        self,
        link: Link,
        name: str | None = None,
        observe: Callable[[Observed], None] = lambda observed: None,
    ) -> None:
        self.name = name or secrets.token_hex(6)
        self.node = f"kazoo_apps@{self.name}.example.com"
        self._media_node = f"freeswitch@media1.{self.name}.example.com"
        self.callflow_queue = f"callflow_route_{self.name}"
        self.control_queue = f"ecallmgr@{self.name}.example.com-control"
        self.strays: list[Arrived] = []
        """Messages that no waiting process could be given: wrong or missing process id, unknown call."""
        self.switch = SimulatedSwitch(asyncio.get_running_loop(), self._happened, observe)
        self._link = link
        self._calls: dict[str, SimulatedCall] = {}
        self._publishing: asyncio.Queue[Message] = asyncio.Queue()
        self._publisher: asyncio.Task[None] | None = None
        self._pids = 0

    async def start(self) -> None:
        """Listen where Kazoo listens, and let the switch speak."""
        self._publisher = asyncio.create_task(self._publish(), name="switch events")
        await self._link.listen(Exchange.TARGETED, self.callflow_queue, self._to_callflow)
        await self._link.listen(Exchange.CALLEVT, "call.CHANNEL_PIVOT.*", self._pivoted)
        await self._link.listen(Exchange.CALLCTL, self.control_queue, self._to_switch)

    async def place_call(
        self,
        voice_uri: str,
        *,
        call: JsonObject | None = None,
        script: Sequence[Mapping[str, Any]] = (),
        **options: Any,
    ) -> SimulatedCall:
        """A caller reaches a pivot node.

        Args:
            voice_uri: the node's `voice_url`.
            script: what the caller does once pivot has taken the call.
            call: members of the Call object that differ from an ordinary call's.
            options: further members of the request by their wire names with `_` for `-`: `Debug=True`.
        """
        described = self._describe(call or {})
        message = encode_request(
            described,
            {"Voice-URI": voice_uri, **{name.replace("_", "-"): value for name, value in options.items()}},
            node=self.node,
            msg_id=secrets.token_hex(16),
        )
        call_id = str(described["Call-ID"])
        placed = SimulatedCall(
            call_id, f"<0.{self._pids}.0>", asyncio.get_running_loop().time(), script=script
        )
        self._calls[call_id] = placed
        self.switch.ring(call_id)
        asyncio.get_running_loop().call_later(PATIENCE_S, self._give_up, placed)
        await self._link.publish(message)
        return placed

    def _describe(self, differences: JsonObject) -> JsonObject:
        self._pids += 1
        number = self._pids
        return {
            "Call-ID": f"{secrets.token_hex(8)}-{number}@{self.name}.example.com",
            "Account-ID": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
            "From": "1001@pbx.example.com",
            "To": "5000@pbx.example.com",
            "Request": "5000@pbx.example.com",
            "Caller-ID-Name": "Alice",
            "Caller-ID-Number": "+15550100",
            "Controller-Queue": f"pid://<0.{number}.0>/{self.callflow_queue}",
            "Control-Queue": f"pid://<0.{number}.1>/{self.control_queue}",
            "Switch-Hostname": f"media1.{self.name}.example.com",
            **differences,
        }

    async def stop(self) -> None:
        """Nothing more is published."""
        if self._publisher is not None:
            self._publisher.cancel()
            await asyncio.wait([self._publisher])

    async def _publish(self) -> None:
        """One after the other, so that events keep their order."""
        while True:
            await self._link.publish(await self._publishing.get())

    def _to_callflow(self, message: Arrived) -> None:
        sent = self._understood(message)
        call = self._calls.get(sent.call_id) if sent else None
        if sent is None or call is None or _pid(message) != call.pid:
            self.strays.append(message)
            return
        self._hear(call, sent)

    def _pivoted(self, message: Arrived) -> None:
        sent = self._understood(message)
        call = self._calls.get(sent.call_id) if sent else None
        if sent is not None and call is not None:  # another cluster's calls are none of ours
            self._hear(call, sent)

    def _to_switch(self, message: Arrived) -> None:
        sent = self._understood(message)
        call = self._calls.get(sent.call_id) if sent else None
        if sent is None or call is None:
            self.strays.append(message)
            return
        self._hear(call, sent)

    def _understood(self, message: Arrived) -> Sent | None:
        try:
            return decode_command(message.body)
        except WireError:
            return None

    def _hear(self, call: SimulatedCall, sent: Sent) -> None:
        call.heard.append(Heard(asyncio.get_running_loop().time() - call.asked_at, sent.command))
        match sent.command:
            case SayProcessing():
                if not call.answered.done():
                    follow_script(call.script, self.switch, call.call_id, asyncio.get_running_loop())
                _settle(call.answered, "processing")
            case SayFailed():
                _settle(call.answered, "failed")
                _settle(call.over, "failed")
            case HandOverFlow():
                _settle(call.over, "flow")
            case command:
                self.switch.perform(call.call_id, command)

    def _happened(self, call_id: str, event: Event) -> None:
        message = encode_switch_event(call_id, event, node=self._media_node, msg_id=secrets.token_hex(8))
        self._publishing.put_nowait(message)
        call = self._calls.get(call_id)
        if call is not None and isinstance(event, ChannelDestroyed):
            _settle(call.over, event.hangup_cause or "NORMAL_CLEARING")

    def _give_up(self, call: SimulatedCall) -> None:
        if not call.answered.done():
            _settle(call.answered, "silence")
            _settle(call.over, "silence")


def _settle(future: asyncio.Future[str], how: str) -> None:
    if not future.done():
        future.set_result(how)


def _pid(message: Arrived) -> str | None:
    pid = message.headers.get(DELIVER_TO_PID)
    return None if pid is None else pid.decode()
