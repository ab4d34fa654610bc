"""Kazoo's AMQP timestamp, as raw bytes."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pamqp.decode
import pamqp.frame
import pytest
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from pivot.bus import kazoo_timestamp
from pivot.bus.kazoo_timestamp import KazooTime

STAMP = 63_877_420_800_250_000
MOMENT = datetime(2024, 3, 12, 0, 0, 0, 250_000, tzinfo=UTC)


def header_frame(stamp: int, body_size: int = 2) -> bytes:
    """A content header as Kazoo sends it with a call event: type, `call-id` header, timestamp."""
    content_type = b"\x10application/json"
    table = b"\x07call-id" + b"x" + struct.pack(">I", 2) + b"c1"
    properties = struct.pack(">H", 0b1010_0000_0100_0000) + content_type
    properties += struct.pack(">I", len(table)) + table + struct.pack(">Q", stamp)
    payload = struct.pack(">HHQ", 60, 0, body_size) + properties
    return b"\x02" + struct.pack(">HI", 1, len(payload)) + payload + b"\xce"


def decoded(frame: bytes) -> Basic.Properties:
    _, _, header = pamqp.frame.unmarshal(frame)
    assert isinstance(header, ContentHeader)
    return header.properties


def test_kazoos_properties_decode() -> None:
    """The plain library raises here, and the connection drops with the message."""
    properties = decoded(header_frame(STAMP))

    assert properties.timestamp == MOMENT
    assert properties.content_type == "application/json"
    assert properties.headers == {"call-id": bytearray(b"c1")}


def test_the_plain_library_still_needs_this() -> None:
    """When it no longer does, this module can go."""
    with pytest.raises((ValueError, OverflowError)):
        pamqp.decode.timestamp(struct.pack(">Q", STAMP))


def test_our_own_stamp_is_byte_for_byte_kazoos() -> None:
    """Neither side can tell whether Erlang or we published."""
    stamp = KazooTime(2024, 3, 12, 0, 0, 0, 250_000, tzinfo=UTC)
    properties = Basic.Properties(
        content_type="application/json", headers={"call-id": bytearray(b"c1")}, timestamp=stamp
    )

    assert pamqp.frame.marshal(ContentHeader(0, 2, properties), 1) == header_frame(STAMP)
    assert decoded(header_frame(STAMP)).timestamp == stamp


@pytest.mark.parametrize("stamp", [2**64 - 1, 2**63, 400_000_000_000_000_000, 5_000_000_000_000_000])
def test_a_stamp_that_is_no_moment_costs_only_itself(stamp: int) -> None:
    """No sender may take our connection down with eight bytes."""
    assert decoded(header_frame(stamp)).timestamp is None


def test_other_clients_seconds_stay_what_they_are() -> None:
    """The broker's tools and Python clients send seconds since 1970."""
    seconds = datetime(2024, 3, 12, tzinfo=UTC)

    assert decoded(header_frame(1_710_201_600)).timestamp == seconds
    assert kazoo_timestamp.encode_timestamp(seconds) == struct.pack(">Q", 1_710_201_600)


def test_an_unknown_pamqp_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Better no start than a crash at the first call."""
    monkeypatch.setattr(kazoo_timestamp, "version", lambda _: "9.0.0")

    with pytest.raises(RuntimeError, match=r"pamqp 9\.0\.0 is unknown"):
        kazoo_timestamp.install()
