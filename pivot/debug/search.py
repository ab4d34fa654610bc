"""The one-line search of the list of calls: `outcome:branched code:http.status slow:2s after:1h words`."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from pivot.debug.store import CallFilter
from pivot.model.codes import Code, Outcome

MAX_CHARS = 500
KEYS = ("code:", "outcome:", "host:", "slow:", "after:", "before:")
_KEY = re.compile(r"[a-z_]{1,30}")
_SCHEMES = frozenset({"http", "https", "sip", "sips", "tel"})
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class SearchError(ValueError):
    """A search that means nothing.

    Attributes:
        name: the filter at fault; `q` for the search as a whole.
        want: what it can be.
        got: what it was.
    """

    def __init__(self, name: str, want: str, got: str | int) -> None:
        super().__init__(f"{name}: want {want}, got {got}")
        self.name = name
        self.want = want
        self.got = got


def parse_search(text: str, now_s: float) -> CallFilter:
    """The filter that a search asks for; words without a known name are free text.

    Raises:
        SearchError: a value that its name cannot have; the error says which it can.
    """
    if len(text) > MAX_CHARS:
        raise SearchError("q", f"at most {MAX_CHARS} characters", len(text))
    wanted, words = CallFilter(), []
    for word in text.split():
        name, colon, value = word.partition(":")
        match name if colon and value else "":
            case "code":
                wanted = replace(wanted, code=_one_of(Code, "code", value))
            case "outcome":
                wanted = replace(wanted, outcome=_one_of(Outcome, "outcome", value))
            case "host":
                wanted = replace(wanted, host=value.lower())
            case "slow":
                wanted = replace(wanted, slow_ms=_span_s("slow", value) * 1000)
            case "after":
                wanted = replace(wanted, after_s=_time("after", value, now_s))
            case "before":
                wanted = replace(wanted, before_s=_time("before", value, now_s))
            case _:
                if _is_key(name, colon, value):
                    raise SearchError("q", f"one of the keys {', '.join(KEYS)}", f"{name}:")
                words.append(word)
    return replace(wanted, text=" ".join(words) or None)


def _is_key(name: str, colon: str, value: str) -> bool:
    """A word before a colon that is meant as a key; not that of `sip:1001@host`, of a URL or of `host:80`."""
    if not (colon and value and _KEY.fullmatch(name)) or name in _SCHEMES:
        return False
    return "@" not in value and not value.isdigit()


def _one_of(kind: type[Code] | type[Outcome], name: str, value: str) -> str:
    if value not in {member.value for member in kind}:
        raise SearchError(name, f"one of {', '.join(member.value for member in kind)}", value)
    return value


def _span_s(name: str, value: str) -> float:
    """Seconds of `2s`, `500ms`, `10m`."""
    found = _SPAN.fullmatch(value)
    if found is None:
        raise SearchError(name, "a span such as 500ms, 2s, 10m, 1h or 1d", value)
    return float(found[1]) * _SECONDS[found[2]]


def _time(name: str, value: str, now_s: float) -> float:
    """Unix time of `1h` (that long ago), of a date or of a date and time in UTC."""
    if _SPAN.fullmatch(value):
        return now_s - _span_s(name, value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise SearchError(name, "a span such as 1h, or a time such as 2026-11-24T08:00", value) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
