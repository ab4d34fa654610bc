"""One call as a state machine: an event in, commands out.

    NEW ──▶ ASKING ──a flow──────────────────────▶ OVER
              │ └────no usable answer, caller gone─▶ OVER
              └──────TwiML──▶ RUNNING ──▶ ENDING ──▶ OVER
                                  └────▶ REPORTING ──┘

ASKING: callflow waits for `processing` or `failed`, and the customer's server has our question. A fetch that
is still unanswered when the timer `slow` fires is worth a binding, so that a hang-up ends it. Exactly one
thing leaves ASKING:

- a flow: `processing`, the flow, and the acknowledgement last, so that a worker that dies half-way is redone
  by another (callflow stopped waiting, and only the flow brings the call on);
- TwiML: the call's events are bound, then `processing`, then the acknowledgement, then the first command;
- a failure: the acknowledgement first, then `failed`, so that it can never follow a second worker's
  `processing`. Should `failed` be lost, callflow's own ten seconds lead to the same `_` child;
- the caller or callflow is gone: the acknowledgement alone.

RUNNING: the call is ours. A document is at work, or the next one is being fetched. Whatever breaks now ends
in the fallback, or in the apology and a hang-up; never in silence. When nothing is heard of the channel for a
while we ask whether it exists, and take silence for its end.

ENDING: we hung up and wait a little for the channel's end. REPORTING: the channel is gone; the running verb's
action, `cdr_url` and whoever waits for a recording are being told. OVER: nothing leaves any more.

A failure counts only when no fallback URL is left to ask; each fetch has one. Events that have no meaning in
a phase are ignored on purpose, since the bus may deliver late and twice.

Each phase has its page in `phases/`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from pivot.execute.call_data import Phase, Verdict
from pivot.execute.cookies import unexpired
from pivot.execute.phases import callflow, hangup, running
from pivot.execute.phases.asking import when_asking, when_new
from pivot.execute.phases.core import Core
from pivot.execute.phases.ending import when_ending, when_over, when_reporting
from pivot.execute.phases.repeated import is_repeated
from pivot.execute.phases.running import when_running
from pivot.execute.rules import Rules
from pivot.execute.state import CallState
from pivot.execute.step_context import Commands
from pivot.model.call import Call
from pivot.model.codes import Code, Outcome
from pivot.model.commands import BusCommand, Command
from pivot.model.events import Event
from pivot.model.notes import Note
from pivot.model.switch import Hangup


class CallMachine:
    """The engine of one call.

    Attributes:
        state: the call's whole state; plain data.
    """

    def __init__(self, state: CallState, rules: Rules) -> None:
        self.state = state
        self._core = Core(state, rules, rules.profile_of(state.request).profile)

    @property
    def rules(self) -> Rules:
        """What the operator chose when the call began."""
        return self._core.rules

    def receive(self, event: Event, at_s: float) -> list[Command | Note]:
        """What is to be done because of `event`, in order.

        Args:
            event: what happened.
            at_s: when, in seconds on the session's clock; never runs backwards.
        """
        if is_repeated(self.state, event):
            return []
        if self.state.cookies:
            self.state.cookies = unexpired(self.state.cookies, self.state.unix_s(at_s))
        return list(self._react(event, at_s))

    def abandon(self, code: Code, message: str, at_s: float) -> list[Command | Note]:
        """The way out when our own code failed: neither callflow nor anybody on the line may wait for us."""
        return list(self._abandon(code, message, at_s))

    def call_for(self, command: BusCommand) -> Call:
        """The call that a command goes to: a leg that we dialled apart has a control queue of its own."""
        leg: str | None = getattr(command, "leg", None)
        call = self.state.request.call
        if leg is None or leg not in self.state.controls:
            return call
        return replace(call, call_id=leg, control_queue=self.state.controls[leg])

    def _react(self, event: Event, at_s: float) -> Commands:
        if self.state.phase is not Phase.RUNNING:
            yield from self._see(event, at_s)
            return
        for each in (yield from hangup.due(self._core, event)):
            if not hangup.is_stale(self._core, each):
                yield from self._see(each.event, at_s)

    def _see(self, event: Event, at_s: float) -> Commands:
        core = self._core
        match self.state.phase:
            case Phase.NEW:
                return when_new(core, event, at_s)
            case Phase.ASKING:
                return when_asking(core, event, at_s)
            case Phase.RUNNING:
                return when_running(core, event, at_s)
            case Phase.ENDING:
                return when_ending(core, event, at_s)
            case Phase.REPORTING:
                return when_reporting(core, event, at_s)
            case Phase.OVER:
                return when_over(core, event)
            case phase:
                assert_never(phase)

    def _abandon(self, code: Code, message: str, at_s: float) -> Commands:
        match self.state.phase:
            case Phase.NEW | Phase.ASKING:
                yield from callflow.fail(self._core, code, message)
            case Phase.RUNNING:
                self.state.program = None
                for leg in self.state.controls:
                    yield Hangup(self.state.draw_id(), leg=leg)
                yield from running.hang_up(self._core, code, message, at_s)
            case _:
                self.state.verdict = Verdict(Outcome.GONE, code, message)
                yield from self._core.over()
