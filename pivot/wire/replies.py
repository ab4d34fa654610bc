"""Answers on our own queue."""

from __future__ import annotations

from pivot.model.events import Event
from pivot.wire import media_server
from pivot.wire.dialling_replies import decode_dialling_reply
from pivot.wire.payload import decode


def decode_reply(body: bytes) -> Event | None:
    """What an answer says; None for what says nothing, as that a node knows no channel.

    Raises:
        WireError: unreadable.
    """
    return media_server.decode_reply(body) or decode_dialling_reply(decode(body))
