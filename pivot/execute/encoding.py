"""Parameters as bytes: form and JSON as Kazoo's own code writes them.

In a form, a name is written as it is and only its value is encoded: what lies in an object is called
`name[key]`, what lies in a list `name[]`. An empty object or list writes nothing, but the `&` on both
sides of it stays. Inside a list an object is its JSON text and a list runs together.

Source: kz_http_util.erl, json_to_querystring and urlencode; kz_mochinum.erl, digits; kz_json.erl, encode.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from urllib.parse import quote, quote_plus

from pivot.model.json import Json

Parameters = tuple[tuple[str, Json], ...]
"""Names and values in the order in which they are sent."""
_MAX_DEPTH = 64
_ORIGIN = re.compile(r"[^:/?#]*://[^/?#]*")
_UNCHANGED = re.compile(r"[A-Za-z0-9_.~-]*")


Pieces = tuple[tuple[str, str] | None, ...]
"""What stands between two `&`: a pair, not encoded, or None for nothing."""


def pieces(parameters: Iterable[tuple[str, Json]]) -> Pieces:
    """The parameters taken apart into single names and values."""
    return tuple(_pieces(parameters))


def form(parts: Pieces, *, encode_names: bool = False) -> str:
    """The parameters as a form or query string; with raw names it may hold any character but a surrogate."""
    name = _encoded if encode_names else _text
    return "&".join([f"{name(pair[0])}={_encoded(pair[1])}" if pair else "" for pair in parts])


def flat(parts: Pieces) -> tuple[tuple[str, str], ...]:
    """The same names and values as in a form, not encoded and without the empty pieces."""
    return tuple([(_text(pair[0]), _text(pair[1])) for pair in parts if pair])


def json_text(value: Json) -> str:
    """Compact JSON in which only what must be escaped is escaped."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{_text(value).translate(_JSON_ESCAPES)}"'
        case int():
            return str(value)
        case float():
            return _json_float(value)
        case Mapping():
            return f"{{{','.join(f'{json_text(key)}:{json_text(item)}' for key, item in value.items())}}}"
        case _:
            return f"[{','.join(json_text(item) for item in value)}]"


def too_deep(value: Json) -> bool:
    """Whether a value is nested more deeply than anybody means it, and than recursion can follow."""
    level: list[Json] = [value]
    for _ in range(_MAX_DEPTH):
        level = [item for parent in level if not _is_scalar(parent) for item in _items(parent)]
        if not level:
            return False
    return True


def safe_url(url: str) -> str:
    """A URL that can stand in a request line: blanks, control characters and non-ASCII percent-encoded.

    A host name in another script stays as it is, because it is no matter of percent signs. Blanks and line
    ends around it are never meant, and go.
    """
    address, mark, fragment = url.strip().partition("#")
    url = address.rstrip() + mark + fragment
    if url.isascii() and url.isprintable() and " " not in url:
        return url
    origin = _ORIGIN.match(url)
    host = origin[0] if origin else ""
    return _without_controls(host) + quote(_text(url[len(host) :]), safe=_VISIBLE)


def _pieces(parameters: Iterable[tuple[str, Json]], prefix: str = "") -> Iterator[tuple[str, str] | None]:
    for key, value in parameters:
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, int | float):
            yield name, _scalar_text(value)
        elif isinstance(value, Mapping):
            yield from _pieces(value.items(), name) if value else (None,)
        elif value:
            yield from ((f"{name}[]", _element_text(item)) for item in value)
        else:
            yield None  # Differs: Kazoo crashes on null


def _is_scalar(value: Json) -> bool:
    return value is None or isinstance(value, str | int | float)


def _items(value: Json) -> Iterable[Json]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, Sequence) else ()


def _scalar_text(value: str | float) -> str:
    """A text, number or boolean as it stands in a form before it is encoded."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return _form_float(value)
        case _:
            return str(value)


def _element_text(value: Json) -> str:
    """One element of a list; Erlang takes a list in it for text in pieces and its numbers for bytes."""
    if isinstance(value, str | int | float):
        return _scalar_text(value)
    if value is None or isinstance(value, Mapping):
        return json_text(value)
    text = _pieces_of_text(value)
    return json_text(value) if text is None else text.decode("utf-8", "replace")


def _pieces_of_text(values: Iterable[Json]) -> bytes | None:
    """An Erlang iolist as bytes; None when it is none, which crashes Kazoo."""
    text = b""
    for value in values:
        match value:
            case str():
                text += _text(value).encode()
            case int() if not isinstance(value, bool) and 0 <= value <= 255:
                text += bytes([value])
            case None | int() | float() | Mapping():
                return None
            case _:
                inner = _pieces_of_text(value)
                if inner is None:
                    return None
                text += inner
    return text


def _encoded(text: str) -> str:
    return text if _UNCHANGED.fullmatch(text) else quote_plus(_text(text), safe="~")


def _text(text: str) -> str:
    """Without the lone surrogates that JSON text may name and UTF-8 cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _digits(value: float) -> tuple[str, str, int]:
    """Sign, shortest digits and the place of the point: 0.05 is "", "5", -1."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(str(digit) for digit in digits)
    return "-" * sign, text, len(text) + int(exponent)


def _json_float(value: float) -> str:
    if value == 0:
        return repr(value)
    sign, digits, place = _digits(value)
    if -6 < place <= 21:
        return sign + _plain(digits, place)
    mantissa = f"{digits[0]}.{digits[1:]}" if digits[1:] else digits
    return f"{sign}{mantissa}e{place - 1:+d}"


def _form_float(value: float) -> str:
    if value == 0:
        return "0.0"
    sign, digits, place = _digits(value)
    if -6 < place < len(digits) + 6:
        return sign + _plain(digits, place)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}e{place - 1:+d}"


def _plain(digits: str, place: int) -> str:
    if place <= 0:
        return f"0.{'0' * -place}{digits}"
    return f"{digits[:place].ljust(place, '0')}.{digits[place:] or '0'}"


def _without_controls(text: str) -> str:
    return "".join(quote(c) if c <= " " or c == "\x7f" else c for c in _text(text))


_VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F))
_JSON_ESCAPES = {code: f"\\u{code:04X}" for code in range(0x20)} | {
    ord(char): escape
    for char, escape in {
        '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
    }.items()
}  # fmt: skip
