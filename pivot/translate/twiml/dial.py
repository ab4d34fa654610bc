"""Dial: connect the caller with somebody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from pivot.model.codes import Code
from pivot.model.instructions import ConferenceNoun, DialNoun, DialVerb, NumberNoun, QueueNoun, RecordCall
from pivot.model.switch_text import CALLER
from pivot.translate.twiml import apart, client, conference, device, kazoo, number, queue, sip, user
from pivot.translate.twiml.attributes import Attributes
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading
from pivot.translate.twiml.record import TRIM, recording_status

NOUNS: Final[dict[str, Callable[[Element, Reading], Iterator[DialNoun]]]] = {
    "Number": number.read,
    "Sip": sip.read,
    "Client": client.read,
    "User": user.read,
    "Device": device.read,
    "Conference": conference.read,
    "Queue": queue.read,
}
_NOT_HERE: Final = {
    "Sim": Twilio.SIM,
    "Application": Twilio.NOT_IN_SCHEMA,
    "WhatsApp": Twilio.NOT_IN_SCHEMA,
}
_RECORD: Final = {
    "do-not-record": (RecordCall.NO, False),
    "false": (RecordCall.NO, False),
    "true": (RecordCall.FROM_ANSWER, False),
    "record-from-answer": (RecordCall.FROM_ANSWER, False),
    "record-from-ringing": (RecordCall.FROM_RINGING, False),
    "record-from-answer-dual": (RecordCall.FROM_ANSWER, True),
    "record-from-ringing-dual": (RecordCall.FROM_RINGING, True),
}
_TRACKS: Final = {track: track for track in ("both", "inbound", "outbound")}
_PARTY: Final = re.compile(r"(?:sips?:)?[^@:\s]+@[^@\s]+|client:[^@\s]+", re.IGNORECASE)
"""A caller who is no number: an address of SIP, or a client."""
_STRATEGIES: Final = {"simultaneous": False, "single": True}
_RING_TONES: Final = (
    "at au bg br be ch cl cn cz de dk ee es fi fr gr hu il in it lt jp mx my nl no nz ph pl pt ru se sg th uk"
    " us us-old tw ve za"
)
_MOST_NOUNS: Final = 10
_LONGEST_RINGING_S: Final = 600
_LONGEST_CALL_S: Final = 86_400
_ANY_LENGTH_S: Final = 999_999_999


def read(element: Element, reading: Reading) -> Iterator[DialVerb]:
    """One DialVerb, always; without nouns it fails when it runs."""
    with Attributes(element, reading) as given:
        sequential = _sequential(given)
        nouns = _chosen(tuple(_nouns(element, reading)), element, reading)
        record, dual = given.choice("record", _RECORD, (RecordCall.NO, False), Twilio.RECORD_MODE)
        given.not_done("recordingConfigurationId", "events", "passports")
        verb = DialVerb(
            nouns=apart.without_blanks(nouns, sequential, reading),
            has_text=_begins_with_text(element),
            action=given.url("action"),
            method=given.method("method", Twilio.DIAL_METHOD),
            timeout_s=_timeout(given, reading),
            hangup_on=_hangup_key(given),
            time_limit_s=given.seconds("timeLimit", 14_400.0, 1, _LONGEST_CALL_S, Twilio.DIAL_TIME_LIMIT),
            caller_id=_caller_id(given),
            record=record,
            record_dual=dual,
            recording_track=given.choice("recordingTrack", _TRACKS, "both", Twilio.RECORDING_TRACK),
            trim=given.choice("trim", TRIM, False, Twilio.TRIM),
            recording_status=recording_status(given),
            answer_on_bridge=given.boolean("answerOnBridge", False, Twilio.DIAL_ANSWER_ON_BRIDGE),
            ring_tone=_ring_tone(given),
            sequential=sequential,
            refer_url=_refer_url(given),
            refer_method=given.method("referMethod", Twilio.DIAL_METHOD),
            call_reason=given.text("callReason", max_length=50),
            continue_on_fail=given.choice("continueOnFail", {"true": True, "false": False}, True, None),
            at=element.at,
        )
    yield verb


def _begins_with_text(element: Element) -> bool:
    """Be it blanks: Kazoo takes them for text, too. Source: kzt_twiml_dial.erl, exec."""
    return bool(element.content) and isinstance(element.content[0], str)


def _nouns(element: Element, reading: Reading) -> Iterator[DialNoun]:
    if not element.children:
        yield from _number(element, reading)
    for child in element.children:
        if child.name in NOUNS:
            yield from NOUNS[child.name](child, reading)
        elif child.name in _NOT_HERE:
            reading.unusable(
                child, Code.TWIML_NESTING, "cannot be dialled here; skipped", _NOT_HERE[child.name]
            )
        else:
            reading.misplaced(child, element, Twilio.DIAL_CHILD)


def _number(element: Element, reading: Reading) -> Iterator[NumberNoun]:
    dialable = number.dialable(element.text)
    if dialable is not None:
        yield NumberNoun(dialable, at=element.at)
    else:
        message = f"{element.text[:80]!r} is no telephone number"
        reading.unusable(element, Code.TWIML_VALUE, message, Twilio.NUMBER_FORMAT)


def _chosen(nouns: tuple[DialNoun, ...], element: Element, reading: Reading) -> tuple[DialNoun, ...]:
    """A Conference, else a Queue, stands alone; others ring together, ten at most."""
    for alone in (ConferenceNoun, QueueNoun):
        first = next((noun for noun in nouns if isinstance(noun, alone)), None)
        if first is not None:
            if len(nouns) > 1:
                message = f"Dial mixes {alone.__name__.removesuffix('Noun')} with others; these are skipped"
                reading.warn(Code.TWIML_NESTING, element.at, message, Twilio.CONFERENCE_MIXED)
            return (first,)
    if len(nouns) > _MOST_NOUNS:
        message = f"Dial has {len(nouns)} nouns; the first {_MOST_NOUNS} are called"
        reading.warn(Code.TWIML_NESTING, element.at, message, Twilio.TOO_MANY_NOUNS)
    return nouns[:_MOST_NOUNS]


def _timeout(given: Attributes, reading: Reading) -> float | None:
    if reading.rules.as_kazoo:  # which rings for an hour at most, whatever is written
        timeout_s = given.whole("timeout", None, 1, _ANY_LENGTH_S, Twilio.DIAL_TIMEOUT)
        return None if timeout_s is None else float(min(timeout_s, kazoo.LONGEST_RINGING_S))
    timeout_s = given.whole("timeout", None, 1, _LONGEST_RINGING_S, Twilio.DIAL_TIMEOUT)
    return None if timeout_s is None else float(timeout_s)


def _hangup_key(given: Attributes) -> str | None:
    """`hangupOnStar`, or Kazoo's `hangupOn` with a key of choice."""
    star = given.boolean("hangupOnStar", False, Twilio.DIAL_HANGUP_ON_STAR)
    keys = given.keys("hangupOn", (), Twilio.NOT_IN_SCHEMA)
    if len(keys) > 1:
        given.bad("hangupOn", "is more than one key; the first is used", Twilio.NOT_IN_SCHEMA)
    return keys[0] if keys else "*" if star else None


def _caller_id(given: Attributes) -> str | None:
    written = given.text("callerId", max_length=256, twilio=Twilio.DIAL_CALLER_ID)
    if written is None:
        return None
    dialable = number.dialable(written)
    if dialable is not None:
        return dialable
    refused = CALLER.refuses(written)
    if refused is None and _PARTY.fullmatch(written):
        return written
    why = "" if refused is None else f", as it holds {refused}"
    message = f"is neither a number nor an address{why}; the caller's is used"
    given.bad("callerId", message, Twilio.DIAL_CALLER_ID)
    return None


def _ring_tone(given: Attributes) -> str | None:
    countries = {country: country for country in _RING_TONES.split()}
    return given.choice("ringTone", countries, None, Twilio.DIAL_RING_TONE)


def _sequential(given: Attributes) -> bool:
    """`sequential`, or Kazoo's `strategy`."""
    one_by_one = given.choice("strategy", _STRATEGIES, False, None)
    return given.boolean("sequential", one_by_one, Twilio.DIAL_SEQUENTIAL)


def _refer_url(given: Attributes) -> str | None:
    url = given.url("referUrl")
    given.not_done("referUrl", why="is never asked: the switch handles a REFER of the other party itself")
    return url
