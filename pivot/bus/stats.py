"""Numbers about the bus that others show."""

from __future__ import annotations

import time
from dataclasses import dataclass

UNCHECKED_FOR_S = 40.0
"""Several checks are overdue."""


@dataclass(slots=True)
class BusStats:
    """Counted since the start, unless it says otherwise."""

    connected: bool = False
    """Now."""
    consuming: bool = False
    """Now: requests can reach us."""
    in_flight: int = 0
    """Requests received and not settled, now."""
    bound_legs: int = 0
    """Legs whose events reach us, now."""
    requests: int = 0
    redelivered: int = 0
    rejected: int = 0
    """Requests and events that could not be read or were invalid."""
    published: int = 0
    returned: int = 0
    """Messages of ours for which the broker had no queue."""
    lost: int = 0
    """Messages of ours that the broker did not confirm."""
    lost_deliveries: int = 0
    """Requests that went back to the queue because our connection broke."""
    kept_deliveries: int = 0
    """Of these, the ones that were ours to answer after all: the queue had been deleted."""
    reconnects: int = 0
    checked_s: float = 0.0
    """Second of the steady clock at which all that we need was last known to stand at the broker."""
    trouble: str = ""
    """Why the last check failed; empty: it did not."""

    def deaf(self) -> str:
        """Why requests or events may not reach us although we are connected, now; empty: they do."""
        quiet_s = time.monotonic() - self.checked_s
        if self.trouble or not self.connected or quiet_s < UNCHECKED_FOR_S:
            return self.trouble
        return f"exchanges and bindings were last seen {quiet_s:.0f} s ago"
