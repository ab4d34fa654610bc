"""Which URLs Kazoo lets a customer save: a check of the text, without DNS.

It protects nothing at the moment of a request; that is what the egress guard is for.
"""

from __future__ import annotations

import re

DENIED_ADDRESSES = frozenset({0x00000000, 0x7F000001})
DENIED_HOSTS = frozenset({"localhost"})

_PARTS = re.compile(r"(?P<scheme>[A-Za-z0-9+.\-]*):(?://(?P<host>[^/?#@:]*)(?P<end>@)?)?")
_USER = re.compile(r"[^:]*:(?P<host>[^/?#@:]*)(?P<end>@)?")


def is_client_url(url: str) -> bool:
    """Whether scheme and host are acceptable: `http` or `https`, neither `localhost` nor two bad addresses.

    Host is what Kazoo takes for it, so everything before the first colon of `user:password@host`.

    Source: kz_json_schema_extensions.erl, is_valid_client_url; kz_http_util.erl, urlsplit.
    """
    parts = _PARTS.match(url)
    if parts is None or parts["scheme"] not in ("http", "https"):
        return False
    while parts["end"]:
        # Kazoo reads `user@password:host`, and crashes when there is no colon
        parts = _USER.match(url, parts.end())
        if parts is None:
            return False
    host = (parts["host"] or "").lower()
    return host not in DENIED_HOSTS and _address(host) not in DENIED_ADDRESSES


def _address(host: str) -> int | None:
    """The IPv4 address that a host stands for, also when written as `127.1`, `0x7f000001` or one number."""
    parts = [_number(part) for part in host.split(".")]
    if len(parts) > 4 or None in parts:
        return None
    *heads, last = (part for part in parts if part is not None)
    if any(head > 0xFF for head in heads) or last >= 256 ** (4 - len(heads)):
        return None
    return last + sum(head << 8 * (3 - index) for index, head in enumerate(heads))


def _number(text: str) -> int | None:
    """A number as Erlang reads it: hexadecimal after `0x`, unless it is zero; octal after `0`."""
    if re.fullmatch(r"0x0{0,9}[1-9a-f][0-9a-f]{0,15}", text):
        return int(text, 16)
    if re.fullmatch(r"0[0-7]{0,16}", text):
        return int(text, 8)
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,16}", text) else None
