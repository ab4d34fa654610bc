"""What a dialled party's noun may ask for: a document before joining, and who is told how it goes."""

from __future__ import annotations

from typing import Final

from pivot.model.instructions import Leg
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio

EVENTS: Final = ("initiated", "ringing", "answered", "completed")
MACHINE_DETECTION: Final = (
    "machineDetection",
    "machineDetectionTimeout",
    "machineDetectionSpeechThreshold",
    "machineDetectionSpeechEndThreshold",
    "machineDetectionSilenceTimeout",
    "amdStatusCallback",
    "amdStatusCallbackMethod",
)


def read_leg(given: Attributes, method: Twilio = Twilio.NUMBER_METHOD) -> Leg:
    """`url`, `method` and the status callback of a noun; `method` is the number of a bad one."""
    return Leg(
        url=given.url("url") or None,
        method=given.method("method", method),
        status=given.callback("statusCallback", EVENTS, ("completed",), Twilio.STATUS_CALLBACK),
    )


def no_machine_detection(given: Attributes) -> None:
    """Warn of attributes that ask whether a machine answered: the bus cannot tell."""
    given.not_done(*MACHINE_DETECTION, why="has no effect: answering machines are not detected")
