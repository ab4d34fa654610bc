"""What a call did, in the field's words: one line for each command and event that people care about.

Moments of our own machinery, such as timers and bindings, have no line: the timeline has them.
A ringing is one line with its result, at the moment when it began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pivot.debug.headline.causes import warning_words
from pivot.debug.headline.dials import rung
from pivot.debug.headline.hearing import SILENCE, own_leg
from pivot.debug.headline.moments import HIDDEN, cut, items, kind, number, place_of, seconds, text
from pivot.debug.headline.requests import article, placed
from pivot.debug.story import Exchange, Run
from pivot.model.json import JsonObject


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One line; `at_ms` from the call's request on, None when that is not stored."""

    at_ms: float | None
    words: str


def activity(run: Run) -> tuple[ActivityLine, ...]:
    """Everything that was done and that happened, in order."""
    ringing = {id(each.moment): each.words() for each in rung(run.moments)}
    requests, own = _requests(run), own_leg(run)
    found: list[ActivityLine] = []
    for moment in run.moments:
        words = ringing.get(id(moment)) or _words(moment, requests, own)
        at_ms = number(moment, "at_ms")
        if (
            words
            and found
            and words.startswith("the caller pressed ")
            and found[-1].words.startswith(words[:19])
        ):
            found[-1] = ActivityLine(found[-1].at_ms, _joined(found[-1].words, words[19:]))
        elif words:
            found.append(ActivityLine(at_ms, words))
    return tuple(found)


def _joined(before: str, key: str) -> str:
    """Keys one after the other are one line; hidden ones stay as hidden as they are."""
    return before if key == HIDDEN and before.endswith(HIDDEN) else before + key


def _requests(run: Run) -> Mapping[str, str]:
    """By fetch id: `request 2`."""
    asked = (each for each in run.moments if kind(each) == "Fetch")
    return {text(each, "fetch_id"): f"request {number(each, 'iteration') or 0:.0f}" for each in asked}


def _words(moment: JsonObject, requests: Mapping[str, str], own: str) -> str:
    what = kind(moment)
    if text(moment, "fetch_id"):
        return _of_request(moment, requests.get(text(moment, "fetch_id"), "a request"))
    if what in _PLAIN:
        return _PLAIN[what]
    if what == "DigitPressed":
        who = "the caller" if text(moment, "call_id") in ("", own) else "the other party"
        return f"{who} pressed {cut(text(moment, 'digit'), 8)}"
    if what == "ChannelDestroyed":
        who = "the caller's channel" if text(moment, "call_id") in ("", own) else "another leg"
        cause = text(moment, "hangup_cause").replace("_", " ").lower()
        return f"{who} ended" + (f": {cut(cause, 40)}" if cause else "")
    make = _MADE.get(what)
    return make(moment) if make else ""


def _of_request(moment: JsonObject, request: str) -> str:
    match kind(moment):
        case "Fetch":
            verb = text(moment, "after")
            after = (
                " as the fallback"
                if verb == "fallback"
                else f" after {article(verb)} {cut(verb, 20)}"
                if verb
                else ""
            )
            return (
                f"{request}: {cut(text(moment, 'method'), 10).upper()} {place_of(text(moment, 'url'))}{after}"
            )
        case "Fetched":
            size = number(moment, "bytes")
            return f"{request} was answered {number(moment, 'status') or 0:.0f}" + (
                "" if size is None else f", {size:.0f} bytes"
            )
        case "FetchFailed":
            return f"{request} failed: {cut(text(moment, 'message'), 200)}"
        case "CancelFetch":
            return f"{request} was broken off"
        case "AnswerRefused":
            line, column = number(moment, "line"), number(moment, "column")
            at = Exchange(0, line=int(line) if line else None, column=int(column) if column else None)
            return f"the answer of {request} cannot be used{placed(at)}: {cut(text(moment, 'message'), 200)}"
        case "AnswerAccepted":
            warnings = [
                warning_words(each) for each in items(moment.get("warnings")) if isinstance(each, Mapping)
            ]
            return f"warnings about the answer of {request}: {'; '.join(warnings)}" if warnings else ""
    return ""


def _requested(moment: JsonObject) -> str:
    patience_s = number(moment, "patience_s")
    return "callflow asked" + ("" if patience_s is None else f" and waits {seconds(max(0.0, patience_s))}")


def _said(moment: JsonObject) -> str:
    return f'said "{cut(text(moment, "text"), 80)}"{_to_other(moment)}'


def _played(moment: JsonObject) -> str:
    media = text(moment, "media")
    if media.startswith(SILENCE):
        length_ms = media.removeprefix(SILENCE)
        return (
            f"paused {seconds(int(length_ms) / 1000)}"
            if length_ms.isdigit() and len(length_ms) < 12
            else "paused"
        )
    return f"played {cut(media, 100)}{_to_other(moment)}"


def _to_other(moment: JsonObject) -> str:
    return " to the other party" if text(moment, "leg") else ""


def _hung_up(moment: JsonObject) -> str:
    cause = text(moment, "cause").replace("_", " ").lower()
    return ("hung up the other party" if text(moment, "leg") else "hung up") + (
        f": {cut(cause, 40)}" if cause else ""
    )


def _declined(moment: JsonObject) -> str:
    sip_code, reason = number(moment, "sip_code"), cut(text(moment, "reason"), 40)
    return f"declined the call with {sip_code or 0:.0f} {reason}".rstrip()


def _executed(moment: JsonObject) -> str:
    response = text(moment, "response")
    return (
        f"the sound could not be played: {response.lower()}"
        if response in ("FILE NOT FOUND", "PLAYBACK ERROR")
        else ""
    )


def _recorded(moment: JsonObject) -> str:
    length, key = number(moment, "length_s"), text(moment, "terminator")
    how = (
        f", ended by {cut(key, 4)}"
        if key
        else ", ended by silence"
        if moment.get("by_silence") is True
        else ""
    )
    return f"the recording is over after {seconds(length or 0.0)}{how}"


def _sent(moment: JsonObject) -> str:
    if moment.get("ok") is True:
        return "the recording was stored"
    return f"the recording was not stored: {cut(text(moment, 'message'), 200)}"


def _failed(moment: JsonObject) -> str:
    return f"{cut(text(moment, 'command'), 40)} failed: {cut(text(moment, 'message'), 200)}"


def _ended(moment: JsonObject) -> str:
    return f"pivot's part ended: {cut(text(moment, 'outcome'), 20)}"


def _told(moment: JsonObject) -> str:
    request = moment.get("request")
    url = text(request, "shown_url") or text(request, "url") if isinstance(request, Mapping) else ""
    return f"told {place_of(url)}" if url else ""


_PLAIN = {
    "SayProcessing": "told callflow that pivot takes the call",
    "SayFailed": "told callflow to go on at the flow's `_` branch",
    "HandOverFlow": "gave callflow its flow",
    "AnswerCall": "answered the call",
    "StopMedia": "stopped what played",
    "HoldMusic": "played music",
    "RingBack": "let the caller hear ringing",
    "EchoLeg": "sent the caller's voice back",
    "Beep": "gave a tone",
    "RecordLeg": "recorded the caller",
    "StartRecording": "began to record the call",
    "StopRecording": "stopped recording the call",
    "LegRinging": "the other party's phone rings",
    "LegsBridged": "the parties hear each other",
    "LegsParted": "the parties were parted",
    "JoinConference": "the caller joined a conference",
    "LeaveConference": "the caller left the conference",
    "JoinLeg": "joined the caller with another party",
    "PartLegs": "parted the caller from the other party",
    "EnterQueue": "the caller waits in a queue",
    "LeaveQueue": "the caller left the queue",
    "TakeFromQueue": "took the next caller from a queue",
    "SendMessage": "sent a text message",
    "Usurped": "another process took control of a leg",
    "Drained": "the worker is being stopped",
}
_MADE: Mapping[str, Callable[[JsonObject], str]] = {
    "Requested": _requested,
    "SpeakText": _said,
    "PlayMedia": _played,
    "SetNumber": lambda moment: f"showed {cut(text(moment, 'number'), 40)} as the caller's number",
    "SendDigits": lambda moment: f"pressed {cut(text(moment, 'digits'), 40)}{_to_other(moment)}",
    "Respond": _declined,
    "Hangup": _hung_up,
    "Executed": _executed,
    "RecordingStopped": _recorded,
    "FileSent": _sent,
    "CommandFailed": _failed,
    "Notify": _told,
    "Noticed": lambda moment: f"warning: {cut(text(moment, 'message'), 200)}",
    "Unsupported": lambda moment: (
        f"skipped {cut(text(moment, 'verb'), 40)}: {cut(text(moment, 'message'), 200)}"
    ),
    "Emulated": lambda moment: f"{cut(text(moment, 'verb'), 40)}: {cut(text(moment, 'message'), 200)}",
    "CallFailed": lambda moment: f"the call cannot go on: {cut(text(moment, 'message'), 200)}",
    "SynthesisFailed": lambda moment: f"no speech was made: {cut(text(moment, 'message'), 200)}",
    "End": _ended,
}
