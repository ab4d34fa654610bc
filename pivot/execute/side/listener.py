"""A gateway that hears the call, beside whatever it does.

The switch prepares the gateway's leg and waits a few seconds for our word before it rings it; so a leg that
nobody can hang up never comes into being. It hears the caller and whomever the caller talks with, mixed.
Source: ecallmgr_originate.erl, get_originate_action and originate_ready.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.step_context import Commands, StepContext
from pivot.execute.streams import RINGS_S, Stream
from pivot.model.commands import BindCall, UnbindCall
from pivot.model.dialling import CallToHear, LegFailed, LegPrepared, LegReady, RingPrepared
from pivot.model.events import ChannelDestroyed, CommandFailed, Event
from pivot.model.instructions import SideTask, TranscriptionNoun
from pivot.model.plain import plain
from pivot.model.switch import Hangup


@plain
@dataclass(slots=True)
class Listener:
    """A gateway that hears the call from a leg of its own, for Stream and Transcription inside Start."""

    stream: Stream
    leg: str = ""
    """The gateway's."""
    msg_id: str = ""
    rung: bool = False
    done: bool = False

    @property
    def kind(self) -> SideTask:
        is_words = isinstance(self.stream.noun, TranscriptionNoun)
        return SideTask.TRANSCRIPTION if is_words else SideTask.STREAM

    @property
    def name(self) -> str:
        return self.stream.name

    def start(self, context: StepContext) -> Commands:
        party = self.stream.party(context, both_ways=False)
        self.leg, self.msg_id = party.call_id, context.draw_id()
        yield BindCall(self.leg)
        yield CallToHear(self.msg_id, party.endpoint, context.leg, RINGS_S)

    def receive(self, event: Event, context: StepContext) -> Commands:
        match event:
            case LegPrepared(msg_id, control_queue=control, queue=queue) if msg_id == self.msg_id:
                if not self.rung:
                    self.rung = True
                    context.state.controls[self.leg] = control
                    yield RingPrepared(self.msg_id, self.leg, queue)
            case LegReady(msg_id) if msg_id == self.msg_id:
                if self.stream.started_at_s is None:
                    yield from self.stream.started(context)
            case LegFailed(msg_id, why) if msg_id == self.msg_id:
                yield from self._fail(why, context)
            case CommandFailed(message=why, msg_id=msg_id) if msg_id == self.msg_id:
                yield from self._fail(why, context)
            case ChannelDestroyed(call_id, cause) if call_id == self.leg:
                context.state.controls.pop(self.leg, None)
                if self.stream.started_at_s is None:
                    yield from self._fail(cause or "no answer", context)
                else:
                    yield from self._end(context)
            case ChannelDestroyed(call_id) if call_id == context.leg:
                yield from self.stop(context)

    def stop(self, context: StepContext) -> Commands:
        """One that was not rung yet never will be: nobody gives the word."""
        if self.rung:
            yield Hangup(context.draw_id(), leg=self.leg)
        yield from self._end(context)

    def _end(self, context: StepContext) -> Commands:
        self.done = True
        yield UnbindCall(self.leg)
        yield from self.stream.ended(context)

    def _fail(self, why: str, context: StepContext) -> Commands:
        self.done = True
        yield UnbindCall(self.leg)
        yield from self.stream.failed(why, context)
