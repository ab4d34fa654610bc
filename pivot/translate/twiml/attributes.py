"""Typed attributes: what cannot be taken as written becomes its default and a warning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

from pivot.model.call import Method
from pivot.model.instructions import MAX_TIMES, Callback, NameValue
from pivot.translate.twiml.numbers import Twilio
from pivot.translate.twiml.parser import Element
from pivot.translate.twiml.reading import Reading

T = TypeVar("T")

MAX_URL: Final = 4096
_METHODS: Final = {"get": Method.GET, "post": Method.POST}
_WHOLE: Final = re.compile(r"-?\d{1,9}")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+._-]*):")  # underscores are in the switch's streams
_UNSAFE: Final = re.compile(r"[\s\x00-\x1f\x7f]")
_KEYS: Final = frozenset("0123456789*#")


class Attributes:
    """The attributes of one element; used as a context, it warns at its end of those nobody asked for."""

    __slots__ = ("_asked", "_element", "_reading")

    def __init__(self, element: Element, reading: Reading) -> None:
        self._element = element
        self._reading = reading
        self._asked: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            return
        for name in self._element.attributes:
            if name not in self._asked:
                self.bad(name, "is no attribute of it; ignored", Twilio.NOT_IN_SCHEMA)

    def bad(self, name: str, message: str, twilio: int | None) -> None:
        """Warn of one attribute."""
        self._reading.attribute(self._element, name, message, twilio)

    def written(self, name: str) -> str | None:
        """The trimmed value, None when absent."""
        self._asked.add(name)
        value = self._element.attributes.get(name)
        return None if value is None else value.strip()

    def text(self, name: str, *, max_length: int = 1024, twilio: int | None = None) -> str | None:
        """Text; None when absent, empty or too long."""
        value = self.written(name)
        if value and len(value) > max_length:
            self.bad(name, f"is longer than {max_length} characters; ignored", twilio)
            return None
        return value or None

    def not_done(self, *names: str, why: str = "has no effect here") -> None:
        """Attributes that are known and cannot be honoured."""
        for name in names:
            if self.written(name) is not None:
                self.bad(name, why, None)

    def unserved(self, name: str, why: str) -> None:
        """A value that is right, and that nothing here can serve."""
        self.bad(name, f"noted; {why}", None)

    def url(self, name: str, *, twilio: int = Twilio.BAD_URL) -> str | None:
        """A URL reference, trimmed, perhaps empty; None when absent or unusable."""
        value = self.written(name)
        if value is None or is_url(value):
            return value
        self.bad(name, "is no http or https URL; ignored", twilio)
        return None

    def method(self, name: str, twilio: int) -> Method:
        """GET or POST in any case; else POST."""
        return self.choice(name, _METHODS, Method.POST, twilio, fold=True)

    def boolean(self, name: str, default: bool, twilio: int) -> bool:
        """`true` or `false`; anything else is the default with a warning of Twilio's number."""
        return self.choice(name, {"true": True, "false": False}, default, twilio)

    def choice(
        self, name: str, options: Mapping[str, T], default: T, twilio: int | None, *, fold: bool = False
    ) -> T:
        """One of some words."""
        value = self.written(name)
        if value is None:
            return default
        key = value.lower() if fold else value
        if key in options:
            return options[key]
        self.bad(name, f"is none of {', '.join(options)}; the default is used", twilio)
        return default

    def whole(self, name: str, default: T, low: int, high: int, twilio: int | None) -> int | T:
        """A whole number within bounds."""
        value = self.written(name)
        if value is None:
            return default
        if _WHOLE.fullmatch(value) and low <= int(value) <= high:
            return int(value)
        self.bad(name, f"is no whole number from {low} to {high}; the default is used", twilio)
        return default

    def seconds(self, name: str, default: float, low: int, high: int, twilio: int | None) -> float:
        """Whole seconds from `low` to `high`, as float; anything else is the default with a warning."""
        return float(self.whole(name, default, low, high, twilio))

    def times(self, twilio: int) -> int:
        """`loop`: 0 repeats until the caller is gone, at most `MAX_TIMES`."""
        written = self.whole("loop", 1, 0, 999_999_999, twilio)
        return min(written, MAX_TIMES) if written else MAX_TIMES

    def keys(self, name: str, default: T, twilio: int) -> tuple[str, ...] | T:
        """A set of keys, perhaps empty."""
        value = self.written(name)
        if value is None:
            return default
        if _KEYS.issuperset(value):
            return tuple(dict.fromkeys(value))
        self.bad(name, "holds more than the keys 0-9, * and #; the default is used", twilio)
        if self._reading.rules.as_kazoo:  # which uses those that are keys
            return tuple(dict.fromkeys(key for key in value if key in _KEYS))
        return default

    def terminators(self) -> tuple[str, ...] | None:
        """Kazoo's `terminators`: whatever is no key is left out, so `none` is none; None: not written.

        Source: kapi_dialplan.erl, terminators.
        """
        value = self.written("terminators")
        if value is None:
            return None
        if value.lower() != "none" and not _KEYS.issuperset(value):
            self.bad("terminators", "holds more than the keys 0-9, * and #; the rest is ignored", None)
        return tuple(dict.fromkeys(key for key in value if key in _KEYS))

    def words(
        self, name: str, known: tuple[str, ...], default: tuple[str, ...], twilio: int
    ) -> tuple[str, ...]:
        """A list of known words, parted by blanks or commas."""
        value = self.written(name)
        if value is None:
            return default
        found = tuple(dict.fromkeys(value.replace(",", " ").split()))
        if not set(found) <= set(known):
            self.bad(name, f"has words that are none of {', '.join(known)}; these are ignored", twilio)
        return tuple(word for word in found if word in known) or default

    def callback(
        self, prefix: str, known: tuple[str, ...], default: tuple[str, ...], twilio: int
    ) -> Callback | None:
        """The three attributes `<prefix>`, `<prefix>Method` and `<prefix>Event`; None without a URL."""
        url = self.url(prefix)
        method = self.method(f"{prefix}Method", twilio)
        events = self.words(f"{prefix}Event", known, default, twilio)
        return Callback(url, method, events) if url is not None else None

    def rest(self, *names: str) -> tuple[NameValue, ...]:
        """Attributes that are carried on as written."""
        found = ((name, self.text(name, max_length=MAX_URL)) for name in names)
        return tuple(NameValue(name, value) for name, value in found if value is not None)


def no_attributes(element: Element, reading: Reading) -> None:
    """Warn of every attribute of an element that has none."""
    with Attributes(element, reading):
        pass


def is_url(value: str) -> bool:
    """Whether a trimmed text can be a reference to an http or https URL; the empty one is."""
    scheme = _SCHEME.match(value)
    return (
        len(value) <= MAX_URL
        and not _UNSAFE.search(value)
        and (scheme is None or scheme[1].lower() in ("http", "https"))
        and _names_a_host(value, absolute=scheme is not None)
    )


def _names_a_host(value: str, *, absolute: bool) -> bool:
    """Whether the host of a reference, which a relative one may leave out, can be told from the rest."""
    try:
        parts = urlsplit(value)
        return parts.port != 0 and bool(parts.hostname or not (absolute or value.startswith("//")))
    except ValueError:  # brackets around no IPv6 address, a port that is no number
        return False
