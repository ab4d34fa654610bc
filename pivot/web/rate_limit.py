"""How many requests one client may make: a bucket of tokens for each address and account.

Source: kz_buckets.erl and cb_context.erl: 100 tokens, 10 come back each second, a request costs one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

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
            if not self._is_trusted(client) or not _is_address(hop):
                break
            client = hop
        return client

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in network for network in self.trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
