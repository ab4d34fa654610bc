"""Cookies of one call: what a server sets it gets back in the same call, and nobody else does.

What voice applications use is kept: host, path, `Secure` and the end, by `Max-Age` or `Expires`; one in the
past takes a cookie back. Domains are not: a cookie goes to the very host that set it.
Source: RFC 6265, section 5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from pivot.execute.call_data import Cookie
from pivot.execute.cookie_dates import cookie_date
from pivot.model.fetch import Answer

MAX_COOKIES = 50
MAX_CHARACTERS = 4096
"""Of one cookie, and of all that one request carries."""
_MAX_AGE = re.compile(r"-?[0-9]+")
_LONGEST_S = 10.0**10
"""Three centuries; what is longer has no end."""


def keep_cookies(kept: tuple[Cookie, ...], answer: Answer, now_s: float | None) -> tuple[Cookie, ...]:
    """What is kept after this answer; the oldest go when there are too many.

    Args:
        kept: before.
        answer: its `Set-Cookie` headers count.
        now_s: seconds since 1970; None: nobody told, and the answer's own `Date` counts.
    """
    now_s = cookie_date(answer.header("date") or "") if now_s is None else now_s
    jar = {(each.host, each.path, each.name): each for each in kept}
    for name, value in answer.headers:
        if name.lower() == "set-cookie" and len(value) <= MAX_CHARACTERS:
            _put(jar, value, answer.url, now_s)
    return tuple(jar.values())[-MAX_COOKIES:]


def unexpired(kept: tuple[Cookie, ...], now_s: float | None) -> tuple[Cookie, ...]:
    """Those whose end has not come; without a time, all."""
    return tuple(each for each in kept if not _is_over(each, now_s))


def cookie_header(kept: tuple[Cookie, ...], url: str) -> str:
    """The value of `Cookie` for a request; empty: none."""
    parts = _split(url)
    if parts is None:
        return ""
    host, path, is_secure = parts
    pairs = [
        f"{each.name}={each.value}"
        for each in sorted(kept, key=lambda cookie: -len(cookie.path))
        if each.host == host and _covers(each.path, path) and (is_secure or not each.secure)
    ]
    return "; ".join(pairs)[:MAX_CHARACTERS]


def _put(jar: dict[tuple[str, str, str], Cookie], header: str, url: str, now_s: float | None) -> None:
    parts = _split(url)
    pair, *attributes = header.split(";")
    name, equals, value = (text.strip() for text in pair.partition("="))
    if parts is None or not equals or not name or not (name + value).isprintable():
        return
    host, path, _ = parts
    words = [_attribute(each) for each in attributes]
    own_path = next((text for word, text in reversed(words) if word == "path"), "")
    where = own_path if own_path.startswith("/") else path.rpartition("/")[0] or "/"
    secure = any(word == "secure" for word, _ in words)
    cookie = Cookie(host, where, name, value, secure, _end_s(words, now_s))
    jar.pop((host, where, name), None)
    if not _is_over(cookie, now_s):
        jar[host, where, name] = cookie


def _end_s(words: Sequence[tuple[str, str]], now_s: float | None) -> float | None:
    """`Max-Age` goes before `Expires`, and of several the last one that can be read; None: no end.

    Without a time only an age that is over has an end: any time is after it.
    """
    ages = [text for word, text in words if word == "max-age" and _MAX_AGE.fullmatch(text)]
    if ages:
        age_s = min(int(ages[-1]), _LONGEST_S)
        if age_s <= 0:
            return 0.0
        return None if now_s is None else now_s + age_s
    dates = [cookie_date(text) for word, text in words if word == "expires"]
    return next((date for date in reversed(dates) if date is not None), None)


def _is_over(cookie: Cookie, now_s: float | None) -> bool:
    """Without a time, only what ends with 1970 or before is over."""
    return cookie.ends_at_s is not None and cookie.ends_at_s <= (0.0 if now_s is None else now_s)


def _attribute(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip()


def _covers(cookie_path: str, path: str) -> bool:
    if not path.startswith(cookie_path):
        return False
    return cookie_path.endswith("/") or path[len(cookie_path) :][:1] in ("", "/")


def _split(url: str) -> tuple[str, str, bool] | None:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), parts.path or "/", parts.scheme == "https"
    except ValueError:
        return None
