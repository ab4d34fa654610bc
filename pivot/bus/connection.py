"""Keeps a connection to the broker: opens it, opens it again when it breaks, and restores what stood on it.

The library could reconnect by itself; doing it here keeps in one place, and in one order, what must be true
before requests come in again: exchanges, our queue, every call's binding, and only then the consumer.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator

import structlog
from aiormq.exceptions import (
    AuthenticationError,
    ChannelPreconditionFailed,
    ConnectionNotAllowed,
    InvalidFrameError,
    ProbableAuthenticationError,
)
from yarl import URL

from pivot.bus.error_mapping import bus_errors, shown
from pivot.bus.open_connection import OpenConnection, open_connection
from pivot.bus.settings import BusSettings
from pivot.bus.stats import BusStats
from pivot.errors import BusError, ConfigError
from pivot.model.codes import Code

log = structlog.get_logger()

CLOSE_TIMEOUT_S = 5.0

_REFUSED = (
    AuthenticationError,
    ProbableAuthenticationError,
    ConnectionNotAllowed,
    InvalidFrameError,  # what the library makes of a broker that closes instead of opening the vhost
)


class Connection:
    """The link that stands now, or the wait for the next one.

    `restore` is called with each new link before anybody else may use it; `lost` when a link has broken.
    """

    def __init__(
        self,
        settings: BusSettings,
        stats: BusStats,
        *,
        node: str,
        event_queue: str,
        restore: Callable[[OpenConnection], Awaitable[None]],
        lost: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._stats = stats
        self._node = node
        self._event_queue = event_queue
        self._restore = restore
        self._lost = lost
        self._link: OpenConnection | None = None
        self._up = asyncio.Event()
        self._closed = False

    @property
    def standing(self) -> OpenConnection | None:
        """A link that works as far as anybody knows, if there is one now."""
        return self._link if self._link is not None and self._link.usable else None

    async def current(self) -> OpenConnection:
        """The standing link; waits for one without a limit.

        Raises:
            BusError: the bus is closed, so there will be none.
        """
        while (link := self.standing) is None:
            if self._closed:
                raise BusError(Code.BUS_LOST, "the worker has left the broker")
            self._up.clear()
            await self._up.wait()
        return link

    async def keep(self) -> None:
        """Connect and reconnect until cancelled.

        Raises:
            ConfigError: the very first connection failed for a reason that waiting will not change.
        """
        while True:
            link = await self._connect()
            self._link, self._stats.connected = link, True
            self._up.set()
            log.info("bus.connected", broker=_broker(link.connection))
            await link.broken()
            self._stats.connected = self._stats.consuming = False
            self._stats.reconnects += 1
            self._link = None
            self._lost()
            log.warning("bus.connection_lost")
            await _close_quietly(link)

    async def close(self) -> None:
        """Give the link up in good order."""
        link, self._link = self._link, None
        self._closed = True
        self._up.set()
        self._stats.connected = self._stats.consuming = False
        if link is not None:
            await _close_quietly(link)

    async def _connect(self) -> OpenConnection:
        """Try the brokers in turn, with growing pauses after each round, until one takes us."""
        for pause_s in _pauses(self._settings):
            for url in (self._settings.url, *self._settings.urls):
                try:
                    with bus_errors("connecting"):
                        return await self._open(url)
                except ConfigError:
                    raise
                except Exception as error:  # an unknown fault of the library must not end the bus for good
                    cause = error.__cause__ if isinstance(error, BusError) else error
                    self._raise_if_hopeless(cause or error)
                    log.warning(
                        "bus.connect_failed",
                        broker=_broker(url),
                        error=shown(cause or error),
                        retry_s=pause_s,
                    )
            await asyncio.sleep(pause_s)
        raise AssertionError("the pauses never end")

    async def _open(self, url: str) -> OpenConnection:
        link = await open_connection(url, self._settings, node=self._node, event_queue=self._event_queue)
        try:
            await self._restore(link)
        except BaseException:
            await _close_quietly(link)
            raise
        return link

    def _raise_if_hopeless(self, error: BaseException) -> None:
        """At start an operator is watching; later a broker may be rebuilt under us, and we wait."""
        if self._stats.reconnects:
            return
        if isinstance(error, _REFUSED):
            raise ConfigError(
                f"the broker refuses the user, password or vhost of bus.url ({shown(error)}); correct them"
            ) from error
        if isinstance(error, ChannelPreconditionFailed):
            raise ConfigError(
                f"the broker has a queue or exchange of this name with other properties ({shown(error)}); "
                "delete it there or ask who declares it so"
            ) from error


def _pauses(settings: BusSettings) -> Iterator[float]:
    """Doubling from the shortest to the longest, each shortened by up to a half so that nodes spread out."""
    for round_ in itertools.count():
        longest = min(settings.reconnect_max_s, settings.reconnect_min_s * 2 ** min(round_, 16))
        yield longest * random.uniform(0.5, 1.0)


def _broker(source: object) -> str:
    """A broker for the log: never its password."""
    url = URL(source) if isinstance(source, str) else getattr(source, "url", None)
    return f"{url.host}:{url.port or 5672}{url.path}" if isinstance(url, URL) else "?"


async def _close_quietly(link: OpenConnection) -> None:
    """Close what may be broken already; what it has to say about that is known."""
    try:
        with bus_errors("closing"):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await link.close()
    except Exception as error:
        log.debug("bus.close_failed", error=shown(error))
