"""A broker in memory: topic and direct exchanges, as far as Kazoo's bus uses them."""

from __future__ import annotations

import asyncio

from pivot.sim.link import Arrived, Handler
from pivot.wire.envelope import Message
from pivot.wire.names import Exchange

_DIRECT = frozenset({Exchange.TARGETED, Exchange.CALLCTL})


class MemoryBroker:
    """Every listener has a queue of its own; messages arrive in the order of their publishing."""

    def __init__(self) -> None:
        self._listeners: list[tuple[str, str, Handler]] = []

    async def publish(self, message: Message) -> bool:
        wanted = [
            handler
            for exchange, binding_key, handler in self._listeners
            if exchange == message.exchange and _matches(exchange, binding_key, message.routing_key)
        ]
        arrived = Arrived(message.exchange.value, message.routing_key, message.payload, dict(message.headers))
        for handler in wanted:
            asyncio.get_running_loop().call_soon(handler, arrived)
        return bool(wanted)

    async def listen(self, exchange: str, binding_key: str, handler: Handler) -> None:
        self._listeners.append((exchange, binding_key, handler))

    def forget(self, exchange: str, binding_key: str, handler: Handler) -> None:
        """Take a binding away."""
        self._listeners.remove((exchange, binding_key, handler))


def _matches(exchange: str, binding_key: str, routing_key: str) -> bool:
    if exchange in _DIRECT:
        return binding_key == routing_key
    return _words_match(binding_key.split("."), routing_key.split("."))


def _words_match(pattern: list[str], words: list[str]) -> bool:
    """Topic rules: `*` is one word, `#` any number of them."""
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_words_match(pattern[1:], words[taken:]) for taken in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and _words_match(pattern[1:], words[1:])
