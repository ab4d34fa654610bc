"""What went wrong, or what went well: the first sentence."""

from __future__ import annotations

from collections.abc import Callable

from pivot.debug.headline.moments import cut, last, number, seconds, text
from pivot.debug.headline.requests import (
    documents_asked,
    failed_exchange,
    fallback_exchange,
    named,
    outcome_words,
)
from pivot.debug.story import Exchange, Run

_REQUEST_ROOMS = ("fetch", "http", "answer", "twiml")


def what_happened(run: Run) -> str:
    """One sentence, with its full stop."""
    if run.code and run.code.partition(".")[0] not in _REQUEST_ROOMS:
        return _of_call(run)
    failed = failed_exchange(run)
    if failed is None:
        return _without_place(run) if run.code else _without_fault(run)
    return f"{named(run, failed)}, {outcome_words(run, failed)}.{_fallback(run, failed)}"


def newest(run: Run) -> Exchange | None:
    asked = documents_asked(run)
    return asked[-1] if asked else None


def _fallback(run: Run, failed: Exchange) -> str:
    fallback = fallback_exchange(run)
    if fallback is None or fallback is failed or fallback.iteration < failed.iteration:
        return ""
    return f" {named(run, fallback)}, {outcome_words(run, fallback)}."


def _without_place(run: Run) -> str:
    """A code, but no stored request that it is about."""
    message = f": {cut(run.message, 300).rstrip('.')}" if run.message else ""
    asked = newest(run)
    if asked is None:
        return f"A request failed with {cut(run.code or '', 40)}{message}; no request is stored."
    if len(documents_asked(run)) == 1 and asked.answered is None:
        return f"{named(run, asked)}, failed with {cut(run.code or '', 40)}{message}."
    newest_words = _lower(named(run, asked))
    return f"A request failed with {cut(run.code or '', 40)}{message}; the last one stored is {newest_words}."


def _without_fault(run: Run) -> str:
    asked = newest(run)
    if asked is None:
        return "No request of this call is stored."
    if asked.answered is None and not asked.code and run.outcome is None and not run.moments:
        return f"{named(run, asked)}, was sent; no answer is stored."
    words = outcome_words(run, asked)
    if last(run.moments, "HandOverFlow"):
        return f"{named(run, asked)}, {words} with a callflow."
    if run.outcome == "ok" and asked.answered is not None and (asked.notes or {}).get("answer") == "twiml":
        return f"{named(run, asked)}, {words} with TwiML, which ran."
    return f"{named(run, asked)}, {words}."


def _of_call(run: Run) -> str:
    """What is about the whole call and not about an answer."""
    words = _WORDS.get(run.code or "")
    if words is not None:
        return words(run)
    message = f": {cut(run.message, 300).rstrip('.')}" if run.message else ""
    return f"The call failed with {cut(run.code or '', 40)}{message}{_during(run)}."


def _gone(run: Run) -> str:
    asked = newest(run)
    if asked is None:
        return "The caller was gone before anything was asked."
    if last(run.moments, "ChannelDestroyed"):
        if asked.answered is None:
            return f"The caller hung up before {_lower(named(run, asked))}, was answered."
        return f"The caller hung up; {_lower(named(run, asked))}, {outcome_words(run, asked)}."
    return f"The channel of the caller was gone, and no event told its end. {_last_request(run)}"


def _deadline(run: Run) -> str:
    asked, requested = newest(run), last(run.moments, "Requested") or {}
    if asked is None:
        return "The request of callflow came too late to ask anybody."
    patience_s = number(requested, "patience_s")
    limit = "" if patience_s is None else f" within the {seconds(max(0.0, patience_s))} that callflow waits"
    return f"No usable answer to {_lower(named(run, asked))}, came{limit or ' in time'}."


def _loop(run: Run) -> str:
    asked = newest(run)
    count = len(documents_asked(run))
    last_one = f"; the last one was {_lower(named(run, asked))}" if asked else ""
    reason = cut(run.message or "", 200).rstrip(".")
    return f"The documents led to each other {count} times and were stopped as a loop ({reason}){last_one}."


def _usurped(run: Run) -> str:
    return f"Another process took control of the call{_during(run)}."


def _returned(run: Run) -> str:
    message = cut(run.message or "a message", 200).rstrip(".")
    return f"The broker had nobody to give a message to: {message}{_during(run)}."


def _lost(run: Run) -> str:
    message = cut(run.message or "a message may not have arrived", 200).rstrip(".")
    return f"The connection to the broker broke: {message}{_during(run)}."


def _crashed(run: Run) -> str:
    message = cut(run.message or "no reason is stored", 200).rstrip(".")
    return f"pivot itself failed at this call: {message}{_during(run)}."


def _drained(run: Run) -> str:
    back = " and handed the request back to the queue" if run.outcome == "gone" else ""
    return f"The worker was stopped{back}{_during(run)}."


def _overloaded(run: Run) -> str:
    return "The worker had more calls than it can treat well and asked nobody for this one."


def _command(run: Run) -> str:
    failed = last(run.moments, "CommandFailed") or {}
    name = cut(text(failed, "command"), 40) or "a command"
    message = cut(text(failed, "message") or run.message or "", 200).rstrip(".") or "no reason is stored"
    return f"The switch refused {name}: {message}{_during(run)}."


_WORDS: dict[str, Callable[[Run], str]] = {
    "call.gone": _gone,
    "call.deadline": _deadline,
    "call.usurped": _usurped,
    "call.loop": _loop,
    "call.command": _command,
    "bus.returned": _returned,
    "bus.lost": _lost,
    "worker.crash": _crashed,
    "worker.drain": _drained,
    "worker.overloaded": _overloaded,
}


def _during(run: Run) -> str:
    """Which request was the newest, and whether it had its answer."""
    asked = newest(run)
    if asked is None:
        return " before anything was asked"
    if asked.answered is None:
        return f" while {_lower(named(run, asked))}, had no answer"
    return f" after {_lower(named(run, asked))}, {outcome_words(run, asked)}"


def _last_request(run: Run) -> str:
    asked = newest(run)
    return f"{named(run, asked)}, {outcome_words(run, asked)}." if asked else ""


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
