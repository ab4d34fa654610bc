"""What an operator can set about the bus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yarl import URL


@dataclass(frozen=True, slots=True)
class BusSettings:
    """`[bus]`."""

    url: str = "amqp://guest:guest@127.0.0.1:5672"
    urls: tuple[str, ...] = ()
    """Other brokers of the own zone, tried in order while `url` does not answer."""
    slow_after_s: float = 0.25
    """A request still waiting for its customer's server then is slow: its call's events get bound."""
    drain_s: float = 15.0
    max_calls: int = 10_000
    """Requests and running calls that this worker takes at a time; more are refused with `failed`."""
    max_asking: int = 2_000
    """Requests among them that callflow waits for; one process must get through them in ten seconds."""
    consumer_name: str = ""
    """Consumer tag, as `rabbitmqctl list_consumers` shows it; empty: the event queue's name."""
    connect_timeout_s: float = 5.0
    heartbeat_s: int = 3
    """A half-open connection is found within ten seconds; 0 leaves it to the URL's `heartbeat` parameter."""
    publish_timeout_s: float = 10.0
    """Waiting for a connection and for the broker's confirmation, together: as long as callflow waits."""
    reconnect_min_s: float = 0.5
    reconnect_max_s: float = 5.0
    """The pause between attempts doubles from the first to the second, each a little random."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Pairs of a key and what is wrong with its value."""
        for key, urls in (("url", (self.url,)), ("urls", self.urls)):
            if not all(is_broker(url) for url in urls):
                yield key, "is no broker's address, want amqp://user:password@host:5672/vhost"
        for key in _POSITIVE:
            if getattr(self, key) <= 0:
                yield key, f"is {getattr(self, key)}, want more than 0"
        for key in ("slow_after_s", "drain_s", "heartbeat_s"):
            if getattr(self, key) < 0:
                yield key, f"is {getattr(self, key)}, want 0 or more"
        if self.reconnect_max_s < self.reconnect_min_s:
            yield "reconnect_max_s", f"is {self.reconnect_max_s}, want at least reconnect_min_s"


def is_broker(url: str) -> bool:
    """Whether a connection can be tried at this address."""
    try:
        parsed = URL(url)
    except ValueError:
        return False
    return parsed.scheme in ("amqp", "amqps") and bool(parsed.host)


_POSITIVE = (
    "max_calls",
    "max_asking",
    "connect_timeout_s",
    "publish_timeout_s",
    "reconnect_min_s",
    "reconnect_max_s",
)
