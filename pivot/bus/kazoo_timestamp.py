"""Makes pamqp read and write Kazoo's timestamps: microseconds since the year 0.

Kazoo stamps every message with the microseconds since the year 0. pamqp takes anything that large for
milliseconds since 1970, gets a year beyond 9999, raises, and the connection is gone together with the
message. Here such a stamp becomes the moment that it means, and a stamp that means nothing becomes None.
`KazooTime` is that moment going out: our messages carry the same kind of stamp.

pamqp has no hook for this, so its two tables of codecs are changed, once, on import. The import fails when a
new pamqp keeps its codecs elsewhere: better at start than at the first call.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, ClassVar

import pamqp.decode
import pamqp.encode
from pamqp import common

from pivot.wire import timestamps

SUPPORTED_PAMQP = ("3", "4")
_US = timedelta(microseconds=1)
_YEAR_0_US = timestamps.YEAR_0_S * 1_000_000


class KazooTime(datetime):
    """A moment that counts like Kazoo's on the wire."""

    EPOCH: ClassVar[KazooTime]

    @classmethod
    def now_stamp(cls) -> KazooTime:
        """The current time as a timestamp that is sent in Kazoo's unit, microseconds since the year 0."""
        return cls.fromtimestamp(time.time(), UTC)


KazooTime.EPOCH = KazooTime(1970, 1, 1, tzinfo=UTC)


def decode_timestamp(value: bytes) -> tuple[int, datetime | None]:
    """Bytes consumed, and the moment; None when these eight bytes are no moment at all."""
    stamp: int = common.Struct.timestamp.unpack(value[:8])[0]
    try:
        if timestamps.is_kazoo(stamp):
            return 8, KazooTime.fromtimestamp(timestamps.to_unix(stamp), UTC)
        return _decode(value)
    except (ValueError, OverflowError, OSError):
        return 8, None


def encode_timestamp(value: Any) -> bytes:
    """Eight bytes: Kazoo's stamp of a `KazooTime`, else seconds since 1970."""
    if isinstance(value, KazooTime):
        stamp: bytes = common.Struct.timestamp.pack(_YEAR_0_US + (value - KazooTime.EPOCH) // _US)
        return stamp
    return _encode(value)


def install() -> None:
    """Change pamqp's tables; a second time changes nothing.

    Raises:
        RuntimeError: this pamqp is another than the ones this was written for.
    """
    decoders, encoders = pamqp.decode.METHODS, pamqp.encode.METHODS
    known = version("pamqp").split(".")[0] in SUPPORTED_PAMQP
    if not known or "timestamp" not in decoders or "timestamp" not in encoders:
        raise RuntimeError(
            f"pamqp {version('pamqp')} is unknown to pivot/bus/kazoo_timestamp.py; "
            f"install a major version of {', '.join(SUPPORTED_PAMQP)}"
        )
    decoders["timestamp"] = pamqp.decode.TABLE_MAPPING[b"T"] = decode_timestamp
    encoders["timestamp"] = encode_timestamp


_decode = pamqp.decode.timestamp
_encode = pamqp.encode.timestamp
install()
