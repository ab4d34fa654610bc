"""The other side of the bus: a callflow application that asks and waits, and what does as it is told.

The callflow application publishes `pivot_req`, waits ten seconds for `processing` or `failed`, takes its new
flow from `CHANNEL_PIVOT`, and goes on with the `_` child otherwise. Behind it stand media servers with the
processes that control their calls, the carriers' service, the conference and the messaging application, as
far as a pivot node notices them: what they are told they do on the simulated switch, and what happens there
they publish or answer.

Source: cf_pivot.erl, cf_exe.erl; ecallmgr_call_control.erl, stepswitch_bridge.erl, ecallmgr_originate.erl,
conf_discovery_req.erl, ecallmgr_fs_channel.erl for who answers what.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pivot.errors import WireError
from pivot.model.commands import BusCommand, HandOverFlow, SayFailed, SayProcessing
from pivot.model.dialling import (
    CallApart,
    CallToHear,
    CarrierDone,
    LegControlled,
    LegFailed,
    LegPrepared,
    LegReady,
    LegsBridged,
)
from pivot.model.events import ChannelDestroyed, ChannelFound, Event, Executed, FileSent
from pivot.model.json import Json, JsonObject
from pivot.model.rooms import ConferenceJoined, JoinConference
from pivot.model.switch import AskChannel, SendFile
from pivot.sim.behaviour import DOCUMENTED, SwitchBehaviour
from pivot.sim.caller import follow_script
from pivot.sim.leg import Observed, SoundOf, every_url_is_a_sound
from pivot.sim.link import Arrived, Link
from pivot.sim.publisher import Clock
from pivot.sim.switch import SimulatedSwitch
from pivot.wire.conference import encode_conference_event
from pivot.wire.dialling_replies import encode_dialling_reply
from pivot.wire.envelope import Message
from pivot.wire.media_server import encode_reply
from pivot.wire.messages import Sent, decode_command
from pivot.wire.names import DELIVER_TO_PID, Exchange, Field
from pivot.wire.requests import encode_request
from pivot.wire.routing import ORIGINATE_REQUEST
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
    account_id: str
    pid: str
    asked_at: float
    switch: SimulatedSwitch
    heard: list[Heard] = field(default_factory=list)
    answered: asyncio.Future[str] = field(default_factory=_future)
    over: asyncio.Future[str] = field(default_factory=_future)

    script: Sequence[Mapping[str, Any]] = ()
    """What the caller does once pivot has taken the call, in seconds from then; see `sim/caller.py`."""
    done: Callable[[BusCommand], None] = lambda command: None
    """Told of every message, after what it brought about at once."""

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
    """A small cluster on one link: one callflow application and its media servers. Made in an event loop.

    Args:
        link: its connection to the bus.
        name: tells several clusters on one bus apart.
        observe: is given what a bystander of a call on the first media server would notice.
        behaviour: which kind of switch each media server is.
    """

    def __init__(
        self,
        link: Link,
        name: str | None = None,
        observe: Callable[[Observed], None] = lambda observed: None,
        behaviour: SwitchBehaviour = DOCUMENTED,
    ) -> None:
        self.behaviour = behaviour
        self.name = name or secrets.token_hex(6)
        self.node = f"kazoo_apps@{self.name}.example.com"
        self.callflow_queue = f"callflow_route_{self.name}"
        self.control_queue = f"ecallmgr@{self.name}.example.com-control"
        self.originate_queue = f"ecallmgr@{self.name}.example.com-originate"
        self.strays: list[Arrived] = []
        """Messages that nobody could act on: unreadable, for a process that is not there, about no call."""
        self.files: list[SendFile] = []
        """What media servers were told to put somewhere."""
        self._switches: dict[str, SimulatedSwitch] = {}
        self._link = link
        self._calls: dict[str, SimulatedCall] = {}
        self._controls: dict[str, tuple[SimulatedCall, str]] = {}
        """By process id: the call, and the leg that the process controls."""
        self._apart: dict[str, tuple[SimulatedCall, str]] = {}
        """By Call-ID of a leg that is rung apart: the call, and the address of the leg's control process."""
        self._asked: dict[str, str] = {}
        """By Msg-ID of a request: the queue that waits for the answer."""
        self._questions: dict[str, str] = {}
        """By Call-ID of a leg: the request that asks whether it exists."""
        self._rooms: dict[str, tuple[str, str, int]] = {}
        """By Call-ID: account, room and number of a leg in a conference."""
        self._kept: dict[str, dict[str, Json]] = {}
        """By Call-ID: what later ends of applications keep of a bridge."""
        self._publishing: set[asyncio.Task[bool]] = set()
        self._pids = 0
        self.switch = self.add_switch(asyncio.get_running_loop(), observe)

    def add_switch(
        self,
        clock: Clock,
        observe: Callable[[Observed], None] = lambda observed: None,
        sound_of: SoundOf = every_url_is_a_sound,
    ) -> SimulatedSwitch:
        """One more media server; see `SimulatedSwitch`."""
        node = f"freeswitch@media{len(self._switches) + 1}.{self.name}.example.com"
        switch = SimulatedSwitch(clock, partial(self._happened, node), observe, sound_of, self.behaviour)
        self._switches[node] = switch
        return switch

    async def start(self) -> None:
        """Listen where Kazoo listens."""
        await self._link.listen(Exchange.TARGETED, self.callflow_queue, self._to_callflow)
        await self._link.listen(Exchange.CALLEVT, "call.CHANNEL_PIVOT.*", self._to_anybody)
        await self._link.listen(Exchange.CALLEVT, "call.status_req.*", self._to_anybody)
        await self._link.listen(Exchange.CALLCTL, self.control_queue, self._to_control)
        await self._link.listen(Exchange.RESOURCES, "offnet.resource.req.*", self._to_anybody)
        await self._link.listen(Exchange.CALLMGR, ORIGINATE_REQUEST, self._to_anybody)
        await self._link.listen(Exchange.TARGETED, self.originate_queue, self._to_anybody)
        await self._link.listen(Exchange.CONFERENCE, "conference.discovery", self._to_anybody)
        await self._link.listen(Exchange.CONFERENCE, "conference.command.*", self._to_anybody)
        await self._link.listen(Exchange.SWITCH, "switch.command.*", self._to_media_server)
        await self._link.listen(Exchange.IM, "sms.outbound.*", self._to_anybody)

    async def place_call(
        self,
        voice_uri: str,
        *,
        call: JsonObject | None = None,
        script: Sequence[Mapping[str, Any]] = (),
        switch: SimulatedSwitch | None = None,
        name: str | None = None,
        done: Callable[[BusCommand], None] = lambda command: None,
        **options: Any,
    ) -> SimulatedCall:
        """A caller reaches a pivot node.

        Args:
            voice_uri: the node's `voice_url`.
            call: members of the Call object that differ from an ordinary call's.
            script: what the caller does once pivot has taken the call.
            switch: the media server, of `add_switch`; None: the first one.
            name: how observations call the caller's leg; None: not at all.
            done: see `SimulatedCall`.
            options: further members of the request by their wire names with `_` for `-`: `Debug=True`.
        """
        switch = switch or self.switch
        described = self._describe(switch, call or {})
        message = encode_request(
            described,
            {"Voice-URI": voice_uri, **{name.replace("_", "-"): value for name, value in options.items()}},
            node=self.node,
            msg_id=secrets.token_hex(16),
        )
        number, now_s = self._pids, asyncio.get_running_loop().time()
        call_id, account_id = str(described["Call-ID"]), str(described["Account-ID"])
        placed = SimulatedCall(
            call_id, account_id, f"<0.{number}.0>", now_s, switch, script=script, done=done
        )
        self._calls[call_id] = placed
        self._controls[f"<0.{number}.1>"] = placed, call_id
        switch.add_leg(call_id, name)
        asyncio.get_running_loop().call_later(PATIENCE_S, self._give_up, placed)
        await self._link.publish(message)
        return placed

    def _describe(self, switch: SimulatedSwitch, differences: JsonObject) -> JsonObject:
        self._pids += 1
        number = self._pids
        node = next(name for name, each in self._switches.items() if each is switch)
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
            "Switch-Hostname": node.partition("@")[2],
            "Switch-Nodename": node,
            **differences,
        }

    async def stop(self) -> None:
        """Nothing more is published."""
        for task in self._publishing:
            task.cancel()
        await asyncio.gather(*self._publishing, return_exceptions=True)

    # What arrives

    def _to_callflow(self, message: Arrived) -> None:
        sent = self._understood(message)
        call = self._calls.get(sent.call_id) if sent else None
        if sent is None or call is None or _pid(message) != call.pid:
            self.strays.append(message)
            return
        self._hear(call, sent)

    def _to_anybody(self, message: Arrived) -> None:
        """For every node of the cluster; another cluster's calls are none of ours."""
        sent = self._understood(message)
        if sent is None:
            self.strays.append(message)
        elif call := self._call_of(sent.call_id):
            self._hear(call, sent)

    def _to_control(self, message: Arrived) -> None:
        sent = self._understood(message)
        call, leg = self._controls.get(_pid(message) or "", (None, ""))
        if sent is None or call is None or sent.call_id not in call.switch.legs:
            self.strays.append(message)
            return
        self._hear(call, sent, leg)

    def _to_media_server(self, message: Arrived) -> None:
        sent = self._understood(message)
        if sent is None or not isinstance(sent.command, SendFile):
            self.strays.append(message)
        elif (switch := self._switches.get(sent.command.node)) is not None:
            self._asked[sent.msg_id] = sent.server_id or ""
            self.files.append(sent.command)
            switch.perform("", sent.command)

    def _understood(self, message: Arrived) -> Sent | None:
        try:
            return decode_command(message.body)
        except WireError:
            return None

    def _call_of(self, leg: str) -> SimulatedCall | None:
        """Whose leg it is: a caller's, one rung apart, or one that a call's bridge has rung."""
        call, _ = self._apart.get(leg, (None, ""))
        rung = (call for call in self._calls.values() if leg in call.switch.legs)
        return self._calls.get(leg) or call or next(rung, None)

    def _hear(self, call: SimulatedCall, sent: Sent, leg: str = "") -> None:
        call.heard.append(Heard(asyncio.get_running_loop().time() - call.asked_at, sent.command))
        match sent.command:
            case SayProcessing():
                if not call.answered.done():
                    follow_script(call.script, call.switch, call.call_id, call.switch.clock)
                _settle(call.answered, "processing")
            case SayFailed():
                _settle(call.answered, "failed")
                _settle(call.over, "failed")
            case HandOverFlow():
                _settle(call.over, "flow")
            case command:
                self._remember(call, sent)
                call.switch.perform(leg or call.call_id, command)
        call.done(sent.command)

    def _remember(self, call: SimulatedCall, sent: Sent) -> None:
        """What an answer, or an event that is no call event, will need."""
        self._asked[sent.msg_id] = sent.server_id or ""
        match sent.command:
            case AskChannel(msg_id, leg):
                self._questions[leg or call.call_id] = msg_id
            case JoinConference(room=room):
                self._rooms[call.call_id] = call.account_id, room, 0
            case CallApart(endpoint=endpoint) | CallToHear(endpoint=endpoint):
                self._apart[endpoint.call_id] = call, self._control(call, endpoint.call_id)

    # What happens

    def _happened(self, node: str, call_id: str, event: Event) -> None:
        self._publish(self._told(node, call_id, event))
        room = self._rooms.pop(call_id, None) if _has_left_conference(event) else None
        if room is not None:
            self._publish(
                encode_conference_event(call_id, *room, left=True, node=node, msg_id=secrets.token_hex(8))
            )
        call = self._calls.get(call_id)
        if call is not None and isinstance(event, ChannelDestroyed):
            _settle(call.over, event.hangup_cause or "NORMAL_CLEARING")

    def _told(self, node: str, call_id: str, event: Event) -> Message:
        """The message that tells of it: an answer, a conference's event, or the call's."""
        msg_id = secrets.token_hex(8)
        match event:
            case ConferenceJoined(participant=participant):
                account_id, room, _ = self._rooms[call_id]
                self._rooms[call_id] = account_id, room, participant
                return encode_conference_event(
                    call_id, account_id, room, participant, node=node, msg_id=msg_id
                )
            case LegControlled():
                _, control = self._apart[event.call_id]
                controlled = replace(event, control_queue=control)
                return encode_dialling_reply(controlled, self._asked[event.msg_id], node=self.node)
            case LegPrepared():
                _, control = self._apart[event.call_id]
                prepared = replace(event, control_queue=control, queue=self.originate_queue)
                return encode_dialling_reply(prepared, self._asked[event.msg_id], node=self.node)
            case CarrierDone() | LegReady() | LegFailed():
                return encode_dialling_reply(event, self._asked[event.msg_id], node=self.node)
            case FileSent():
                return encode_reply(event, self._asked[event.msg_id], event.msg_id, node=self.node)
            case ChannelFound():
                question = self._questions[event.call_id]
                return encode_reply(event, self._asked[question], question, node=self.node)
        kept = self._kept.get(call_id) if isinstance(event, Executed) else None
        self._keep(call_id, event)
        return encode_switch_event(call_id, event, node=node, msg_id=msg_id, kept=kept)

    def _keep(self, call_id: str, event: Event) -> None:
        """Members of a bridge stay on the channel."""
        if not self.behaviour.keeps_causes:
            return
        kept = self._kept.setdefault(call_id, {})
        match event:
            case LegsBridged(_, other_leg):
                kept[Field.OTHER_LEG_CALL_ID] = other_leg
            case Executed(_, "bridge", cause) if cause is not None:
                kept[Field.HANGUP_CAUSE] = cause
                if event.hangup_code is not None:
                    kept[Field.HANGUP_CODE] = event.hangup_code
            case ChannelDestroyed():
                del self._kept[call_id]

    def _control(self, call: SimulatedCall, leg: str) -> str:
        """The address of a new process that controls this leg."""
        self._pids += 1
        pid = f"<0.{self._pids}.2>"
        self._controls[pid] = call, leg
        return f"pid://{pid}/{self.control_queue}"

    def _publish(self, message: Message) -> None:
        """Messages leave in this order; nobody waits for the broker's word."""
        task = asyncio.create_task(self._link.publish(message))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)

    def _give_up(self, call: SimulatedCall) -> None:
        if not call.answered.done():
            _settle(call.answered, "silence")
            _settle(call.over, "silence")


def _has_left_conference(event: Event) -> bool:
    return isinstance(event, ChannelDestroyed) or (
        isinstance(event, Executed) and event.application == "conference"
    )


def _settle(future: asyncio.Future[str], how: str) -> None:
    if not future.done():
        future.set_result(how)


def _pid(message: Arrived) -> str | None:
    pid = message.headers.get(DELIVER_TO_PID)
    return None if pid is None else pid.decode()
