"""What a message that came says by its frames: where from, when sent, which body."""

from __future__ import annotations

import zlib
from datetime import datetime

from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from pivot.wire.names import CONTENT_TYPE
from pivot.wire.requests import RequestError, refused

MAX_UNPACKED_BYTES = 4_194_304


def delivered(message: DeliveredMessage) -> tuple[AbstractChannel, int, bool]:
    """Where a message came from, its delivery tag, and whether somebody was given it before."""
    deliver = message.delivery
    assert isinstance(deliver, Basic.Deliver)
    assert deliver.delivery_tag is not None
    return message.channel, deliver.delivery_tag, bool(deliver.redelivered)


def body_of(message: DeliveredMessage) -> bytes:
    """The body, unpacked when its sender packed it.

    Raises:
        RequestError: of another type than JSON, or badly packed.
    """
    properties = message.header.properties
    if properties.content_type != CONTENT_TYPE:
        raise refused(message.body, f"content type is {properties.content_type!r}, want {CONTENT_TYPE}")
    if properties.content_encoding != "gzip":
        return message.body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(message.body, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise RequestError(f"body is no gzip: {error}") from error
    if unpacker.unconsumed_tail:
        raise RequestError(f"body is larger than {MAX_UNPACKED_BYTES} bytes")
    return body


def sent_at(message: DeliveredMessage) -> float | None:
    """When the sender published it, in seconds since 1970, as far as its stamp tells."""
    stamp = message.header.properties.timestamp
    return stamp.timestamp() if isinstance(stamp, datetime) else None
