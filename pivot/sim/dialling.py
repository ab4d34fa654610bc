"""Parties who are rung, on the simulated switch: they ring, answer, refuse, hang up and press keys.

A bridge ends with its caller, a party rung apart does not. Parties are numbered in the order in which they
are rung, and do what they are told by number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pivot.model.dialling import (
    BridgeTo,
    CallApart,
    CallerId,
    CallToHear,
    CarrierDone,
    DialCarrier,
    DiallingCommand,
    Endpoint,
    HoldMusic,
    JoinLeg,
    LegControlled,
    LegFailed,
    LegPrepared,
    LegReady,
    LegRinging,
    LegsBridged,
    LegsParted,
    PartLegs,
    RingBack,
    RingPrepared,
    StartRecording,
    StopRecording,
)
from pivot.model.events import Event, Executed, RecordingStarted, RecordingStopped
from pivot.model.rooms import (
    BeepConference,
    ConferenceCommand,
    ConferenceJoined,
    JoinConference,
    LeaveConference,
    SilenceBetween,
)
from pivot.sim.leg import Clock, Handle, Leg, Observed
from pivot.sim.sockets import Socket, socket_of

_CAUSES = {"busy": ("USER_BUSY", 486), "reject": ("CALL_REJECTED", 603)}
_FAILURES = {404: "UNALLOCATED_NUMBER", 480: "SUBSCRIBER_ABSENT", 503: "NORMAL_TEMPORARY_FAILURE"}
CALLEE = "callee"
"""How observations name a party's leg."""


class Host(Protocol):
    """What the parties need of the switch they are on."""

    clock: Clock
    emit: Callable[[str, Event], None]
    observe: Callable[[Observed], None]
    legs: dict[str, Leg]

    def add_leg(self, call_id: str, name: str | None) -> Leg: ...


@dataclass(slots=True, eq=False)
class _Party:
    leg: Leg
    label: str
    ringing: bool = True
    socket: Socket | None = None
    """Set for a gateway: the WebSocket that it opens."""


@dataclass(slots=True, eq=False)
class _Ring:
    """One command that rings parties for a caller."""

    caller: str
    command: DialCarrier | BridgeTo | CallApart | CallToHear
    parties: list[_Party]
    timer: Handle | None = None
    last: tuple[str, str | None] = ("NO_ANSWER", None)
    """Cause and code of the newest refusal."""


@dataclass(slots=True)
class _File:
    command: StartRecording
    began_s: float


@dataclass(slots=True)
class Parties:
    """All who are rung on one switch.

    Attributes:
        host: the switch.
    """

    host: Host
    rung: list[_Party] = field(default_factory=list)
    _rings: list[_Ring] = field(default_factory=list)
    _joined: dict[str, str] = field(default_factory=dict)
    _bridges: dict[str, _Ring | None] = field(default_factory=dict)
    """Of callers who talk: the command that began it, or None when the leg was joined."""
    _files: dict[str, _File] = field(default_factory=dict)
    _prepared: dict[str, tuple[str, CallToHear]] = field(default_factory=dict)
    """By the leg that will be rung at the program's word: for whom, and the command."""
    _hearing: dict[str, str] = field(default_factory=dict)
    """By a leg that hears another: which."""

    # What the program tells the switch

    def perform(self, caller: str, command: DiallingCommand | ConferenceCommand) -> None:
        match command:
            case JoinConference():
                self.host.emit(caller, ConferenceJoined(caller, 1))
            case LeaveConference():
                self.host.emit(caller, Executed(caller, "conference"))
            case BeepConference():
                self._observe("beep")
            case SilenceBetween(other=other):
                self._observe("silence_between", other=str(other))
            case DialCarrier(number=number):
                self._ring(caller, command, [self._party(f"carrier-{len(self.rung)}@sim", number)])
            case BridgeTo(endpoints=endpoints):
                self._ring(caller, command, [self._party_at(each) for each in endpoints])
            case CallToHear():
                self._prepare(caller, command)
            case RingPrepared(leg=leg):
                self._ring_prepared(leg)
            case CallApart(endpoint=endpoint):
                self._ring(caller, command, [self._party_at(endpoint)])
                self.host.emit(
                    caller, LegControlled(command.msg_id, endpoint.call_id, f"{endpoint.call_id}-control")
                )
            case JoinLeg(target=target, label=label):
                self._join(caller, target, label)
            case PartLegs():
                self._unbridge(caller)
            case HoldMusic(media=media):
                self._observe("wait_music", url=media or "default")
            case RingBack():
                pass
            case StartRecording(name=name, label=label):
                self._files[name] = _File(command, self.host.clock.time())
                self._observe("record_start", name=label or name)
                self.host.emit(caller, RecordingStarted(command.leg or caller, f"/tmp/{name}"))
            case StopRecording(name=name):
                self._stop_file(caller, name, "stop")

    def count(self, call_id: str, label: str) -> None:
        """A leg that is on the switch already does what parties are told, by the next number."""
        self.rung.append(_Party(self.host.legs[call_id], label, ringing=False))

    # What the parties do

    def do(self, number: int, deed: str, sip: int | None = None) -> None:
        """`ringing`, `answer`, `busy`, `reject`, `fail` or `hangup`; without effect on who is not rung."""
        if number >= len(self.rung) or not self.rung[number].leg.alive:
            return
        party = self.rung[number]
        match deed:
            case "ringing":
                self._emit(party, LegRinging(party.leg.call_id))
            case "answer" if party.ringing:
                self._answer(party)
            case "hangup":
                self._leave(party, "NORMAL_CLEARING", None)
            case "fail":
                self._leave(party, _FAILURES.get(sip or 503, "NORMAL_TEMPORARY_FAILURE"), sip or 503)
            case _ if deed in _CAUSES:
                cause, code = _CAUSES[deed]
                self._leave(party, cause, sip or code)

    def press(self, number: int, digits: str, between_s: float) -> None:
        """A party presses keys."""
        if number < len(self.rung):
            for index, digit in enumerate(digits):
                self.host.clock.call_later(index * between_s, self.rung[number].leg.press, digit)

    def close_sockets(self) -> None:
        """Whoever a gateway is connected with hangs up the WebSocket, and the gateway its leg."""
        for party in self.rung:
            if party.socket is not None and party.leg.alive:
                self._leave(party, "NORMAL_CLEARING", None)

    def follow(self, row: Mapping[str, Any], at_s: float, between_s: float) -> None:
        """A row of a script: `leg` with `event`, `leg_dtmf` with `digits`, `ws`, or `refer` with `notify`."""
        number = row.get("leg", 0)
        if row["do"] == "ws":
            self.host.clock.call_later(at_s, self.close_sockets)
        elif row["do"] == "refer":
            self._follow_refer(row.get("notify"), at_s)
        elif row["do"] == "leg":
            self.host.clock.call_later(at_s, self.do, number, row["event"], row.get("sip"))
        else:
            self.host.clock.call_later(at_s, self.press, number, row["digits"], between_s)

    def _follow_refer(self, notified: int | None, at_s: float) -> None:
        """The target of a Refer that is emulated: what the phone would tell of it, it does itself."""
        deeds = {200: "answer", 486: "busy"}
        if notified is not None:
            self.host.clock.call_later(at_s, self.do, 0, deeds.get(notified, "fail"), notified)

    # What happens to legs

    def word_for_end(self, leg: Leg) -> tuple[str, dict[str, str | tuple[str, ...] | None]]:
        """How a bystander calls it when the program ends this leg."""
        for party in self.rung:
            if party.leg is leg and party.socket is not None:
                return party.socket.closes
            if party.leg is leg and party.ringing:
                return "cancel_leg", {"target": party.label}
        return ("hangup" if leg.name is None else "hangup_leg"), {}

    def gone(self, call_id: str) -> None:
        """A channel has ended: what hung on it ends too."""
        for name, file in list(self._files.items()):
            if (file.command.leg or call_id) == call_id:
                self._stop_file(call_id, name, "hangup")
        for party in self.rung:
            if party.leg.call_id == call_id:
                self._parted(party)
        for ring in [each for each in self._rings if each.caller == call_id]:
            if not isinstance(ring.command, CallApart | CallToHear):
                self._give_up(ring, "ORIGINATOR_CANCEL", "hangup_leg")
                self._end_ring(ring)
        for party in self.rung:
            if self._hearing.get(party.leg.call_id) == call_id and party.leg.alive:
                self._leave(party, "NORMAL_CLEARING", None)
        other = self._joined.pop(call_id, None)
        if other is not None:
            self._joined.pop(other, None)
            self._part(call_id, other)

    def _unbridge(self, caller: str) -> None:
        """Both stay, parked."""
        other = self._joined.pop(caller, None)
        if other is None:
            return
        self._joined.pop(other, None)
        self._bridges.pop(caller, None)
        self.host.emit(caller, LegsParted(caller))
        self.host.emit(other, LegsParted(other))

    def _part(self, gone: str, other: str) -> None:
        """A party goes with its caller's bridge; a leg that was joined is parked."""
        ring = self._bridges.pop(gone, None)
        leg = self.host.legs[other]
        if ring is not None and leg.alive:
            op, details = self.word_for_end(leg)
            leg.observe(op, **details)
            leg.destroy()
        elif leg.alive:
            self.host.emit(other, LegsParted(other))

    def _party(self, call_id: str, label: str, socket: Socket | None = None) -> _Party:
        return _Party(self.host.add_leg(call_id, CALLEE), label, socket=socket)

    def _party_at(self, endpoint: Endpoint) -> _Party:
        return self._party(endpoint.call_id, endpoint.label, socket_of(endpoint))

    def _ring(
        self, caller: str, command: DialCarrier | BridgeTo | CallApart | CallToHear, parties: list[_Party]
    ) -> None:
        self.rung += parties
        ring = _Ring(caller, command, parties)
        self._rings.append(ring)
        ring.timer = self.host.clock.call_later(command.timeout_s, self._rang_out, ring)
        if not isinstance(command, CallToHear) and not any(party.socket for party in parties):
            self._observe("dial", **_dialled(parties, command.timeout_s, command.caller_id))
        for party in parties:
            if party.socket is not None:  # a machine: it answers at once
                op, details = party.socket.opens
                self._observe(op, **details)
                self.host.clock.call_later(0.0, self._answer, party)

    def _prepare(self, caller: str, command: CallToHear) -> None:
        """Nobody is rung yet: the program is asked for its word first."""
        leg, control = command.endpoint.call_id, f"{command.endpoint.call_id}-control"
        self._prepared[leg] = caller, command
        self.host.emit(caller, LegControlled(command.msg_id, leg, control))
        self.host.emit(caller, LegPrepared(command.msg_id, leg, control, f"{leg}-originate"))

    def _ring_prepared(self, leg: str) -> None:
        caller, command = self._prepared.pop(leg)
        if command.heard in self.host.legs and self.host.legs[command.heard].alive:
            self._hearing[leg] = command.heard
            self._ring(caller, command, [self._party_at(command.endpoint)])
        else:
            self.host.emit(caller, LegFailed(command.msg_id, "INVALID_CALL_REFERENCE"))

    def _rang_out(self, ring: _Ring) -> None:
        self._give_up(ring, "NO_ANSWER", "cancel_leg")
        self._finish(ring, "NO_ANSWER", "sip:487")

    def _give_up(self, ring: _Ring, cause: str, op: str, winner: _Party | None = None) -> None:
        for party in ring.parties:
            if party is not winner and party.leg.alive and party.ringing:
                party.ringing = False
                self._observe(op, target=party.label)
                party.leg.destroy(cause, "sip:487")

    def _answer(self, party: _Party) -> None:
        ring = self._ring_of(party)
        if ring is None:
            return
        party.ringing = False
        party.leg.pick_up()
        self._end_ring(ring)
        if isinstance(ring.command, CallApart | CallToHear):
            self._emit(party, LegReady(ring.command.msg_id, party.leg.call_id))
            return
        self._give_up(ring, "LOSE_RACE", "cancel_leg", winner=party)
        self._bridge(ring.caller, party.leg.call_id, party.label)
        self._bridges[ring.caller] = ring

    def _bridge(self, caller: str, other: str, label: str) -> None:
        leg = self.host.legs[caller]
        if leg.answered_at_s is None:
            leg.observe("answer")
            leg.pick_up()
        self._joined |= {caller: other, other: caller}
        self._observe("bridge", target=label)
        self.host.emit(caller, LegsBridged(caller, other))
        self.host.emit(other, LegsBridged(other, caller))

    def _join(self, caller: str, target: str, label: str) -> None:
        other = self.host.legs.get(target)
        if other is not None and other.alive:
            labels = {each.leg.call_id: each.label for each in self.rung}
            self._bridge(caller, target, label or labels.get(target) or labels.get(caller, ""))
            self._bridges[caller] = None

    def _leave(self, party: _Party, cause: str, sip: int | None) -> None:
        if party.socket is not None:
            op, details = party.socket.closes
            party.leg.observe(op, **details)
        party.leg.destroy(cause, f"sip:{sip}" if sip else None)
        self._parted(party, cause, sip)

    def _parted(self, party: _Party, cause: str = "NORMAL_CLEARING", sip: int | None = None) -> None:
        """A party's channel is gone, whoever ended it."""
        ring = self._ring_of(party)
        if ring is not None and party.ringing:
            party.ringing = False
            ring.last = (cause, f"sip:{sip}" if sip else None)
            if not any(each.ringing for each in ring.parties):
                self._finish(ring, *ring.last)
            return
        caller = self._joined.pop(party.leg.call_id, None)
        if caller is None:
            return
        self._joined.pop(caller, None)
        bridge = self._bridges.pop(caller, None)
        if not self.host.legs[caller].alive:
            return
        self.host.emit(caller, LegsParted(caller))
        if bridge is not None:
            self._tell_end(bridge, cause, "SUCCESS", "sip:200")

    def _finish(self, ring: _Ring, cause: str, code: str | None) -> None:
        """Nobody answered."""
        self._end_ring(ring)
        if isinstance(ring.command, CallApart | CallToHear):
            self.host.emit(ring.caller, LegFailed(ring.command.msg_id, cause))
        elif self.host.legs[ring.caller].alive:
            self._tell_end(ring, cause, cause, code)

    def _tell_end(self, ring: _Ring, cause: str, result: str, code: str | None) -> None:
        self.host.emit(ring.caller, Executed(ring.caller, "bridge", cause))
        if isinstance(ring.command, DialCarrier):
            self.host.emit(ring.caller, CarrierDone(ring.command.msg_id, result, code))

    def _end_ring(self, ring: _Ring) -> None:
        if ring in self._rings:
            self._rings.remove(ring)
        if ring.timer is not None:
            ring.timer.cancel()

    def _ring_of(self, party: _Party) -> _Ring | None:
        return next((ring for ring in self._rings if party in ring.parties), None)

    def _stop_file(self, leg: str, name: str, reason: str) -> None:
        file = self._files.pop(name, None)
        if file is not None:
            leg = file.command.leg or leg
            length_s = round(self.host.clock.time() - file.began_s, 3)
            self._observe("record_stop", reason=reason, name=file.command.label or name)
            self.host.emit(leg, RecordingStopped(leg, f"/tmp/{name}", length_s, node="fs@sim"))

    def _observe(self, op: str, **details: str | tuple[str, ...] | None) -> None:
        self.host.observe(Observed(self.host.clock.time(), op, details))

    def _emit(self, party: _Party, event: Event) -> None:
        ring = self._ring_of(party)
        caller = ring.caller if ring is not None and isinstance(event, LegReady) else party.leg.call_id
        self.host.emit(caller, event)


def _dialled(
    parties: list[_Party], timeout_s: float, caller_id: CallerId
) -> dict[str, str | tuple[str, ...] | None]:
    return {
        "targets": tuple(party.label for party in parties),
        "timeout": str(round(timeout_s)),
        "callerId": caller_id.number or None,
    }
