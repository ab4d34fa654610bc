"""What a fault shows of a stranger's value: small values whole, of large ones the beginning."""

from __future__ import annotations

from typing import Any

MAX_PATH = 512
"""Characters of a path; the middle of a longer one is left out."""
MAX_VALUE = 400
"""Characters of the texts in one value, and eight times its numbers, names and brackets."""
MAX_MESSAGE = 300
_PART = 8
_ELLIPSIS = "…"


def clipped(text: str, longest: int) -> str:
    """The text, or its beginning and a mark."""
    return text if len(text) <= longest else text[: longest - 1] + _ELLIPSIS


def path_of(parts: list[str]) -> str:
    """The parts joined by dots, `%2E` for a dot in a part; at most `MAX_PATH` characters.

    Parts are cut before they are joined: a fault deep in a flow of long names would else cost its whole size.
    """
    half = MAX_PATH // 2
    most = half // 2 + 1  # parts that fit into one half, each with its dot
    if len(parts) > 2 * most:
        parts = [*parts[:most], _ELLIPSIS, *parts[-most:]]
    path = ".".join(clipped(part, MAX_PATH).replace(".", "%2E") for part in parts)
    return path if len(path) <= MAX_PATH else f"{path[:half]}{_ELLIPSIS}{path[1 - half :]}"


def excerpt(value: Any) -> Any:
    """The value itself when it is small, else a copy of its beginning with `…` for what is left out."""
    return value if _size(value, MAX_VALUE) <= MAX_VALUE else _Excerpt(MAX_VALUE).of(value)


def _size(value: Any, limit: int) -> int:
    """About how many characters a value has; counting stops beyond `limit`."""
    size, pending = 0, [value]
    while pending and size <= limit:
        item = pending.pop()
        size += len(item) if isinstance(item, str) else _PART
        if isinstance(item, dict | list) and len(item) > limit // _PART:
            return limit + 1
        if isinstance(item, dict):
            size += sum(map(len, item))
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, int) and not -(2**63) <= item < 2**63:
            size += item.bit_length() // 3
    return size


class _Excerpt:
    """Copies values until so many characters are used up."""

    def __init__(self, left: int) -> None:
        self._left = left

    def of(self, value: Any) -> Any:
        self._left -= _PART
        if isinstance(value, str):
            return self._text(value)
        if self._left <= 0:
            return _ELLIPSIS
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return self._list(value)
        if isinstance(value, int) and value.bit_length() > 4 * MAX_VALUE:
            return _ELLIPSIS
        return value

    def _text(self, text: str) -> str:
        kept = clipped(text, max(1, self._left))
        self._left -= len(kept)
        return kept

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, item in value.items():
            if self._left <= 0:
                kept[_ELLIPSIS] = f"{len(value)} members"
                break
            shown = self._text(name)
            kept[shown] = self.of(item)
        return kept

    def _list(self, value: list[Any]) -> list[Any]:
        kept: list[Any] = []
        for item in value:
            if self._left <= 0:
                kept.append(f"{_ELLIPSIS} {len(value)} items")
                break
            kept.append(self.of(item))
        return kept
