"""Strangers' texts and times as people can read them."""

from __future__ import annotations

from datetime import UTC, datetime


def clean(text: str) -> str:
    """The text with control and direction characters made visible."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in "\n\t" or char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def iso_time(unix_s: float) -> str:
    """UTC with milliseconds; times that no calendar has are taken to its nearest end."""
    return (
        datetime.fromtimestamp(in_calendar(unix_s), UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def in_calendar(unix_s: float) -> float:
    return min(max(unix_s, -62_135_596_800.0), 253_402_300_799.0)
