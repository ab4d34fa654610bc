"""Start: something that goes on beside the call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pivot.model.instructions import (
    Callback,
    RecordingNoun,
    SiprecNoun,
    StartNoun,
    StartVerb,
    TranscriptionNoun,
)
from pivot.translate.twiml import stream
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parameters import read_parameters
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.record import TRIM, recording_status

_CHANNELS: Final = {"dual": True, "mono": False}
_RECORDED_TRACKS: Final = {track: track for track in ("both", "inbound", "outbound")}
_TRANSCRIPTION: Final = (
    "inboundTrackLabel outboundTrackLabel partialResults transcriptionEngine profanityFilter speechModel "
    "hints enableAutomaticPunctuation intelligenceService"
)


def read(element: Element, reading: Reading) -> Iterator[StartVerb]:
    """One StartVerb per noun."""
    with Attributes(element, reading) as given:
        given.not_done("action", "method")
    for child in element.children:
        for noun in _nouns(child, element, reading):
            yield StartVerb(noun, element.at)


def _nouns(child: Element, element: Element, reading: Reading) -> Iterator[StartNoun]:
    match child.name:
        case "Stream":
            yield from stream.read(child, reading, both_ways=False)
        case "Recording":
            yield _recording(child, reading)
        case "Siprec":
            yield _siprec(child, reading)
        case "Transcription":
            yield _transcription(child, reading)
        case _:
            reading.misplaced(child, element, Twilio.START_NOUN)


def _recording(element: Element, reading: Reading) -> RecordingNoun:
    reading.no_children(element)
    with Attributes(element, reading) as given:
        given.not_done("recordingConfigurationId")
        return RecordingNoun(
            name=given.text("name", max_length=256),
            dual=given.choice("channels", _CHANNELS, True, Twilio.NOT_IN_SCHEMA),
            track=given.choice("track", _RECORDED_TRACKS, "both", Twilio.RECORDING_TRACK),
            trim=given.choice("trim", TRIM, False, Twilio.TRIM),
            status=recording_status(given),
            at=element.at,
        )


def _siprec(element: Element, reading: Reading) -> SiprecNoun:
    with Attributes(element, reading) as given:
        return SiprecNoun(
            name=given.text("name", max_length=256),
            connector=given.text("connectorName", max_length=256),
            track=given.choice("track", stream.TRACKS, "inbound_track", Twilio.STREAM_TRACK),
            parameters=read_parameters(element, reading),
            status=given.callback("statusCallback", (), (), Twilio.STATUS_CALLBACK),
            at=element.at,
        )


def _transcription(element: Element, reading: Reading) -> TranscriptionNoun:
    read_parameters(element, reading, ("Config",))
    with Attributes(element, reading) as given:
        url = given.url("statusCallbackUrl")
        method = given.method("statusCallbackMethod", Twilio.STATUS_CALLBACK)
        return TranscriptionNoun(
            name=given.text("name", max_length=256),
            track=given.choice("track", stream.TRACKS, "both_tracks", Twilio.STREAM_TRACK),
            language=given.text("languageCode") or "en-US",
            options=given.rest(*_TRANSCRIPTION.split()),
            status=Callback(url, method) if url is not None else None,
            at=element.at,
        )
