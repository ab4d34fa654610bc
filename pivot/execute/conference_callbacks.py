"""What a conference's callback tells, event by event, in Twilio's words."""

from __future__ import annotations

from pivot.execute.document_request import Texts
from pivot.execute.ids import call_sid, sid
from pivot.execute.profile import SidFormat
from pivot.execute.step_context import StepContext
from pivot.model.rooms import Guest, RoomNotice

_WORDS = {
    "start": "conference-start",
    "end": "conference-end",
    "join": "participant-join",
    "leave": "participant-leave",
}


def conference_sid(room: str, conference: str, context: StepContext) -> str:
    """Twilio's is one for each conference; Kazoo's is what the switch calls it, one for each room."""
    raw = context.profile.sid_format is SidFormat.RAW
    return sid(context.profile, "CF", room if raw else conference or room)


def conference_parameters(notice: RoomNotice, conference_sid: str, name: str, context: StepContext) -> Texts:
    """What is told beside the account; the standard set would be of the call that happens to tell it."""
    told: list[tuple[str, str]] = [
        ("ConferenceSid", conference_sid),
        ("FriendlyName", name),
        ("SequenceNumber", str(notice.number)),
        *context.timestamp(),
        ("StatusCallbackEvent", _WORDS[notice.event]),
    ]
    if notice.guest is not None:
        told += _participant(notice.guest, context)
    if notice.event == "leave":
        told.append(("ParticipantCallStatus", "completed" if notice.hung_up else "in-progress"))
        told.append(("ReasonParticipantLeft", _reason(notice)))
    if notice.reason is not None:
        told.append(("ReasonConferenceEnded", notice.reason.value))
    if notice.ended_by:
        told.append(("CallSidEndingConference", call_sid(context.profile, notice.ended_by)))
    return tuple(told)


def _participant(guest: Guest, context: StepContext) -> Texts:
    told = {
        "CallSid": call_sid(context.profile, guest.call_id),
        "Muted": _written(guest.muted),
        "Hold": _written(False),
        "Coaching": _written(bool(guest.coaching)),
        "CallSidToCoach": guest.coaching,
        "StartConferenceOnEnter": _written(guest.starts),
        "EndConferenceOnExit": _written(guest.ends),
        "ParticipantLabel": guest.label,
    }
    return tuple((item, value) for item, value in told.items() if value)


def _reason(notice: RoomNotice) -> str:
    """Whoever does not hang up was taken out, or has left with the key for it."""
    return "participant_hung_up" if notice.hung_up else "participant_left"


def _written(flag: bool) -> str:
    return "true" if flag else "false"
