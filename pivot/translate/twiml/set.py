"""Set: variables that every later request of the call carries. Kazoo only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import NameValue, SetVerb
from pivot.translate.twiml.attributes import no_attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parameters import read_pair
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_NAMES: Final = (
    "CallSid AccountSid From To CallStatus ApiVersion Direction ForwardedFrom CallerName ParentCallSid "
    "CallToken FromCity FromState FromZip FromCountry ToCity ToState ToZip ToCountry Caller Called "
    "CallerCity CallerState CallerZip CallerCountry CalledCity CalledState CalledZip CalledCountry "
    "StirVerstat CallerNumber FromRealm ToRealm Digits RecordingUrl RecordingDuration RecordingSid "
    "SpeechResult Confidence DialCallStatus DialCallSid DialCallDuration DialBridged QueueSid QueueTime "
    "QueueResult QueuePosition AvgQueueTime CurrentQueueSize MaxQueueSize DequeingCallSid ErrorCode "
    "ErrorUrl KazooCallId Call-ID"
)
STANDARD: Final = frozenset(_NAMES.split())
"""Names of parameters that a request has of its own; no variable may replace them."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def read(element: Element, reading: Reading) -> Iterator[SetVerb]:
    """One SetVerb, or nothing when it sets nothing."""
    no_attributes(element, reading)
    variables = read_variables(element, reading)
    if variables:
        yield SetVerb(variables, element.at)


def read_variables(element: Element, reading: Reading) -> tuple[NameValue, ...]:
    """The `Variable` children that may be set; warns of every other child."""
    return tuple(_variables(element, reading))


def _variables(element: Element, reading: Reading) -> Iterator[NameValue]:
    for child in element.children:
        if child.name != "Variable":
            reading.misplaced(child, element, Twilio.NOT_IN_SCHEMA)
            continue
        for pair in read_pair(child, reading, "key"):
            if pair.name in STANDARD or _CONTROL.search(pair.name):
                message = f"Variable {pair.name[:80]!r} would replace a standard parameter; not set"
                reading.warn(Code.TWIML_VALUE, child.at, message, None)
            else:
                yield pair
