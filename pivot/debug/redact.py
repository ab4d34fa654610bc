"""Takes secrets out of what is about to be stored.

Passwords in URLs, user names that stand there without one (tokens do) and the headers that carry credentials
go always; parameters go by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote_plus

from pivot.model.json import Json

MASK = "***"
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "set-cookie"}
_PASSWORD = re.compile(r"(://[^\s/?#:@\"'<>]*):[^\s/?#@\"'<>]*@")
_TOKEN = re.compile(r"(://)[^\s/?#:@\"'<>]+:?@")
"""A user name without a password is a token, and one is hidden like the other."""
_ENCODED_TOKEN = re.compile(r"(%3A%2F%2F)(?:(?!%2F|%3A|%40)[^&#\s])+(?:%3A)?(%40)", re.IGNORECASE)
_ENCODED_PASSWORD = re.compile(
    r"(%3A%2F%2F(?:(?!%2F|%3A|%40)[^&#\s])*%3A)(?:(?!%2F|%40)[^&#\s])*(%40)", re.IGNORECASE
)


class Redactor:
    """Masks the parameters of these names, in any case, wherever parameters are stored."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.lower() for name in names)
        any_name = "|".join(re.escape(name) for name in sorted(self._names))
        self._in_query = (
            re.compile(rf"([?&;](?:{any_name})=)[^&#\s\"'<>]*", re.IGNORECASE) if any_name else None
        )

    def url(self, url: str) -> str:
        """Without password or token, named query parameters masked."""
        url = self.text(url)
        if not self._names or "?" not in url:
            return url
        before, _, rest = url.partition("?")
        query, mark, fragment = rest.partition("#")
        return f"{before}?{self.form(query)}{mark}{fragment}"

    def text(self, text: str) -> str:
        """Any text, without the passwords and the named parameters of the URLs in it."""
        if "://" in text and "@" in text:
            text = _TOKEN.sub(rf"\1{MASK}@", text)
            text = _PASSWORD.sub(rf"\1:{MASK}@", text)
        if "%40" in text:
            text = _ENCODED_TOKEN.sub(rf"\1{MASK}\2", text)
            text = _ENCODED_PASSWORD.sub(rf"\1{MASK}\2", text)
        return self._in_query.sub(rf"\1{MASK}", text) if self._in_query else text

    def form(self, form: str) -> str:
        """Form parameters; `Name[part]` counts as `Name`."""
        if not self._names:
            return form
        return "&".join(self._pair(pair) for pair in form.split("&"))

    def body(self, body: str) -> str:
        """A request body, whether form or JSON."""
        if not self._names or not body:
            return self.text(body)
        if body.lstrip().startswith(("{", "[")):
            return self.text(self._json(body))
        return self.text(self.form(body))

    def header(self, name: str, value: str) -> str:
        """The header's value, masked whole when the name is one of a credential."""
        return MASK if name.lower() in _SECRET_HEADERS else self.text(value)

    def tree(self, value: Json) -> Json:
        """Any JSON value: members of the names masked, passwords removed from its texts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.member(key, self.tree(item)) for key, item in value.items()}
        if isinstance(value, Sequence):
            return [self.tree(item) for item in value]
        return value

    def member(self, name: str, value: Json) -> Json:
        """The value of an object's member."""
        return MASK if self._names and name.lower() in self._names else value

    def _pair(self, pair: str) -> str:
        name, equals, _ = pair.partition("=")
        known = unquote_plus(name).partition("[")[0].lower() in self._names
        return f"{name}={MASK}" if known and equals else pair

    def _json(self, body: str) -> str:
        if not any(name in body.lower() for name in self._names):
            return body
        try:
            return json.dumps(self.tree(json.loads(body)), separators=(",", ":"), ensure_ascii=False)
        except (ValueError, RecursionError):
            return body
