"""Every error pivot raises on purpose.

PivotError
├── ConfigError      a setting must change before the program can start
├── WireError        a bus message breaks its schema: rejected, never retried
├── DocumentError    the customer's document is unusable: this call fails, the worker lives
├── BusError         the broker refused, returned or lost a message
├── SpeechError      a text could not be synthesised: the switch speaks it instead
└── StoreError       the debug store could not read or write; never reaches a call

A failed fetch is no exception but a value (`model.fetch.FetchFailure`): it is an event of the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pivot.model.codes import Code
    from pivot.model.json import JsonObject


MAX_MESSAGE = 2_000
"""Characters of a message in which a stranger's words may stand."""


class PivotError(Exception):
    """Base of all errors that pivot raises on purpose."""


class ConfigError(PivotError):
    """A setting is unknown, of the wrong type or out of range; the message names key, value and remedy."""


class WireError(PivotError):
    """A bus message cannot be understood; the message names the header at fault."""


class DocumentError(PivotError):
    """The customer's document cannot be run.

    Attributes:
        code: why, as everybody outside sees it.
        details: what belongs into a debug document (`json_errors` or `schema_errors`), or None.
        line, column: place of the fault in the document, 1-based, when known.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        details: JsonObject | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message[:MAX_MESSAGE])
        self.code = code
        self.details = details
        self.line = line
        self.column = column


class BusError(PivotError):
    """The broker refused, returned or lost a message.

    Attributes:
        code: `bus.returned` when the broker had no queue for it, else `bus.lost`.
        unconfirmed: it was written to the broker, so it may have taken effect.
        in_line: it is unconfirmed and its connection stands: whatever is sent next comes after it.
    """

    def __init__(self, code: Code, message: str, *, unconfirmed: bool = False, in_line: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.unconfirmed = unconfirmed
        self.in_line = in_line


class SpeechError(PivotError):
    """A text could not be synthesised; the message is for the call's timeline, and holds nothing secret."""


class StoreError(PivotError):
    """The debug store refused or lost an operation; `retryable` tells whether later may help."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable
