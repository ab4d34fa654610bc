"""What goes over the pipe between the worker and its processes: lengths and bytes, and documents in parts.

A document comes back in parts of a few instructions, each made into objects in a turn of the event loop of
its own. Only classes of plain data are made: a process that a stranger's answer has taken over can send no
others.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from struct import Struct
from typing import Any

from pivot.model.documents import Document, DocumentWarning, KazooFlow, Refusal, TwimlDocument
from pivot.model.plain import registered

HEAD = Struct(">I")
_PART = 25
"""Instructions and warnings in one part: some 0.1 ms of work."""


def framed(parts: Iterable[bytes]) -> bytes:
    """Parts as one frame: its length, then each part with its own."""
    body = b"".join(HEAD.pack(len(part)) + part for part in parts)
    return HEAD.pack(len(body)) + body


def parts_of(body: bytes) -> Iterator[bytes]:
    """The parts of a frame's body."""
    at = 0
    while at < len(body):
        (length,) = HEAD.unpack_from(body, at)
        yield body[at + HEAD.size : at + HEAD.size + length]
        at += HEAD.size + length


def packed(result: Document | Refusal) -> list[bytes]:
    """A result in parts."""
    if isinstance(result, Refusal):
        return [_dump(result)]
    if isinstance(result, KazooFlow):
        return [_dump(KazooFlow(result.flow)), *_slices(result.warnings)]
    head = _dump(TwimlDocument((), ()))
    return [head, *_slices(result.instructions), *_slices(result.warnings)]


class Unpacking:
    """Puts a result together, part by part."""

    def __init__(self) -> None:
        self._head: Document | Refusal | None = None
        self._items: list[Any] = []

    def add(self, part: bytes) -> None:
        """
        Raises:
            UnpicklingError: it holds anything but plain data.
        """
        value = _Unpickler(io.BytesIO(part)).load()
        if self._head is None:
            self._head = value
        else:
            self._items.extend(value)

    def result(self) -> Document | Refusal:
        """The document or refusal, when all parts are in."""
        head, items = self._head, self._items
        match head:
            case KazooFlow(flow):
                return KazooFlow(flow, tuple(items))
            case TwimlDocument():
                warnings = tuple(item for item in items if isinstance(item, DocumentWarning))
                others = tuple(item for item in items if not isinstance(item, DocumentWarning))
                return TwimlDocument(others, warnings)
            case Refusal():
                return head
        raise pickle.UnpicklingError(f"the process sent {type(head).__name__}, want a document")


def _slices(items: tuple[Any, ...]) -> Iterator[bytes]:
    for start in range(0, len(items), _PART):
        yield _dump(items[start : start + _PART])


def _dump(value: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file, 5).dump(value)
    return file.getvalue()


class _Pickler(pickle.Pickler):
    """Writes dataclasses as calls of their classes: twice as fast to read as the standard library's way."""

    def reducer_override(self, value: Any) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            return type(value), tuple(getattr(value, field.name) for field in fields(value))
        if isinstance(value, Enum):
            return type(value), (value.value,)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        found = registered(name)
        if found is None or found.__module__ != module:
            raise pickle.UnpicklingError(f"{module}.{name} is no plain data")
        return found
