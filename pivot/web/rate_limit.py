"""How many requests one client may make: a bucket of tokens for each address and account.

Source: kz_buckets.erl and cb_context.erl: 100 tokens, 10 come back each second, a request costs one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

MAX_BUCKETS = 10_000


@dataclass(slots=True)
class RateLimit:
    """Buckets are made full when first asked for; the one unused for longest goes when there are too many."""

    burst: int
    per_s: float
    clock: Callable[[], float]
    _buckets: OrderedDict[tuple[str, str], tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, client: str, account_id: str) -> int | None:
        """Tokens that remain after this request; None when there was none to take."""
        key, now = (client, account_id), self.clock()
        tokens = self._tokens(key, now)
        self._buckets.pop(key, None)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return int(tokens - 1) if allowed else None

    def is_empty(self, client: str, account_id: str) -> bool:
        """Whether `take` would give nothing; takes nothing."""
        return self._tokens((client, account_id), self.clock()) < 1

    def _tokens(self, key: tuple[str, str], now: float) -> float:
        tokens, seen = self._buckets.get(key, (float(self.burst), now))
        return min(float(self.burst), tokens + (now - seen) * self.per_s)


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """Whose request it is, when proxies that we trust stand in between."""

    trusted: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def behind(cls, proxies: tuple[str, ...]) -> ClientAddress:
        """Addresses of clients behind these proxies, each an address or a network."""
        return cls(tuple(ip_network(proxy) for proxy in proxies))

    def of(self, peer: str, forwarded_for: str) -> str:
        """The nearest address in `X-Forwarded-For` that is no trusted proxy; the peer without proxies."""
        client = peer
        for hop in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
            if not self._is_trusted(client) or _address(hop) is None:
                break
            client = hop
        return client

    def _is_trusted(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self.trusted)


def network_of(text: str) -> str:
    """What a client is counted by: its IPv4 address, or the /64 of its IPv6 address.

    A household or a rented server has a whole /64, so an IPv6 address alone says nothing. An IPv4 address
    that is written as IPv6 (`::ffff:192.0.2.1`, also seen on sockets of both families) counts as itself.
    """
    address = _address(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), 64), strict=False))
    return str(address) if address is not None else text


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Without zone; None when it is no address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
