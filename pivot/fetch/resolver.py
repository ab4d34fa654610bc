"""Names to addresses, without threads of ours: one customer's dead name server stalls nobody else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiodns
from aiohttp.abc import AbstractResolver, ResolveResult

from pivot.fetch.egress_guard import LOCALHOST, is_localhost
from pivot.fetch.faults import ResolveError
from pivot.fetch.trace import current

LONGEST_TTL_S = 10.0
"""A name is asked again at least this often, so that a kept connection is never trusted for longer."""
SHORTEST_TTL_S = 1.0
MAX_ADDRESSES = 6
"""More than these are not tried; all of them are checked."""
_MAX_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class Resolved:
    """One lookup's result."""

    addresses: tuple[str, ...]
    expires_at: float
    error: str | None = None


class Resolver(AbstractResolver):
    """Asks each name once for all who want it, and remembers the answer for one to ten seconds."""

    def __init__(
        self,
        admit: Callable[[str, int, Sequence[str]], Sequence[str]],
        nameservers: Sequence[str] = (),
        timeout_s: float = 2.0,
    ) -> None:
        """
        Args:
            admit: checks all addresses of a host and port; returns those to connect to, or raises.
            nameservers: `host` or `host:port`; empty: the system's.
        """
        self._admit = admit
        self._timeout_s = timeout_s
        self._dns = aiodns.DNSResolver(nameservers=list(nameservers) or None, timeout=timeout_s / 2, tries=2)
        self._loop = asyncio.get_running_loop()
        self._known: dict[str, Resolved] = {}
        self._asking: dict[str, asyncio.Task[Resolved]] = {}

    async def lookup(self, host: str) -> tuple[str, ...]:
        """All addresses of a name.

        Raises:
            ResolveError: there are none, or the name servers failed.
        """
        known = self._known.get(host)
        if known is None or known.expires_at <= self._loop.time():
            started_at = self._loop.time()
            known = await asyncio.shield(self._ask_once(host))
            if (trace := current.get()) is not None:
                trace.dns_s = (trace.dns_s or 0.0) + self._loop.time() - started_at
        if known.error is not None:
            raise ResolveError(known.error)
        return known.addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """For aiohttp; never hands out an address that was not admitted."""
        admitted = self._admit(host, port, await self.lookup(host))
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in admitted[:MAX_ADDRESSES]
        ]

    async def close(self) -> None:
        """Cancel all look-ups and close the sockets of the resolver."""
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        await self._dns.close()

    def _ask_once(self, host: str) -> asyncio.Task[Resolved]:
        task = self._asking.get(host)
        if task is None:
            task = self._asking[host] = self._loop.create_task(self._ask(host), name=f"resolve {host}")
            task.add_done_callback(lambda _: self._asking.pop(host, None))
        return task

    async def _ask(self, host: str) -> Resolved:
        if is_localhost(host):
            resolved = Resolved(LOCALHOST, self._loop.time() + LONGEST_TTL_S)
        else:
            resolved = await self._ask_name_servers(host)
        self._remember(host, resolved)
        return resolved

    async def _ask_name_servers(self, host: str) -> Resolved:
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._dns.getaddrinfo(host, family=socket.AF_UNSPEC, type=socket.SOCK_STREAM)
        except (aiodns.error.DNSError, TimeoutError, UnicodeError) as error:
            return Resolved((), self._loop.time() + SHORTEST_TTL_S, str(error) or "too slow")
        addresses = dict.fromkeys(_text(node.addr[0]) for node in answer.nodes)
        ttl_s = min((float(node.ttl) for node in answer.nodes), default=0.0)
        expires_at = self._loop.time() + min(max(ttl_s, SHORTEST_TTL_S), LONGEST_TTL_S)
        return Resolved(tuple(addresses), expires_at, None if addresses else "empty")

    def _remember(self, host: str, resolved: Resolved) -> None:
        self._known.pop(host, None)
        if len(self._known) >= _MAX_NAMES:
            del self._known[next(iter(self._known))]
        self._known[host] = resolved


def _text(address: bytes | str) -> str:
    text = address.decode("ascii") if isinstance(address, bytes) else address
    return text.partition("%")[0]
