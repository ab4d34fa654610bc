"""Parties who are rung, on the simulated switch: they ring, answer, refuse, hang up and press keys.

A bridge ends with its caller, a party rung apart does not. Parties are numbered in the order in which they
are rung, and do what they are told by number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pivot.model.codes import Code
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
from pivot.model.events import CommandFailed, Event, Executed, RecordingStarted, RecordingStopped
from pivot.model.rooms import (
    BeepConference,
    ConferenceCommand,
    ConferenceJoined,
    JoinConference,
    LeaveConference,
    SilenceBetween,
)
from pivot.sim.applications import FILE_NOT_FOUND, PLAYBACK_ERROR
from pivot.sim.behaviour import SwitchBehaviour
from pivot.sim.leg import Leg, Observed, SoundOf
from pivot.sim.publisher import Clock, EventPublisher, Handle
from pivot.sim.sockets import Socket, socket_of

_CAUSES = {"busy": ("USER_BUSY", 486), "reject": ("CALL_REJECTED", 603)}
_FAILURES = {404: "UNALLOCATED_NUMBER", 503: "NORMAL_TEMPORARY_FAILURE"}
CALLEE = "callee"
"""How observations name a party's leg."""


class Host(Protocol):
    """What the parties need of the switch they are on."""

    clock: Clock
    emit: Callable[[str, Event], None]
    """Of what no channel tells."""
    publisher: EventPublisher
    behaviour: SwitchBehaviour
    observe: Callable[[Observed], None]
    sound_of: SoundOf
    legs: dict[str, Leg]

    def add_leg(self, call_id: str, name: str | None, *, originated: bool = False) -> Leg: ...


@dataclass(slots=True, eq=False)
class _Party:
    leg: Leg
    label: str
    ringing: bool = True
    early: bool = False
    """The caller hears its early media."""
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
    untold: list[Event] = field(default_factory=list)
    """Ends of parties that refused, told when the attempt ends."""


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
                if self.host.behaviour.conference_events:
                    self._tell(caller, ConferenceJoined(caller, 1), self._react_s)
            case LeaveConference():
                self.host.legs[caller].finish((JoinConference,), Executed(caller, "conference", self._none))
            case BeepConference():
                self._observe("beep")
            case SilenceBetween(other=other):
                self._observe("silence_between", other=str(other))
            case DialCarrier(number=number):
                self._ring(caller, command, [self._party(f"carrier-{len(self.rung)}-{caller}", number)])
            case BridgeTo(endpoints=endpoints):
                self._ring(caller, command, [self._party_at(each) for each in endpoints])
            case CallToHear():
                self._prepare(caller, command)
            case RingPrepared(leg=leg):
                self._ring_prepared(leg)
            case CallApart(endpoint=endpoint):
                self._ring(caller, command, [self._party_at(endpoint, originated=True)])
                self.host.emit(
                    caller, LegControlled(command.msg_id, endpoint.call_id, f"{endpoint.call_id}-control")
                )
            case JoinLeg(target=target, label=label):
                self._join(caller, command.msg_id, target, label)
            case PartLegs():
                self._unbridge(caller)
            case HoldMusic(media=media):
                self._hold(caller, media)
            case RingBack(answered=answered):
                if not answered:
                    self.host.legs[caller].release()
            case StartRecording(name=name, label=label):
                self._files[name] = _File(command, self.host.clock.time())
                self._observe("record_start", name=label or name)
                self._tell_recording(command.leg or caller)
                leg = command.leg or caller
                self._tell(leg if self._hold_queue else caller, RecordingStarted(leg, f"/tmp/{name}"))
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
            case "early":
                self._play_early(party)
            case "fail" if sip == 480:
                self._leave(party, self.host.behaviour.unavailable, sip)
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
        self._tell(caller, LegsParted(caller))
        if self.host.behaviour.tells_both_legs:
            self._tell(other, LegsParted(other))

    def _part(self, gone: str, other: str) -> None:
        """A party goes with its caller's bridge; a leg that was joined is parked."""
        is_first = gone in self._bridges
        ring = self._bridges.pop(gone, None)
        leg = self.host.legs[other]
        if is_first and not self.host.behaviour.tells_both_legs:
            self._tell(gone, LegsParted(gone, hung_up=True))
        if ring is not None and leg.alive:
            op, details = self.word_for_end(leg)
            leg.observe(op, **details)
            leg.destroy()
        elif leg.alive and (self.host.behaviour.tells_both_legs or not is_first):
            self._tell(other, LegsParted(other))

    def _party(
        self, call_id: str, label: str, socket: Socket | None = None, *, originated: bool = False
    ) -> _Party:
        return _Party(self.host.add_leg(call_id, CALLEE, originated=originated), label, socket=socket)

    def _party_at(self, endpoint: Endpoint, *, originated: bool = False) -> _Party:
        return self._party(endpoint.call_id, endpoint.label, socket_of(endpoint), originated=originated)

    def _ring(
        self, caller: str, command: DialCarrier | BridgeTo | CallApart | CallToHear, parties: list[_Party]
    ) -> None:
        self.rung += parties
        ring = _Ring(caller, command, parties)
        self._rings.append(ring)
        rings_s = command.timeout_s + self.host.publisher.up_to(self.host.behaviour.ring_over_s)
        ring.timer = self.host.clock.call_later(rings_s, self._rang_out, ring)
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
            self._ring(caller, command, [self._party_at(command.endpoint, originated=True)])
        else:
            self.host.emit(caller, LegFailed(command.msg_id, "INVALID_CALL_REFERENCE"))

    def _rang_out(self, ring: _Ring) -> None:
        self._give_up(ring, "NO_ANSWER", "cancel_leg")
        self._finish(ring, "NO_ANSWER", self.host.behaviour.unanswered_code)

    def _give_up(self, ring: _Ring, cause: str, op: str, winner: _Party | None = None) -> None:
        for party in ring.parties:
            if party is not winner and party.leg.alive and party.ringing:
                party.ringing = False
                self._observe(op, target=party.label)
                party.leg.destroy(cause, self._code_of(cause))

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
        self._bridge(ring.caller, party.leg.call_id, party.label, told=party.early)
        self._bridges[ring.caller] = ring

    def _bridge(
        self, caller: str, other: str, label: str, *, told: bool = False, after_s: float = 0.0
    ) -> None:
        """Two legs hear each other; `told`: the switch has said so at the early media."""
        leg = self.host.legs[caller]
        if leg.answered_at_s is None:
            leg.observe("answer")
            leg.pick_up()
        self._joined |= {caller: other, other: caller}
        self._observe("bridge", target=label)
        if not told:
            self._tell_bridged(caller, other, after_s)
        if self.host.behaviour.tells_both_legs:
            self._tell(other, LegsBridged(other, caller))

    def _join(self, caller: str, msg_id: str, target: str, label: str) -> None:
        other = self.host.legs.get(target)
        if other is not None and other.alive:
            labels = {each.leg.call_id: each.label for each in self.rung}
            label = label or labels.get(target) or labels.get(caller, "")
            other.break_for_talk()
            self._bridge(caller, target, label, after_s=3 * self._react_s)
            self._bridges[caller] = None
        elif self.host.behaviour.refuses_dead_target:
            text = "failed to find target callid"
            self._tell(caller, CommandFailed("connect_leg", Code.CALL_COMMAND, text, msg_id), self._react_s)
            self.host.legs[caller].release()

    def _hold(self, caller: str, media: str | None) -> None:
        self._observe("wait_music", url=media or "default")
        leg = self.host.legs[caller]
        if not self._hold_queue:
            return
        if media is None and not self.host.behaviour.has_hold_music:
            self.host.clock.call_later(
                self._react_s, leg.finish, (HoldMusic,), Executed(caller, "hold", PLAYBACK_ERROR)
            )
        elif media is not None and self.host.sound_of(media) is not None:
            self.host.clock.call_later(
                self._react_s, leg.finish, (HoldMusic,), Executed(caller, "hold", FILE_NOT_FOUND)
            )

    def _play_early(self, party: _Party) -> None:
        """Early media: the caller is bridged with whoever plays it, unless the command says to ignore it."""
        self._emit(party, LegRinging(party.leg.call_id))
        ring = self._ring_of(party)
        if ring is None or isinstance(ring.command, CallApart | CallToHear):
            return
        ignored = isinstance(ring.command, BridgeTo) and ring.command.ignore_early_media
        if self.host.behaviour.bridges_early and not ignored:
            party.early = True
            self._tell_bridged(ring.caller, party.leg.call_id)

    def _leave(self, party: _Party, cause: str, sip: int | None) -> None:
        if party.socket is not None:
            op, details = party.socket.closes
            party.leg.observe(op, **details)
        ring = self._ring_of(party)
        waits = self.host.behaviour.refusal_waits and party.ringing and ring is not None
        untold = ring.untold if waits and ring is not None else None
        party.leg.destroy(cause, f"sip:{sip}" if sip else None, untold=untold)
        self._parted(party, cause, sip)

    def _parted(self, party: _Party, cause: str = "NORMAL_CLEARING", sip: int | None = None) -> None:
        """A party's channel is gone, whoever ended it."""
        ring = self._ring_of(party)
        if ring is not None and party.ringing:
            party.ringing = False
            ring.last = (cause, f"sip:{sip}" if sip else None)
            if party.early:
                ring.last = ("ORIGINATOR_CANCEL", None)
                self._tell(ring.caller, LegsParted(ring.caller))
            if not any(each.ringing for each in ring.parties):
                self._finish(ring, *ring.last)
            return
        if party.leg.call_id in self._bridges and not self.host.behaviour.tells_both_legs:
            return  # the first leg of a talk: `gone` tells it
        caller = self._joined.pop(party.leg.call_id, None)
        if caller is None:
            return
        self._joined.pop(caller, None)
        bridge = self._bridges.pop(caller, None)
        if not self.host.legs[caller].alive:
            return
        self._tell(caller, LegsParted(caller))
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
        end = Executed(ring.caller, "bridge", cause)
        if self.host.behaviour.tells_dispositions:
            heard = result == "SUCCESS" or any(party.early for party in ring.parties)
            end = replace(end, bridged=heard, hangup_code=code)
        self.host.legs[ring.caller].finish((BridgeTo, DialCarrier), end)
        if isinstance(ring.command, DialCarrier):
            self.host.emit(ring.caller, CarrierDone(ring.command.msg_id, result, code))

    def _end_ring(self, ring: _Ring) -> None:
        if ring in self._rings:
            self._rings.remove(ring)
        if ring.timer is not None:
            ring.timer.cancel()
        for event in ring.untold:
            self._tell(event.call_id, event)  # type: ignore[union-attr]
        ring.untold.clear()

    def _ring_of(self, party: _Party) -> _Ring | None:
        return next((ring for ring in self._rings if party in ring.parties), None)

    def _stop_file(self, leg: str, name: str, reason: str) -> None:
        file = self._files.pop(name, None)
        if file is not None:
            leg = file.command.leg or leg
            length_s = round(self.host.clock.time() - file.began_s, 3)
            self._observe("record_stop", reason=reason, name=file.command.label or name)
            self._tell_recording(leg)
            self._tell(leg, RecordingStopped(leg, f"/tmp/{name}", length_s, node="fs@sim"))

    def _observe(self, op: str, **details: str | tuple[str, ...] | None) -> None:
        self.host.observe(Observed(self.host.clock.time(), op, details))

    def _emit(self, party: _Party, event: Event) -> None:
        ring = self._ring_of(party)
        caller = ring.caller if ring is not None and isinstance(event, LegReady) else party.leg.call_id
        self._tell(caller, event)

    def _tell(self, call_id: str, event: Event, after_s: float = 0.0) -> None:
        self.host.publisher.tell(call_id, event, after_s)

    def _tell_bridged(self, caller: str, other: str, after_s: float = 0.0) -> None:
        answered = self.host.legs[caller].answered_at_s is not None
        told = LegsBridged(caller, other, answered if self.host.behaviour.tells_dispositions else None)
        self._tell(caller, told, after_s)

    def _tell_recording(self, leg: str) -> None:
        if self.host.behaviour.tells_recording and self.host.legs[leg].alive:
            self._tell(leg, Executed(leg, "record_call", self._none))

    @property
    def _none(self) -> str | None:
        return self.host.behaviour.no_response

    @property
    def _react_s(self) -> float:
        return self.host.behaviour.reaction_s

    @property
    def _hold_queue(self) -> bool:
        return self.host.behaviour.talks_hold_queue

    def _code_of(self, cause: str) -> str | None:
        """Of a party that is given up."""
        return self.host.behaviour.unanswered_code if cause == "NO_ANSWER" else "sip:487"


def _dialled(
    parties: list[_Party], timeout_s: float, caller_id: CallerId
) -> dict[str, str | tuple[str, ...] | None]:
    return {
        "targets": tuple(party.label for party in parties),
        "timeout": str(round(timeout_s)),
        "callerId": caller_id.number or None,
    }
