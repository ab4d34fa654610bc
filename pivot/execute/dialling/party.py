"""One party of a Dial, from the moment it is rung until it is gone, and who is told of that."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.ids import host_of
from pivot.execute.parameters import ChildLeg
from pivot.execute.status import dialled_status
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.times import whole_seconds
from pivot.model.call import Party as Address
from pivot.model.dialling import Endpoint
from pivot.model.instructions import ClientNoun, NumberNoun, QueueNoun, RingNoun, SipNoun
from pivot.model.plain import plain

_RANG_OUT = frozenset({"NO_ANSWER", "ALLOTTED_TIMEOUT", "PROGRESS_TIMEOUT"})


@plain
@dataclass(slots=True)
class DialledParty:
    """A leg that we dial.

    `status` is in Twilio's words and final when `over`.
    """

    noun: RingNoun | QueueNoun
    endpoint: Endpoint
    call_id: str
    """Empty until it is known: the carriers' service chooses it."""
    status: str = "initiated"
    answered_at_s: float | None = None
    ended_at_s: float | None = None
    cause: str | None = None
    code: str | None = None
    """`sip:486` and the like."""
    over: bool = False
    waited_s: float = 0.0
    """In a queue, before it was given to us."""
    told: int = 0
    """How many callbacks have left."""
    shown_as: str = ""
    """The `callerId` that it is shown; empty: the caller's own number."""

    @property
    def label(self) -> str:
        """The endpoint's label, which later commands name the party by."""
        return self.endpoint.label

    @property
    def rang_out(self) -> bool:
        """True when the party ended unanswered because nobody picked up."""
        return self.over and self.answered_at_s is None and self.cause in _RANG_OUT

    def talked_s(self) -> int:
        """Seconds from the answer to the end, to the nearest.

        Both are counted when we hear of them, and one report may take longer to us than the other.
        """
        if self.answered_at_s is None or self.ended_at_s is None:
            return 0
        return whole_seconds(self.ended_at_s - self.answered_at_s)

    def child(self, context: StepContext) -> ChildLeg:
        """This leg as requests describe it."""
        caller = context.state.request.call.from_
        from_ = Address(self.shown_as, caller.realm) if self.shown_as else caller
        return ChildLeg(self.call_id, from_, self._address(caller.realm))

    def _address(self, realm: str) -> Address:
        match self.noun:
            case SipNoun(uri=uri):
                return Address(uri, host_of(uri))
            case ClientNoun(identity=identity):
                return Address(f"client:{identity}", realm)
        return Address(self.label, realm)

    # What happens to it

    def begins(self, context: StepContext) -> Commands:
        """Tell the status callback `initiated`."""
        yield from self._tell("initiated", "initiated", context)

    def rings(self, context: StepContext) -> Commands:
        """Tell the status callback `ringing`, once."""
        if self.status == "initiated" and not self.over:
            self.status = "ringing"
            yield from self._tell("ringing", "ringing", context)

    def answers(self, context: StepContext, since_s: float | None = None) -> Commands:
        """It has picked up, now or at a time that is told only now."""
        if self.answered_at_s is None and not self.over:
            self.answered_at_s, self.status = context.at_s if since_s is None else since_s, "in-progress"
            yield from self._tell("answered", "in-progress", context)

    def ends(self, context: StepContext, cause: str | None = None, code: str | None = None) -> Commands:
        """Its channel is gone, or nobody will ring it any more."""
        if self.over:
            return
        self.over, self.ended_at_s, self.cause, self.code = True, context.at_s, cause, code
        self.status = dialled_status(cause, answered=self.answered_at_s is not None)
        yield from self._tell("completed", self.status, context)

    def _tell(self, event: str, status: str, context: StepContext) -> Commands:
        callback = self.noun.leg.status
        number, self.told = self.told, self.told + 1
        if callback is None or event not in (callback.events or ("completed",)):
            return
        about = context.elsewhere(self.call_id, context.base_url, self.child(context))
        duration = (("CallDuration", str(self.talked_s())),) if event == "completed" else ()
        told = (
            ("CallStatus", status),
            *duration,
            *context.timestamp(),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", str(number)),
        )
        yield from about.notify(context.resolve(callback.url), callback.method, told)


def wants_apart(noun: RingNoun | QueueNoun) -> bool:
    """Whether something has to happen on the leg before it is joined with the caller."""
    return noun.leg.url is not None or (isinstance(noun, NumberNoun) and bool(noun.send_digits))
