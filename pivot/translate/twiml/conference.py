"""Conference inside Dial: a room of the account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import Callback, ConferenceNoun, NameValue
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.record import TRIM, recording_status

_BEEPS: Final = {
    "true": (True, True),
    "false": (False, False),
    "onEnter": (True, False),
    "onExit": (False, True),
}
_RECORD: Final = {"do-not-record": False, "record-from-start": True, "true": True, "false": False}
_EVENTS: Final = ("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
_KAZOO: Final = (
    "deaf",
    "play_name",
    "play_entry_prompt",
    "announceCount",
    "callerControls",
    "moderatorControls",
    "energyLevel",
    "comfortNoise",
    "interval",
    "rate",
    "callerIdName",
    "callerIdNumber",
    "engine",
)
_VOICES: Final = {"male": "male", "female": "female", "man": "male", "woman": "female"}
_MOST_PARTICIPANTS: Final = 250
_NO_LABEL: Final = re.compile(r"\ACA[0-9a-f]{32}\Z|/|%2F", re.IGNORECASE)


def read(element: Element, reading: Reading) -> Iterator[ConferenceNoun]:
    """One ConferenceNoun, or nothing without a name."""
    reading.no_children(element)
    with Attributes(element, reading) as given:
        given.not_done("jitterBufferSize", "region", "recordingConfigurationId")
        beep_on_enter, beep_on_exit = given.choice("beep", _BEEPS, (True, True), Twilio.CONFERENCE_BEEP)
        noun = ConferenceNoun(
            name=element.text,
            muted=given.boolean("muted", False, Twilio.CONFERENCE_MUTED),
            beep_on_enter=beep_on_enter,
            beep_on_exit=beep_on_exit,
            start_on_enter=given.boolean("startConferenceOnEnter", True, Twilio.CONFERENCE_START),
            end_on_exit=given.boolean("endConferenceOnExit", False, Twilio.CONFERENCE_END),
            label=_label(given),
            wait_url=given.url("waitUrl", twilio=Twilio.CONFERENCE_WAIT_URL),
            wait_method=given.method("waitMethod", Twilio.CONFERENCE_WAIT_METHOD),
            max_participants=given.whole("maxParticipants", _MOST_PARTICIPANTS, 2, _MOST_PARTICIPANTS, None),
            record=given.choice("record", _RECORD, False, Twilio.RECORD_MODE),
            trim=given.choice("trim", TRIM, False, Twilio.CONFERENCE_TRIM),
            recording_status=recording_status(given),
            coach=given.text("coach", max_length=256, twilio=Twilio.CONFERENCE_COACH),
            status=_status(given),
            extras=_extras(given),
            at=element.at,
        )
    if noun.name:
        yield noun
    else:
        reading.unusable(element, Code.TWIML_VALUE, "has no name; skipped", Twilio.CONFERENCE_NAME)


def _label(given: Attributes) -> str | None:
    label = given.text("participantLabel", max_length=128, twilio=Twilio.CONFERENCE_LABEL)
    if label is None or not _NO_LABEL.search(label):
        return label
    given.bad("participantLabel", "looks like a CallSid or holds a slash; ignored", Twilio.CONFERENCE_LABEL)
    return None


def _status(given: Attributes) -> Callback | None:
    """The status callback; its older name is read when the newer is absent."""
    older = given.url("eventCallbackUrl")
    status = given.callback("statusCallback", _EVENTS, (), Twilio.CONFERENCE_CALLBACK)
    if status is None and older is not None:
        return Callback(older, events=_EVENTS)
    return status


def _extras(given: Attributes) -> tuple[NameValue, ...]:
    voice = given.choice("voice", _VOICES, None, None)
    spoken = (NameValue("voice", voice),) if voice else ()
    return given.rest(*_KAZOO) + spoken
