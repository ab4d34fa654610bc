"""What the caller had entered and heard, and what became of the call: from its outcome and its moments."""

from __future__ import annotations

from pivot.debug.headline.hearing import Hearing, entered, hearing, own_leg
from pivot.debug.headline.moments import HIDDEN, counted, cut, kind, last, listed, seconds, text
from pivot.debug.story import Run

_LEAST_SILENCE_S = 0.1
_MAX_KEYS = 32


def caller_words(run: Run) -> str:
    """One sentence, with its full stop."""
    if run.outcome is None:
        return _no_end(run)
    heard = hearing(run)
    if not run.moments:
        return f"{_ends(run, heard)[1]} What the caller heard is not stored."
    verb, alone = _ends(run, heard)
    before = [*_before(run, heard)]
    if last(run.moments, "HandOverFlow") and not (heard.prompts or heard.others or entered(run)):
        return alone
    if not verb:
        return f"The caller {listed([*_had(before)])}. {alone}" if before else alone
    return f"The caller {listed([*_had(before), verb])}."


def _no_end(run: Run) -> str:
    if run.msg_id:
        return "The call is still running, or its end was not stored."
    return "Kazoo's own pivot stores no end: what became of the call is not known."


def _had(parts: list[str]) -> list[str]:
    return [f"had {parts[0]}", *parts[1:]] if parts else []


def _before(run: Run, heard: Hearing) -> list[str]:
    """What the caller had heard and entered, as participles."""
    keys = entered(run)
    parts = []
    if keys:
        parts.append(
            "entered keys that are not stored" if keys == HIDDEN else f"entered {cut(keys, _MAX_KEYS)}"
        )
    elif heard.prompts or heard.others:
        prompts = [counted(heard.prompts, "prompt")] if heard.prompts else []
        parts.append(f"heard {listed([*prompts, *heard.others])}")
    silence_s = heard.silence_s
    if silence_s is not None and silence_s >= _LEAST_SILENCE_S:
        if not heard.taken:
            parts.append(f"waited {seconds(silence_s)}")
        elif parts:
            parts.append(f"heard {seconds(silence_s)} of silence")
        else:
            parts.append(f"heard nothing but {seconds(silence_s)} of silence")
    elif not parts and heard.taken:
        parts.append("heard nothing")
    if heard.apologised:
        parts.append("heard the apology")
    return parts


def _ends(run: Run, heard: Hearing) -> tuple[str, str]:
    """The end as a predicate about the caller, or empty, and as a sentence of its own."""
    if last(run.moments, "HandOverFlow") and run.outcome in ("ok", "recovered"):
        return "", "callflow went on with that flow."
    match run.outcome:
        case "branched":
            return "went on at the flow's `_` branch", "The call went on at the flow's `_` branch."
        case "hung_up":
            return "was hung up", "The call was hung up."
        case "gone":
            return _gone(run)
        case "ok" | "recovered":
            return _finished(run)
    return "", f"The call ended with the unknown outcome {cut(run.outcome or '', 20)}."


def _gone(run: Run) -> tuple[str, str]:
    if run.code == "worker.drain":
        return "", "Another worker takes the call up."
    if run.code == "call.usurped":
        return "", "The call goes on without pivot."
    if _caller_left(run):
        return "hung up", "The caller hung up."
    return "", "Nothing further could be done for the call."


def _finished(run: Run) -> tuple[str, str]:
    if not run.moments:
        return "", "The call ended as its document asks." if run.outcome == "ok" else "The fallback ran."
    if _caller_left(run):
        return "hung up", "The caller hung up."
    declined = last(run.moments, "Respond")
    if declined:
        return "was declined", "The call was declined."
    return "was hung up by the document", "The document ended the call."


def _caller_left(run: Run) -> bool:
    """The caller's channel ended before we said that it should."""
    own = own_leg(run) or text(last(run.moments, "ChannelDestroyed") or {}, "call_id")
    for moment in run.moments:
        if kind(moment) in ("Hangup", "Respond") and not text(moment, "leg"):
            return False
        if kind(moment) == "ChannelDestroyed" and text(moment, "call_id") in ("", own):
            return True
    return False
