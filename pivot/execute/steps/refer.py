"""Refer: the caller's phone shall call somebody else.

The bus has no REFER after the answer. Where the operator wants it, the target is rung and connected with the
caller instead, which is told as the answers that a phone would have given.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.dialling.attempt import Wishes
from pivot.execute.dialling.bridge import BridgeAttempt
from pivot.execute.dialling.caller_id import as_called
from pivot.execute.dialling.targets import parties_of
from pivot.execute.document_request import Texts
from pivot.execute.ids import is_sip_caller
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, Finish, GoOn, Result
from pivot.model.events import ChannelDestroyed, Event
from pivot.model.instructions import ReferVerb
from pivot.model.notes import Emulated, Unsupported
from pivot.model.plain import plain

_NOT_SIP = 13801
_RINGS_S = 30.0
_ACCEPTED = "202"
_CODES = {"busy": "486", "no-answer": "408"}
_CANCELLED = "487"


@plain
@dataclass(slots=True)
class ReferStep:
    """When the target answers, the action is told and its answer thrown away: the caller is with the target.

    With the end of their talk the call ends, as it would when the phone had gone there itself.
    """

    verb: ReferVerb
    attempt: BridgeAttempt | None = None
    told: bool = False
    """The action knows that the target has answered."""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        yield from context.pick_up()
        if not is_sip_caller(context.state.request.call):
            yield context.fault("the caller is in the telephone network, where there is no REFER", _NOT_SIP)
            self.result = GoOn()
        elif not context.rules.refer_dials:
            yield Unsupported("Refer", "the bus has no REFER; see [twiml] refer for another way")
            self._fail(())
        elif self.verb.target is None:
            self._fail(())
        else:
            yield Emulated("Refer", "the target is rung here and connected with the caller")
            parties = parties_of(self.verb.target, (), as_called(context), context)
            wishes = Wishes(_RINGS_S, as_called(context), process_media=bool(context.state.side))
            self.attempt = BridgeAttempt(parties, wishes)
            yield from self.attempt.start(context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        attempt = self.attempt
        if attempt is None:
            return
        if isinstance(event, ChannelDestroyed) and event.call_id == context.leg:
            yield from attempt.stop(context)
            self._end(attempt)
            return
        yield from attempt.receive(event, context)
        if attempt.bridged and not self.told:
            self.told = True
            yield from self._tell(context)
        if attempt.done:
            self._end(attempt)

    def stop(self, context: StepContext) -> Commands:
        if self.attempt is not None:
            yield from self.attempt.stop(context)

    def _tell(self, context: StepContext) -> Commands:
        if self.verb.action is not None:
            told = _parameters("in-progress", "200")
            yield context.tell(context.resolve(self.verb.action), self.verb.method, told)

    def _end(self, attempt: BridgeAttempt) -> None:
        party = attempt.parties[0]
        if self.told:
            self.result = Finish()
        elif party.cause == "ORIGINATOR_CANCEL":
            self._fail(_parameters("canceled", _CANCELLED))
        else:
            code = (party.code or "").removeprefix("sip:") or _CODES.get(party.status, "480")
            self._fail(_parameters(party.status, code))

    def _fail(self, parameters: Texts) -> None:
        if self.verb.action is None:
            self.result = GoOn()
        else:
            told = parameters or (("ReferCallStatus", "failed"),)
            self.result = AskFor(self.verb.action, self.verb.method, told, outlives_caller=True)


def _parameters(status: str, notified: str) -> Texts:
    """As if the phone had accepted the REFER and then told how its call went."""
    return (
        ("ReferCallStatus", status),
        ("ReferSipResponseCode", _ACCEPTED),
        ("NotifySipResponseCode", notified),
    )
