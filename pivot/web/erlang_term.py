"""View keys as Crossbar shows them to clients: Erlang's external term format, as far as keys need it.

A key is a string, an integer, a list of keys, or the empty object that sorts behind everything. Whatever
else a client sends is refused, and nothing is read beyond the bytes that came.

Source: ei/external term format of Erlang/OTP; kz_json.erl (an object is a tuple around a list).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Key: TypeAlias = "str | int | list[Key] | dict[str, Key]"

VERSION = 131
SMALL_INTEGER, INTEGER, SMALL_BIG = 97, 98, 110
SMALL_TUPLE, NIL, STRING, LIST, BINARY = 104, 106, 107, 108, 109
EMPTY_OBJECT = bytes((SMALL_TUPLE, 1, NIL))
MAX_DEPTH = 4
MAX_ITEMS = 16


def encode(key: Key) -> bytes:
    """The term of a key.

    Raises:
        ValueError: an object that is not empty.
    """
    return bytes((VERSION,)) + _encoded(key)


def _encoded(key: Key) -> bytes:
    if isinstance(key, str):
        text = key.encode("utf-8", "replace")
        return bytes((BINARY,)) + len(text).to_bytes(4, "big") + text
    if isinstance(key, int):
        return _encoded_integer(key)
    if isinstance(key, list):
        if not key:
            return bytes((NIL,))
        items = b"".join(_encoded(item) for item in key)
        return bytes((LIST,)) + len(key).to_bytes(4, "big") + items + bytes((NIL,))
    if key:
        raise ValueError("no view of ours has objects with members in its keys")
    return EMPTY_OBJECT


def _encoded_integer(number: int) -> bytes:
    if 0 <= number <= 255:
        return bytes((SMALL_INTEGER, number))
    if -(2**31) <= number < 2**31:
        return bytes((INTEGER,)) + number.to_bytes(4, "big", signed=True)
    digits = abs(number).to_bytes((number.bit_length() + 7) // 8, "little")
    return bytes((SMALL_BIG, len(digits), number < 0)) + digits


def decode(term: bytes) -> Key:
    """The key of a term.

    Raises:
        ValueError: the bytes are no term, or one that no key is.
    """
    reader = _Reader(term)
    if reader.byte() != VERSION:
        raise ValueError("no external term: it does not begin with 131")
    key = _decoded(reader, MAX_DEPTH)
    if reader.at != len(term):
        raise ValueError("bytes are left over after the term")
    return key


@dataclass(slots=True)
class _Reader:
    term: bytes
    at: int = 0

    def byte(self) -> int:
        return self.take(1)[0]

    def count(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def take(self, length: int) -> bytes:
        part = self.term[self.at : self.at + length]
        if len(part) != length:
            raise ValueError("the term ends too early")
        self.at += length
        return part


def _decoded(reader: _Reader, depth: int) -> Key:
    if depth == 0:
        raise ValueError("the term is nested too deeply for a key")
    match reader.byte():
        case 97:
            return reader.byte()
        case 98:
            return int.from_bytes(reader.take(4), "big", signed=True)
        case 110:
            length, sign = reader.byte(), reader.byte()
            number = int.from_bytes(reader.take(length), "little")
            return -number if sign else number
        case 109:
            return reader.take(reader.count()).decode("utf-8")  # UnicodeDecodeError is a ValueError
        case 106:
            return []
        case 107:  # how Erlang packs a list of small integers
            return list(reader.take(int.from_bytes(reader.take(2), "big"))[:MAX_ITEMS])
        case 108:
            return _decoded_list(reader, depth)
        case 104:
            return _decoded_object(reader)
        case other:
            raise ValueError(f"tag {other} is no part of a key")


def _decoded_list(reader: _Reader, depth: int) -> Key:
    count = reader.count()
    if count > MAX_ITEMS:
        raise ValueError(f"{count} items are too many for a key")
    items = [_decoded(reader, depth - 1) for _ in range(count)]
    if reader.byte() != NIL:
        raise ValueError("an improper list is no key")
    return items


def _decoded_object(reader: _Reader) -> Key:
    if reader.take(2) != EMPTY_OBJECT[1:]:
        raise ValueError("only the empty object stands in keys")
    return {}
