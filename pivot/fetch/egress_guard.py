"""Which addresses and ports a customer's URL may reach. Decides only; who calls it acts.

The built-in list is explicit on purpose: the flags of `ipaddress` call several ranges global that lead
inside (64:ff9b::/96, 2002::/16, ::10.0.0.1) and change between versions of Python.
Source of the ranges: IANA's special-purpose registries for IPv4 and IPv6.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from pivot.errors import ConfigError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

NOT_PUBLIC: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(cidr), reason)
    for cidr, reason in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::1/128", "loopback"),
        ("::/96", "embedded IPv4"),
        ("::ffff:0:0/96", "embedded IPv4"),
        ("::ffff:0:0:0/96", "embedded IPv4"),
        ("64:ff9b::/96", "embedded IPv4"),
        ("64:ff9b:1::/48", "embedded IPv4"),
        ("100::/63", "discard"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "embedded IPv4"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
LOCALHOST = ("127.0.0.1", "::1")


class Egress(StrEnum):
    """How strictly the list is kept."""

    ENFORCE = "enforce"
    REPORT = "report"
    """Log what would be denied, deny nothing."""
    OPEN = "open"
    LOOPBACK = "loopback"
    """Nothing but this machine; for demo and simulator."""


class EgressGuard:
    """The operator's rules, ready to be asked. No state, no I/O."""

    def __init__(
        self,
        egress: str = Egress.ENFORCE,
        *,
        allow_networks: Iterable[str] = (),
        allow_hosts: Iterable[str] = (),
        deny_networks: Iterable[str] = (),
        deny_hosts: Iterable[str] = (),
        allow_ports: Iterable[str] = (),
        deny_ports: Iterable[str] = (),
    ) -> None:
        """Raises ConfigError when a rule cannot be read."""
        self.egress = _egress(egress)
        self._allow_networks = _networks("allow_networks", allow_networks)
        self._deny_networks = _networks("deny_networks", deny_networks)
        self._allow_hosts = _hosts(allow_hosts)
        self._deny_hosts = _hosts(deny_hosts)
        self._deny_ports = _ports("deny_ports", deny_ports) - _ports("allow_ports", allow_ports)
        # Every fetch asks, also on a kept connection, and mostly the same.
        self._remembered = lru_cache(maxsize=4096)(self._judge)

    @property
    def enforces(self) -> bool:
        """Whether an objection stops the fetch."""
        return self.egress in (Egress.ENFORCE, Egress.LOOPBACK)

    def objection(self, host: str, port: int, address: str, *, own: bool = False) -> str | None:
        """Why this address must not be called, in words for the operator's log; None: it may.

        Args:
            host: as the URL names it, lower case.
            address: what it resolved to, or the literal itself.
            own: the address is one of this machine's.
        """
        return self._remembered(host, port, address, own)

    def _judge(self, host: str, port: int, address: str, own: bool) -> str | None:
        if self.egress is Egress.OPEN:
            return None
        if port in self._deny_ports:
            return f"port {port} is denied"
        if _named(host, self._deny_hosts):
            return "in deny_hosts"
        ip = _parsed(address)
        if _within(ip, self._deny_networks):
            return "in deny_networks"
        if self.egress is Egress.LOOPBACK:
            return None if _within(ip, LOOPBACK) else "not loopback"
        if _named(host, self._allow_hosts) or _within(ip, self._allow_networks):
            return None
        return why_not_public(address) or ("this machine's own address" if own else None)


@lru_cache(4096)
def why_not_public(address: str) -> str | None:
    """The kind of a special address, None for one on the public Internet."""
    ip = _parsed(address)
    return next((kind for network, kind in NOT_PUBLIC if _within(ip, (network,))), None)


@lru_cache(4096)
def _parsed(address: str) -> Address:
    """Each address is asked about several times a fetch, and parsing is slow."""
    return ip_address(address)


def is_localhost(host: str) -> bool:
    """Whether a name means this machine, whatever name servers say. Source: RFC 6761, section 6.3."""
    return host.rstrip(".").rpartition(".")[2] == "localhost"


def _hosts(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower().rstrip(".") for name in names)


def _named(host: str, names: frozenset[str]) -> bool:
    """Whether a host stands in a list, itself or as one of a domain `*.example`."""
    if not names:
        return False
    labels = host.rstrip(".").split(".")
    parents = ("*." + ".".join(labels[start:]) for start in range(1, len(labels)))
    return ".".join(labels) in names or any(parent in names for parent in parents)


def _within(ip: Address, networks: Iterable[Network]) -> bool:
    return any(ip.version == network.version and ip in network for network in networks)


def _egress(text: str) -> Egress:
    try:
        return Egress(text)
    except ValueError:
        raise ConfigError(f"fetch.egress is {text!r}, want one of {', '.join(Egress)}") from None


def _networks(key: str, texts: Iterable[str]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise ConfigError(f"fetch.{key}: {error}; write networks as 10.1.2.0/24 or fd00::/64") from None


def _ports(key: str, texts: Iterable[str]) -> frozenset[int]:
    ports: set[int] = set()
    for text in texts:
        first, _, last = str(text).partition("-")
        try:
            ports.update(range(int(first), int(last or first) + 1))
        except ValueError:
            raise ConfigError(f"fetch.{key} has {text!r}, want a port or a range such as 6000-6063") from None
    return frozenset(ports)
