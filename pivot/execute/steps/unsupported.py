"""Verbs that nothing on the bus can carry out: told, and passed over without harm."""

from __future__ import annotations

from dataclasses import dataclass

from pivot.execute.line import Course, Line
from pivot.execute.step import AskFor, GoOn, Result
from pivot.model.events import Event
from pivot.model.instructions import Instruction, SmsVerb
from pivot.model.notes import Unsupported
from pivot.model.plain import plain

_WHY = {
    "Sms": "messages are not sent from calls",
}


@plain
@dataclass(slots=True)
class PassedOver:
    """The next one's turn; a verb that must tell its action what came of it does so."""

    verb: str
    action: AskFor | None = None
    result: Result | None = None

    def start(self, line: Line) -> Course:
        self.result = self.action or GoOn()
        yield Unsupported(self.verb, _WHY.get(self.verb, "nothing on the bus can do it"))

    def receive(self, event: Event, line: Line) -> Course:
        return iter(())

    def stop(self, line: Line) -> Course:
        return iter(())


def sms_step(verb: SmsVerb) -> PassedOver:
    told = (("SmsStatus", "invalid"),)
    return PassedOver("Sms", None if verb.action is None else AskFor(verb.action, verb.method, told))


def passed_over(instruction: Instruction) -> PassedOver:
    return PassedOver(type(instruction).__name__.removesuffix("Verb"))
