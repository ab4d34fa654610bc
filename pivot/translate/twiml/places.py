"""Documents run in several places, and not every verb makes sense in each."""

from __future__ import annotations

from enum import StrEnum

from pivot.model.plain import plain
from pivot.translate.twiml.numbers import Twilio


@plain
class Place(StrEnum):
    """Where a document will run."""

    CALL = "call"
    WHISPER = "whisper"
    """On a dialled party, before it is joined with the caller."""
    QUEUE_WAIT = "queue_wait"
    """On a caller who waits in a queue."""
    QUEUE_ANNOUNCE = "queue_announce"
    """On a caller who leaves the queue, before both are joined."""
    CONFERENCE_WAIT = "conference_wait"
    """On a caller who waits for a conference to start."""


_PROMPTS = frozenset({"Say", "Play", "Pause", "Redirect", "Set"})
_ALLOWED: dict[Place, frozenset[str]] = {
    Place.WHISPER: _PROMPTS | {"Gather", "Hangup"},
    Place.QUEUE_WAIT: _PROMPTS | {"Gather", "Leave", "Hangup"},
    Place.QUEUE_ANNOUNCE: _PROMPTS,
    Place.CONFERENCE_WAIT: _PROMPTS,
}


def refusal(verb: str, place: Place) -> Twilio | None:
    """The number of the warning when a verb may not run here; None: it may."""
    if place not in _ALLOWED or verb in _ALLOWED[place]:
        return None
    if place in (Place.QUEUE_WAIT, Place.CONFERENCE_WAIT):
        return Twilio.WAIT_VERB
    return Twilio.DIAL_IN_WHISPER if verb == "Dial" else Twilio.NOT_IN_SCHEMA
