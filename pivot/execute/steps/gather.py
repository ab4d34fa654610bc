"""Gather: keys are collected while prompts play."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pivot.execute.program import Program
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, GoOn, Result
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.events import DigitPressed, Event, TimerFired
from pivot.model.instructions import GatherVerb, Instruction, PauseVerb, Prompt
from pivot.model.notes import Unsupported
from pivot.model.plain import plain


@plain
@dataclass(slots=True)
class GatherStep:
    """Runs the prompts beside the collection. The first key stops them; the timer runs from the end of the
    last prompt, and anew from each key."""

    verb: GatherVerb
    prompts: Program | None = None
    """What still plays."""
    digits: str = ""
    timer: str = ""
    result: Result | None = None

    def start(self, context: StepContext) -> Commands:
        yield from context.pick_up()
        if self.verb.speech is not None:
            yield Unsupported(
                "Gather input=speech", "no speech recognition is connected; words are not heard"
            )
        self.timer = f"gather {context.draw_id()}"
        typed = context.take_typed()
        if self.verb.prompts:
            context.drop_typed()
            self.prompts = Program(context.leg, context.base_url, self._prompts(context))
            yield from self.prompts.start(context)
            yield from self._listen_when_said()
        else:
            yield StartTimer(self.timer, self.verb.timeout_s)
            for digit in typed if context.profile.typeahead else "":
                yield from self._press(digit, context)

    def receive(self, event: Event, context: StepContext) -> Commands:
        match event:
            case DigitPressed(call_id, digit):
                if call_id == context.leg and self._counts():
                    yield from self._press(digit, context)
            case TimerFired(name) if name == self.timer:
                self._finish(context)
            case _ if self.prompts is not None:
                yield from self.prompts.receive(event, context)
                yield from self._listen_when_said()

    def stop(self, context: StepContext) -> Commands:
        yield CancelTimer(self.timer)
        if self.prompts is not None:
            yield from self.prompts.stop(context)

    def _prompts(self, context: StepContext) -> tuple[Instruction, ...]:
        """Keys stop them at the switch already where the profile has it so; the rest follows from here."""
        if self.verb.barge_in and context.profile.say_interruptible:
            return self.verb.prompts
        return tuple(_keyless(each) for each in self.verb.prompts)

    def _counts(self) -> bool:
        """Whether a key is input now."""
        return self.result is None and self.verb.dtmf and (self.verb.barge_in or self.prompts is None)

    def _listen_when_said(self) -> Commands:
        if self.prompts is not None and self.prompts.result is not None:
            self.prompts = None
            yield StartTimer(self.timer, self.verb.timeout_s)

    def _press(self, digit: str, context: StepContext) -> Commands:
        if self.result is not None:
            return  # surplus keys of what was typed ahead
        if self.prompts is not None:
            yield from self.prompts.stop(context)
            self.prompts = None
        is_finish = digit == self.verb.finish_on_key
        self.digits += "" if is_finish else digit
        if is_finish or len(self.digits) == self.verb.num_digits:
            yield CancelTimer(self.timer)
            self._finish(context)
        else:
            yield StartTimer(self.timer, self.verb.timeout_s)

    def _finish(self, context: StepContext) -> None:
        context.take_typed()
        verb = self.verb
        without_prompt = not verb.prompts and context.profile.gather_empty_without_prompt
        if self.digits:
            self.result = AskFor(verb.action, verb.method, (("Digits", self.digits),))
        elif verb.action_on_empty_result or without_prompt:
            self.result = AskFor(verb.action, verb.method)
        else:
            self.result = GoOn()


def _keyless(prompt: Prompt) -> Instruction:
    """No key stops it by itself: that is for the Gather to do, or nobody may."""
    return prompt if isinstance(prompt, PauseVerb) else replace(prompt, terminators=())
