"""Is this text surely no regular expression? One pass over it, and nothing is compiled.

A stranger's pattern is never given to a regular expression compiler: one class that ignores case and holds
all characters keeps Python's busy for 5 ms, and a pattern of 250 kB holds twenty thousand of them.
"""

from __future__ import annotations

import re

_REPEAT = re.compile(r"[*+?]|\{(?:\d{1,9}(?:,\d{0,9})?|,\d{1,9})\}")
_GROUP = re.compile(r"\((?:\?[^)\\]?|\*)?")
_EXTENDED = re.compile(r"\(\?[A-Za-z]*x")
_CLASS_END = re.compile(r"\[\^?\]?(?:[^\]\\\[]|\\.|\[:\^?\w{1,20}:\]|\[)*+(\])?", re.DOTALL)
_RANGE = re.compile(r"(?:\\.|[^\\\]])", re.DOTALL)


def is_hopeless(text: str) -> bool:
    """Whether no engine could take it: an open group or class, a repeat of nothing or of a repeat."""
    return _Scan(text).fails()


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open = 0
        self._repeatable = False

    def fails(self) -> bool:
        if _EXTENDED.search(self._text):  # its comments may hold anything
            return False
        while self._at < len(self._text):
            if not self._step(self._text[self._at]):
                return True
        return self._open > 0

    def _step(self, char: str) -> bool:
        match char:
            case "\\":
                return self._escape()
            case "[":
                return self._class()
            case "(":
                self._group()
            case ")":
                self._open -= 1
                self._take(1, repeatable=True)
                return self._open >= 0
            case "|":
                self._take(1, repeatable=False)
            case _:
                return self._repeat_or_plain()
        return True

    def _take(self, length: int, *, repeatable: bool) -> None:
        self._at += length
        self._repeatable = repeatable

    def _escape(self) -> bool:
        if self._at + 1 == len(self._text):
            return False
        if self._text.startswith("\\Q", self._at):
            end = self._text.find("\\E", self._at)
            self._at = len(self._text) if end < 0 else end
        self._take(2, repeatable=True)
        return True

    def _group(self) -> None:
        """Comments and settings hold no group open."""
        self._open += 1
        if self._text.startswith("(?#", self._at):
            end = self._text.find(")", self._at)
            self._open -= end >= 0
            self._at = len(self._text) if end < 0 else end + 1
            return
        self._take(len(_GROUP.match(self._text, self._at)[0]), repeatable=False)  # type: ignore[index]

    def _class(self) -> bool:
        found = _CLASS_END.match(self._text, self._at)
        if found is None or not found[1] or _is_backwards(found[0]):
            return False
        self._take(len(found[0]), repeatable=True)
        return True

    def _repeat_or_plain(self) -> bool:
        repeat = _REPEAT.match(self._text, self._at)
        if repeat is None:
            self._take(1, repeatable=True)
            return True
        if not self._repeatable:
            return False
        self._take(len(repeat[0]), repeatable=False)
        if self._text[self._at : self._at + 1] in ("?", "+"):  # lazy, possessive
            self._at += 1
        return True


def _is_backwards(text: str) -> bool:
    """Whether a class has a range such as `z-a`, between plain characters."""
    parts = _RANGE.findall(text[1:])
    for low, dash, high in zip(parts, parts[1:], parts[2:], strict=False):
        if dash == "-" and len(low) == len(high) == 1 and low > high and low != "[":
            return True
    return False
