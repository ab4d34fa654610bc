"""Cookies of one call: what a server sets it gets back in the same call, and nobody else does.

Only what voice applications use is kept: host, path, `Secure` and an age of zero, which takes it back.
Domains are not: a cookie goes to the very host that set it.
Source: RFC 6265, section 5.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pivot.execute.call_data import Cookie
from pivot.model.fetch import Answer

MAX_COOKIES = 50
MAX_CHARACTERS = 4096
"""Of one cookie, and of all that one request carries."""


def keep_cookies(kept: tuple[Cookie, ...], answer: Answer) -> tuple[Cookie, ...]:
    """What is kept after this answer; the oldest go when there are too many."""
    jar = {(each.host, each.path, each.name): each for each in kept}
    for name, value in answer.headers:
        if name.lower() == "set-cookie" and len(value) <= MAX_CHARACTERS:
            _put(jar, value, answer.url)
    return tuple(jar.values())[-MAX_COOKIES:]


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


def _put(jar: dict[tuple[str, str, str], Cookie], header: str, url: str) -> None:
    parts = _split(url)
    pair, *attributes = header.split(";")
    name, equals, value = (text.strip() for text in pair.partition("="))
    if parts is None or not equals or not name or not (name + value).isprintable():
        return
    host, path, _ = parts
    words = dict(_attribute(each) for each in attributes)
    own_path = words.get("path", "")
    where = own_path if own_path.startswith("/") else path.rpartition("/")[0] or "/"
    cookie = Cookie(host, where, name, value, "secure" in words)
    jar.pop((host, where, name), None)
    if words.get("max-age", "").lstrip("-") != "0" and not words.get("max-age", "").startswith("-"):
        jar[host, where, name] = cookie


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
