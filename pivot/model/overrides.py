"""What the customer may ask of one fetch, in the fragment of its URL.

`https://app.example/voice#ct=2000&rc=2&rp=ct,5xx&fb=https%3A%2F%2Fspare.example%2Fvoice`: numbers are
milliseconds. Twilio, Plivo and jambonz share this vocabulary; `fb` (fallback) and `profile` are ours.
The fragment itself is for us and is never sent. Reading it cannot fail: a key that we do not know may
belong to somebody else and is passed over, and a value that makes no sense is left out with a warning.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import unquote, urlsplit

from pivot.model.hot import hot_dataclass
from pivot.model.plain import plain


@plain
class RetryOn(StrEnum):
    """A kind of failure after which the customer wants another attempt."""

    CONNECT = "ct"
    READ = "rt"
    CLIENT_ERROR = "4xx"
    SERVER_ERROR = "5xx"


@plain
@hot_dataclass(frozen=True, slots=True)
class Overrides:
    """The fragment of one URL, understood; None and empty: not mentioned."""

    connect_timeout_s: float | None = None
    """May only shorten what is configured."""
    read_timeout_s: float | None = None
    """May only shorten what is configured."""
    total_timeout_s: float | None = None
    """For all attempts together."""
    retries: int | None = None
    """Further attempts after the first."""
    retry_on: tuple[RetryOn, ...] = ()
    """Without repetition, in the order of `RetryOn`."""
    fallback_url: str | None = None
    """Absolute; asked when this fetch or its answer fails."""
    profile: str | None = None
    """As written; whoever knows the profiles says whether there is such a one."""
    warnings: tuple[str, ...] = ()


def without_fragment(url: str) -> str:
    """The part of a URL that may leave the house."""
    return url.partition("#")[0]


_NOTHING = Overrides()


def read_overrides(url: str) -> Overrides:
    """The overrides in a URL's fragment; of a key given twice the last counts."""
    fragment = url.partition("#")[2]
    if not fragment:
        return _NOTHING
    given = {key: unquote(value) for key, _, value in (part.partition("=") for part in fragment.split("&"))}
    warnings: list[str] = []
    return Overrides(
        connect_timeout_s=_seconds(given, "ct", 10_000, warnings),
        read_timeout_s=_seconds(given, "rt", 15_000, warnings),
        total_timeout_s=_seconds(given, "tt", 15_000, warnings),
        retries=_number(given, "rc", 0, 5, warnings),
        retry_on=_retry_on(given, warnings),
        fallback_url=_fallback(given, warnings),
        profile=given.get("profile"),
        warnings=tuple(warnings),
    )


def _seconds(given: dict[str, str], key: str, highest_ms: int, warnings: list[str]) -> float | None:
    milliseconds = _number(given, key, 100, highest_ms, warnings)
    return None if milliseconds is None else milliseconds / 1000


def _number(given: dict[str, str], key: str, lowest: int, highest: int, warnings: list[str]) -> int | None:
    text = given.get(key)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        warnings.append(f"#{key} is {text[:40]!r}, want a number from {lowest} to {highest}; it is ignored")
        return None
    number = min(max(int(text), lowest), highest)
    if number != int(text):
        warnings.append(f"#{key} is {text}, want a number from {lowest} to {highest}; {number} is used")
    return number


def _retry_on(given: dict[str, str], warnings: list[str]) -> tuple[RetryOn, ...]:
    words = [word for word in given.get("rp", "").split(",") if word]
    known = [kind.value for kind in RetryOn]
    for word in words:
        if word not in (*known, "all"):
            warnings.append(f"#rp has {word[:40]!r}, want any of {', '.join(known)}, all; it is ignored")
    return tuple(kind for kind in RetryOn if kind in words or "all" in words)


def _fallback(given: dict[str, str], warnings: list[str]) -> str | None:
    url = given.get("fb")
    if url is None or _usable(url):
        return url
    warnings.append("#fb is no absolute http or https URL (percent-encoded); it is ignored")
    return None


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()
    except ValueError:
        return False
