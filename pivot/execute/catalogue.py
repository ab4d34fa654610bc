"""Which step runs which instruction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pivot.execute.step_context import Step
from pivot.execute.steps.connect import ConnectStep
from pivot.execute.steps.dial import dial_step
from pivot.execute.steps.echo import EchoStep
from pivot.execute.steps.enqueue import EnqueueStep
from pivot.execute.steps.gather import GatherStep
from pivot.execute.steps.hangup import HangupStep
from pivot.execute.steps.leave import LeaveStep
from pivot.execute.steps.pause import pause_step
from pivot.execute.steps.pay import PayStep
from pivot.execute.steps.play import play_step
from pivot.execute.steps.record import RecordStep
from pivot.execute.steps.redirect import RedirectStep
from pivot.execute.steps.refer import ReferStep
from pivot.execute.steps.reject import RejectStep
from pivot.execute.steps.say import say_step
from pivot.execute.steps.set import SetStep
from pivot.execute.steps.sms import SmsStep
from pivot.execute.steps.start import StartStep
from pivot.execute.steps.stop import StopStep
from pivot.model.instructions import (
    ConnectVerb,
    DialVerb,
    EchoVerb,
    EnqueueVerb,
    GatherVerb,
    HangupVerb,
    Instruction,
    LeaveVerb,
    PauseVerb,
    PayVerb,
    PlayVerb,
    RecordVerb,
    RedirectVerb,
    ReferVerb,
    RejectVerb,
    SayVerb,
    SetVerb,
    SmsVerb,
    StartVerb,
    StopVerb,
)

_MAKERS: dict[type, Callable[[Any], Step]] = {
    SayVerb: say_step,
    PlayVerb: play_step,
    PauseVerb: pause_step,
    GatherVerb: GatherStep,
    RecordVerb: RecordStep,
    EchoVerb: EchoStep,
    PayVerb: PayStep,
    SmsVerb: SmsStep,
    RedirectVerb: RedirectStep,
    ReferVerb: ReferStep,
    RejectVerb: RejectStep,
    DialVerb: dial_step,
    EnqueueVerb: EnqueueStep,
    LeaveVerb: LeaveStep,
    HangupVerb: HangupStep,
    SetVerb: SetStep,
    ConnectVerb: ConnectStep,
    StartVerb: StartStep,
    StopVerb: StopStep,
}


def step_for(instruction: Instruction) -> Step:
    """The step that runs `instruction`."""
    return _MAKERS[type(instruction)](instruction)
