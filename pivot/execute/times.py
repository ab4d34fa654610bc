"""Times as callbacks write them."""

from __future__ import annotations

from email.utils import formatdate


def written_time(unix_s: float) -> str:
    """`Tue, 12 Mar 2024 10:00:00 +0000`, from seconds since 1970. Source: RFC 2822, UTC as Twilio's."""
    return formatdate(int(unix_s)).removesuffix("-0000") + "+0000"
