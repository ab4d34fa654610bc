"""Applies the egress rules to addresses: logs each objection once, and refuses denied addresses."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from pivot.fetch.egress_guard import EgressGuard, is_localhost
from pivot.fetch.faults import EgressDenied
from pivot.fetch.trace import current

log = structlog.get_logger("pivot.fetch")


class EgressGate:
    """Stands in front of every lookup's result and every socket."""

    def __init__(self, guard: EgressGuard) -> None:
        self.guard = guard
        self.objections = 0
        """Since the start; for metrics."""

    def admit(self, host: str, port: int, addresses: Sequence[str]) -> Sequence[str]:
        """Those of a host's addresses that may be connected to.

        One bad address condemns all: an answer that mixes public and private ones is how rebinding begins.
        Only `localhost` is this machine's own answer, of which the permitted part is used.

        Raises:
            EgressDenied: the guard objects and is in force.
        """
        objections = {address: self.guard.objection(host, port, address) for address in addresses}
        if not any(objections.values()):
            return addresses
        permitted = [address for address, objection in objections.items() if objection is None]
        if permitted and is_localhost(host):
            return permitted
        for address, objection in objections.items():
            if objection is not None:
                self._object(host, port, address, objection)
                break
        return addresses

    def check(self, host: str, port: int, address: str, *, own: bool) -> None:
        """The last look, at the moment of connecting.

        Raises:
            EgressDenied: the guard objects and is in force.
        """
        objection = self.guard.objection(host, port, address, own=own)
        if objection is not None:
            self._object(host, port, address, objection)

    def _object(self, host: str, port: int, address: str, objection: str) -> None:
        trace = current.get()
        if trace is None or not trace.objected:
            self.objections += 1
            log.warning(
                "fetch.denied",
                host=host,
                port=port,
                address=address,
                reason=objection,
                enforced=self.guard.enforces,
            )
        if trace is not None:
            trace.objected = True
            trace.denied = self.guard.enforces
        if self.guard.enforces:
            raise EgressDenied(objection)
