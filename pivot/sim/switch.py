"""A simulated switch at the level of the model: commands in, events out, and what a bystander notices.

It keeps time by the clock it is given, so that a call of an hour takes milliseconds on virtual time and an
hour on real time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pivot.model.codes import Code
from pivot.model.commands import SendMessage
from pivot.model.dialling import DiallingCommand, RingPrepared
from pivot.model.events import ChannelFound, CommandFailed, Event, FileSent
from pivot.model.rooms import ConferenceCommand
from pivot.model.switch import AskChannel, Hangup, SendFile, SetNumber, StopMedia, SwitchCommand
from pivot.sim.applications import TALKS
from pivot.sim.behaviour import DOCUMENTED, SwitchBehaviour
from pivot.sim.dialling import Parties
from pivot.sim.leg import Leg, Observed, SoundOf, every_url_is_a_sound
from pivot.sim.publisher import Clock, EventPublisher


class SimulatedSwitch:
    """All channels of one media server.

    Args:
        clock: what durations are measured by; an asyncio loop is one.
        emit: is given every event with the Call-ID of the leg it is about.
        observe: is given what a bystander would notice.
        sound_of: tells which media make a sound.
        behaviour: which kind of switch it is.
    """

    def __init__(
        self,
        clock: Clock,
        emit: Callable[[str, Event], None],
        observe: Callable[[Observed], None] = lambda observed: None,
        sound_of: SoundOf = every_url_is_a_sound,
        behaviour: SwitchBehaviour = DOCUMENTED,
    ) -> None:
        self.legs: dict[str, Leg] = {}
        self.clock = clock
        self.behaviour = behaviour
        self.publisher = EventPublisher(clock, emit, behaviour)
        self.emit = emit
        self.observe = observe
        self.sound_of = sound_of
        self.parties = Parties(self)

    def ring(self, call_id: str) -> Leg:
        """A caller: a new leg, not answered."""
        return self.add_leg(call_id, None)

    def perform(self, call_id: str, command: SwitchCommand | SendMessage) -> None:
        """Do what the program tells the leg that `call_id` controls, or the leg that the command names.

        A text message is none of the switch's matters; here it leaves the same way.

        A leg that is gone refuses everything but its end.
        """
        if isinstance(command, SendMessage):
            told = {"to": command.to, "from": command.from_, "body": command.body}
            self.observe(Observed(self.clock.time(), "sms", told))
            return
        target = getattr(command, "leg", None) or call_id
        leg = self.legs.get(target)
        if isinstance(command, SendFile):
            self.clock.call_later(0.0, self.emit, call_id, FileSent(command.msg_id, ok=True))
        elif isinstance(command, RingPrepared):
            self.parties.perform(call_id, command)
        elif leg is None or not leg.alive:
            self._refuse(call_id, command)
        elif isinstance(command, AskChannel):
            self.emit(call_id, ChannelFound(target))
        elif isinstance(command, Hangup):
            op, details = self.parties.word_for_end(leg)
            leg.observe(op, **details)
            leg.destroy(command.cause or "NORMAL_CLEARING")
            self.parties.gone(target)
        elif self.behaviour.talks_hold_queue and isinstance(command, TALKS):
            leg.queue(command)
        elif isinstance(command, DiallingCommand | ConferenceCommand):
            self.parties.perform(call_id, command)
        elif isinstance(command, SetNumber) and not self.behaviour.tells_settings:
            return
        elif isinstance(command, StopMedia):
            leg.stop_media(command)
        else:
            leg.queue(command)

    def hang_up(self, call_id: str) -> None:
        """The caller hangs up."""
        leg = self.legs.get(call_id)
        if leg is not None and leg.alive:
            leg.observe("caller_gone")
            leg.destroy("NORMAL_CLEARING" if leg.answered_at_s is not None else "ORIGINATOR_CANCEL")
            self.parties.gone(call_id)

    def add_leg(self, call_id: str, name: str | None, *, originated: bool = False) -> Leg:
        """A new leg; `name` is how observations call it, None for a caller's."""
        begin_talk = partial(self.parties.perform, call_id)
        leg = Leg(
            call_id, self.clock, self.publisher, self.observe, self.sound_of, name, originated, begin_talk
        )
        self.legs[call_id] = leg
        return leg

    def _refuse(self, call_id: str, command: SwitchCommand) -> None:
        if not isinstance(command, Hangup | AskChannel):
            name = type(command).__name__
            self.emit(call_id, CommandFailed(name, Code.CALL_COMMAND, "DOWN", command.msg_id))
