"""Where Kazoo's own translator gives up and hangs up: read only with `failures = "kazoo"`.

Source: kzt_twiml_*.erl and kzt_util.erl, executed with such values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final


def _always(_: str) -> bool:
    return True


def _number_below(low: int) -> Callable[[str], bool]:
    return lambda written: re.fullmatch(r"-?\d+", written) is not None and int(written) < low


def _number_outside(low: int, high: int) -> Callable[[str], bool]:
    return lambda written: re.fullmatch(r"-?\d+", written) is not None and not low <= int(written) <= high


_GIVES_UP: Final[dict[tuple[str, str], Callable[[str], bool]]] = {
    ("Say", "voice"): _always,
    ("Say", "language"): _always,
    ("Say", "loop"): _number_below(0),
    ("Play", "loop"): _number_below(0),
    ("Pause", "length"): _number_below(1),
    ("Gather", "numDigits"): _always,
    ("Gather", "timeout"): _number_below(1),
    ("Gather", "finishOnKey"): _always,
    ("Record", "timeout"): _number_below(1),
    ("Record", "maxLength"): _number_outside(1, 3600),
    ("Reject", "reason"): _always,
    ("Dial", "strategy"): _always,
    ("Dial", "timeout"): _number_below(1),
    ("Conference", "maxParticipants"): _number_outside(3, 40),
    ("Conference", "voice"): _always,
}
READS_OVER_CHILDREN: Final = frozenset({"Say", "Gather"})
"""Elements whose strange children do not stop it."""
_METHODS: Final = frozenset({"put", "fetch", "", "delete", "head", "options", "patch", "trace", "connect"})
"""Words that Erlang has as atoms; any other one means POST."""
LONGEST_RINGING_S: Final = 3600


def gives_up_at(element: str, attribute: str, written: str) -> bool:
    """Whether this value, which we could not take, ends the call there."""
    if element == "Hangup":
        return True
    if attribute == "method":
        return written.lower() in _METHODS
    judge = _GIVES_UP.get((element, attribute))
    return judge is not None and judge(written)
