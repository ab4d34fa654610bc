"""JSON text into values, more strictly than `json` does: no NaN, no infinity, no silent duplicate."""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import Any, NoReturn

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?(?:Infinity|[0-9.]+(?:[eE][+-]?[0-9]+)?)|NaN')


class DuplicateName(Exception):
    """An object has two members of one name."""


class NotFinite(Exception):
    """A number that JSON or a double cannot hold; `token` as written."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.token = token


def decode(text: str) -> Any:
    """The value that a text holds.

    Raises:
        DuplicateName: some object has two members of one name.
        NotFinite: there is NaN, Infinity, or a number too large for a double.
        JSONDecodeError: it is no JSON; other ValueErrors: a number has more digits than Python reads.
        RecursionError: it is nested very deeply.
    """
    return _STRICT.decode(text)


def decode_keeping_first(text: str) -> tuple[Any, tuple[str, ...]]:
    """The same, but of members with one name the first stays, as in Kazoo; and the names that were twice."""
    twice: list[str] = []

    def keep_first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for name, value in pairs:
            if name in members:
                twice.append(name)
            else:
                members[name] = value
        return members

    decoder = JSONDecoder(object_pairs_hook=keep_first, parse_constant=_no_number, parse_float=_finite)
    return decoder.decode(text), tuple(twice)


def place_of(text: str, token: str) -> int:
    """Where a number first stands outside of strings."""
    return next((found.start() for found in _TOKEN.finditer(text) if found[0] == token), 0)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DuplicateName
    return members


def _no_number(token: str) -> NoReturn:
    raise NotFinite(token)


def _finite(token: str) -> float:
    value = float(token)
    if value in (float("inf"), float("-inf")):
        raise NotFinite(token)
    return value


_STRICT = JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite)
