"""Numbers about the bus that others show."""

from __future__ import annotations

from dataclasses import dataclass


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
    reconnects: int = 0
