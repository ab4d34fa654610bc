"""Sms: a text message is handed to the cluster's messaging application, where the operator wants it."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.ids import e164, sid
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, GoOn, Result
from pivot.model.call import Call, Method
from pivot.model.commands import CancelTimer, SendMessage, StartTimer
from pivot.model.dialling import EndpointsFound, LookUpEndpoints
from pivot.model.events import ChannelDestroyed, CommandFailed, Event, TimerFired
from pivot.model.instructions import SmsVerb
from pivot.model.notes import Unsupported
from pivot.model.plain import plain

_LOOK_UP_S = 5.0
_TO = 14101
_FROM = 14102


@plain
@dataclass(slots=True)
class SmsStep:
    """The sender is the number that was called, or one of which the database says it is the account's.

    A timer of no time fires when the broker has taken the message: until then its loss is still to be told.
    """

    verb: SmsVerb
    sender: str = ""
    receiver: str = ""
    lookup_id: str = ""
    """Set while the database is asked."""
    message_id: str = ""
    msg_id: str = ""
    timer: str = ""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        call = context.state.request.call
        self.receiver, self.sender = _receiver(self.verb, call), _sender(self.verb, call)
        if not context.rules.sends_messages:
            yield Unsupported("Sms", "messages are not sent from calls; see [twiml] sms")
            yield from self._over("invalid", "failed", context)
        elif not self.receiver:
            yield from self._refuse(
                f"{self.verb.to or 'the caller'} is no number of the network", _TO, context
            )
        elif not self.sender:
            yield from self._refuse("there is no number to send it from", _FROM, context)
        elif self.sender == _called(call):
            yield from self._send(context)
        else:
            self.lookup_id, self.timer = context.draw_id(), f"sms {context.draw_id()}"
            yield LookUpEndpoints(self.lookup_id, number=self.sender)
            yield StartTimer(self.timer, _LOOK_UP_S)

    def receive(self, event: Event, context: StepContext) -> Commands:
        match event:
            case EndpointsFound(lookup_id, owned=owned) if self.lookup_id and lookup_id == self.lookup_id:
                self.lookup_id = ""
                yield CancelTimer(self.timer)
                if owned:
                    yield from self._send(context)
                else:
                    yield from self._not_ours(context)
            case TimerFired(name) if name == self.timer and self.lookup_id:
                self.lookup_id = ""
                yield from self._not_ours(context)
            case TimerFired(name) if name == self.timer and self.msg_id:
                yield from self._sent(context)
            case CommandFailed(message=why, msg_id=msg_id) if self.msg_id and msg_id == self.msg_id:
                yield CancelTimer(self.timer)
                yield context.fault(f"the message was not taken: {why}", None)
                yield from self._over("invalid", "failed", context)
            case ChannelDestroyed(call_id) if call_id == context.leg:
                if self.msg_id:
                    yield from self._sent(context)
                else:
                    yield from self._over("invalid", "failed", context)

    def stop(self, context: StepContext) -> Commands:
        if self.timer:
            yield CancelTimer(self.timer)

    def _send(self, context: StepContext) -> Commands:
        self.msg_id, self.message_id = context.draw_id(), context.draw_id()
        self.timer = f"sms {self.msg_id}"
        yield SendMessage(self.msg_id, self.message_id, self.sender, self.receiver, self.verb.body)
        yield StartTimer(self.timer, 0.0)

    def _sent(self, context: StepContext) -> Commands:
        yield from self._over("sending", "sent", context)

    def _not_ours(self, context: StepContext) -> Commands:
        yield from self._refuse(f"{self.sender} is not known to be a number of the account", _FROM, context)

    def _refuse(self, why: str, number: int, context: StepContext) -> Commands:
        yield context.fault(f"no message is sent: {why}", number)
        yield from self._over("invalid", "failed", context)

    def _over(self, status: str, later: str, context: StepContext) -> Commands:
        """`later` is what the callback is told."""
        verb = self.verb
        known = (("SmsSid", sid(context.profile, "SM", self.message_id)),) if self.message_id else ()
        if verb.action is None:
            self.result = GoOn()
        else:
            self.result = AskFor(verb.action, verb.method, (*known, ("SmsStatus", status)))
        if verb.status_url is not None:
            told = (*known, ("SmsStatus", later))
            yield from context.notify(context.resolve(verb.status_url), Method.POST, told)


def _receiver(verb: SmsVerb, call: Call) -> str:
    if verb.to is not None:
        return e164(verb.to) or ""
    return e164(call.from_.user) or e164(call.caller_id_number) or ""


def _sender(verb: SmsVerb, call: Call) -> str:
    return _called(call) if verb.from_ is None else e164(verb.from_) or ""


def _called(call: Call) -> str:
    """The number that was called, which is the account's; not the one that the caller's phone names."""
    return e164(call.request.user) or ""
