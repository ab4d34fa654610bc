"""Drops repeated key events: a key event that is delivered twice counts once.

The broker gives an event again whose acknowledgement was lost, and a worker that takes a call over sees
events again that its predecessor had seen. Other events name what they are about and do nothing twice.

A Msg-ID alone does not tell keys apart: the switch stamps them with its clock, which advances in steps of
20 ms, and keys through a loopback arrive in one step. Measured: three different keys with one Msg-ID.
"""

from __future__ import annotations

from pivot.execute.state import CallState
from pivot.model.events import DigitPressed, Event

_REMEMBERED = 32


def is_repeated(state: CallState, event: Event) -> bool:
    """Whether this key was told before; from now on it was."""
    if not isinstance(event, DigitPressed) or not event.msg_id:
        return False
    told = f"{event.call_id} {event.digit} {event.msg_id}"
    if told in state.keys_told:
        return True
    state.keys_told = (*state.keys_told, told)[-_REMEMBERED:]
    return False
