"""How simulated parts of Kazoo reach the bus: in memory, or over a real broker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from pivot.wire.envelope import Message


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as a consumer gets it."""

    exchange: str
    routing_key: str
    body: bytes
    headers: dict[str, bytes] = field(default_factory=dict)
    """AMQP headers of type byte array or text."""


Handler: TypeAlias = Callable[[Arrived], None]


class Link(Protocol):
    """One connection to the bus."""

    async def publish(self, message: Message) -> bool:
        """Send, and wait until it is taken; False: no queue wanted it."""

    async def listen(self, exchange: str, binding_key: str, handler: Handler) -> None:
        """Give every message of this binding to `handler`, in order; it returns at once."""
