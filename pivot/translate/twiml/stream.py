"""Stream inside Connect and Start: the call's audio over a WebSocket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from pivot.model.codes import Code
from pivot.model.instructions import StreamNoun
from pivot.translate.twiml.attributes import MAX_URL, Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parameters import read_parameters
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

TRACKS: Final = {track: track for track in ("inbound_track", "outbound_track", "both_tracks")}


def read(element: Element, reading: Reading, *, both_ways: bool) -> Iterator[StreamNoun]:
    """One StreamNoun, or nothing without a usable address; audio both ways has the caller's track only."""
    tracks = {"inbound_track": "inbound_track"} if both_ways else TRACKS
    with Attributes(element, reading) as given:
        given.not_done("audioFormat", "sampleRate", "connectorName")
        noun = StreamNoun(
            url=given.written("url") or "",
            name=given.text("name", max_length=256),
            track=given.choice("track", tracks, "inbound_track", Twilio.STREAM_TRACK),
            parameters=read_parameters(element, reading),
            status=given.callback("statusCallback", (), (), Twilio.STATUS_CALLBACK),
            at=element.at,
        )
    if is_socket(noun.url):
        yield noun
    else:
        reading.unusable(element, Code.TWIML_VALUE, NO_SOCKET, Twilio.STREAM_URL)


NO_SOCKET: Final = "needs a url that begins with wss:// and has no query; skipped"


def is_socket(url: str) -> bool:
    """Whether a text is the address of a WebSocket that audio may go to."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        len(url) <= MAX_URL
        and url.isprintable()
        and " " not in url
        and parts.scheme == "wss"
        and bool(parts.hostname)
        and not parts.query
    )
