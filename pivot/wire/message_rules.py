"""What makes a message of Kazoo's bus valid, and which of its members get published.

Source: kz_api.erl, kapi_definition.erl.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pivot.errors import WireError
from pivot.model.json import JsonObject
from pivot.wire.names import Field
from pivot.wire.payload import Payload

Check: TypeAlias = Callable[[Any], bool]

DEFAULTS_REQUIRED = (
    Field.MSG_ID,
    Field.EVENT_NAME,
    Field.EVENT_CATEGORY,
    Field.APP_VERSION,
    Field.APP_NAME,
)
DEFAULTS_IN_WIRE_ORDER = (Field.SERVER_ID, Field.NODE, *DEFAULTS_REQUIRED)
OPTIONAL_EVERYWHERE = (Field.CALL_ID, Field.ACCOUNT_ID)


def is_boolean(value: Any) -> bool:
    """Kazoo takes the words for the values."""
    return value is True or value is False or value in ("true", "false")


def is_true(value: Any) -> bool:
    """Kazoo's `is_true`: the boolean, or the text `true`."""
    return value is True or value == "true"


def is_integer(value: Any) -> bool:
    """An integer and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value: Any) -> bool:
    """A text: Kazoo's binary."""
    return isinstance(value, str)


def is_object(value: Any) -> bool:
    """A JSON object."""
    return isinstance(value, Mapping)


def is_list(value: Any) -> bool:
    """A JSON list."""
    return isinstance(value, list)


def one_of(*values: str) -> Check:
    """A check that the value is one of these texts."""
    allowed = frozenset(values)
    return lambda value: isinstance(value, str) and value in allowed


@dataclass(frozen=True, slots=True)
class Api:
    """One kind of message. `required` and `optional` stand in the order in which Kazoo writes them."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    _needed: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _order: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        order = (*self.optional, *self.required, *OPTIONAL_EVERYWHERE, *DEFAULTS_IN_WIRE_ORDER)
        object.__setattr__(self, "_needed", (*DEFAULTS_REQUIRED, *self.required))
        object.__setattr__(self, "_order", tuple(dict.fromkeys(order)))

    def check(self, payload: JsonObject) -> None:
        """Raise unless Kazoo would take this payload; members it does not know never matter.

        Raises:
            WireError: names the member at fault.
        """
        for name in self._needed:
            if name not in payload:
                raise WireError(f"{self.name}: {name} is missing")
        for name, passes in self.checks.items():
            if name in payload and not passes(payload[name]):
                raise WireError(
                    f"{self.name}: {name} is {shown(payload[name])}, which its definition refuses"
                )

    def select(self, payload: JsonObject) -> Payload:
        """Only the members that this kind of message has, in wire order; the others are dropped."""
        return {name: payload[name] for name in self._order if name in payload}


def shown(value: object) -> str:
    """A value for an error text: cut, because strangers may have chosen it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
