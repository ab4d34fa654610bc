"""Which URLs Kazoo lets a customer save: a check of the text, without DNS.

It protects nothing at the moment of a request; that is what the egress guard is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True, slots=True)
class Blacklist:
    """Hosts that no customer's URL may name; by default those that Kazoo denies when nobody has set any."""

    networks: tuple[IPv4Network, ...] = (IPv4Network("127.0.0.1/32"), IPv4Network("0.0.0.0/32"))
    hosts: frozenset[str] = frozenset({"localhost"})

    @classmethod
    def of(cls, networks: Iterable[str], hosts: Iterable[str]) -> Blacklist:
        """As an operator has written it; networks that are none of IPv4's match nothing, as in Kazoo."""
        read = (_network(text) for text in networks)
        return cls(tuple(network for network in read if network is not None), frozenset(hosts))

    def has(self, host: str) -> bool:
        """An address is looked for among the networks, a name among the hosts, both as they are written."""
        address = _address(host)
        if address is None:
            return host in self.hosts
        return any(IPv4Address(address) in network for network in self.networks)


KAZOOS_OWN = Blacklist()

_PARTS = re.compile(r"(?P<scheme>[A-Za-z0-9+.\-]*):(?://(?P<host>[^/?#@:]*)(?P<end>@)?)?")
_USER = re.compile(r"[^:]*:(?P<host>[^/?#@:]*)(?P<end>@)?")


def is_client_url(url: str, blacklist: Blacklist = KAZOOS_OWN) -> bool:
    """Whether scheme and host are acceptable: `http` or `https`, and no host on the list.

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
    return not blacklist.has((parts["host"] or "").lower())


def _network(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text)
    except ValueError:
        return None


def _address(host: str) -> int | None:
    """The IPv4 address that a host stands for, also when written as `127.1`, `0x7f000001` or one number."""
    parts = [_number(part) for part in host.split(".", 4)]  # a fifth part is no number
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
