"""Record: the caller's voice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pivot.model.instructions import ALL_KEYS, Callback, RecordVerb
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

_LONGEST_S: Final = 14_400
_USUAL_S: Final = 3600
TRIM: Final = {"trim-silence": True, "do-not-trim": False}
RECORDING_EVENTS: Final = ("in-progress", "completed", "absent")


def read(element: Element, reading: Reading) -> Iterator[RecordVerb]:
    """One RecordVerb, always."""
    reading.no_content(element)
    most_s = reading.rules.max_record_s
    with Attributes(element, reading) as given:
        given.not_done("recordingConfigurationId", "recordingChannels", "recordingTrack")
        transcribe = given.boolean("transcribe", False, Twilio.RECORD_TRANSCRIBE)
        if transcribe:
            given.unserved(
                "transcribe", "recordings are not transcribed, as nothing that does it is connected"
            )
        verb = RecordVerb(
            action=given.url("action") or "",
            method=given.method("method", Twilio.RECORD_METHOD),
            timeout_s=given.seconds("timeout", 5.0, 0, _LONGEST_S, Twilio.RECORD_TIMEOUT),
            finish_on_keys=_finish_keys(given),
            max_length_s=given.seconds(
                "maxLength", most_s or _USUAL_S, 1, most_s or _LONGEST_S, _max_length_number(given)
            ),
            play_beep=given.boolean("playBeep", True, Twilio.RECORD_PLAY_BEEP),
            trim=given.choice("trim", TRIM, True, Twilio.TRIM),
            status=recording_status(given),
            transcribe=transcribe,
            transcribe_callback=given.url("transcribeCallback", twilio=Twilio.TRANSCRIBE_CALLBACK),
            upload_url=given.url("recordingUrl") or None,
            at=element.at,
        )
    yield verb


def _finish_keys(given: Attributes) -> tuple[str, ...]:
    if given.written("finishOnKey") == "none":  # Kazoo's word for the empty set
        return ()
    return given.keys("finishOnKey", ALL_KEYS, Twilio.RECORD_FINISH_ON_KEY)


def _max_length_number(given: Attributes) -> Twilio:
    written = given.written("maxLength") or ""
    too_high = written.isascii() and written.isdigit() and written.strip("0")
    return Twilio.RECORD_MAX_LENGTH_HIGH if too_high else Twilio.RECORD_MAX_LENGTH


def recording_status(given: Attributes) -> Callback | None:
    """Who is told about a recording, for every verb that records."""
    return given.callback("recordingStatusCallback", RECORDING_EVENTS, ("completed",), Twilio.RECORD_EVENT)
