"""The live tail: server-sent events, one for each call that ends, resumable with `Last-Event-ID`.

Every event's id says how far the client has read. A client that comes back with it gets what it missed;
after a break in the middle of a batch it may get some calls twice, never too few.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from pivot.debug.call_json import shown_row
from pivot.debug.store import CallQueries, TailPage
from pivot.errors import PivotError
from pivot.web.errors import ApiError, faulty_request, too_many_requests
from pivot.web.json_text import to_bytes

PING_S = 15.0
WRITE_LIMIT_S = 20.0
JUDGE_AGAIN_S = 60.0
RETRY_MS = 2000


@dataclass(frozen=True, slots=True)
class Place:
    """Who takes a place."""

    account_id: str
    network: str
    """The client's, as the rate limit counts it."""


@dataclass(slots=True)
class Streams:
    """All open streams: at most `limit` at a time, a quarter of them for one account, half for one network.

    A network gets the larger share, because a proxy that is not trusted stands for all its clients.
    """

    store: CallQueries
    limit: int
    poll_s: float
    _open: list[Place] = field(default_factory=list)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Let every stream end now."""
        self._stopping.set()

    async def serve(
        self,
        request: web.Request,
        response: web.StreamResponse,
        place: Place,
        cursor: str | None,
        authorize_again: Callable[[], Awaitable[None]],
    ) -> web.StreamResponse:
        """Stream until the client leaves, loses its right to read, or the program stops.

        Raises:
            ApiError: 404, the cursor is none of ours; 429, too many streams. Only before anything was sent.
        """
        if self._is_full(place):
            raise too_many_requests()
        self._open.append(place)
        try:
            page = await self._page(place.account_id, cursor)
            await response.prepare(request)
            await self._run(request, response, place.account_id, page, authorize_again)
        except (ConnectionError, TimeoutError):
            pass  # the client left, or reads too slowly: it may come back with its last id
        finally:
            self._open.remove(place)
        return response

    def _is_full(self, place: Place) -> bool:
        of_account = sum(other.account_id == place.account_id for other in self._open)
        of_network = sum(other.network == place.network for other in self._open)
        return (
            len(self._open) >= self.limit
            or of_account >= max(1, self.limit // 4)
            or of_network >= max(1, self.limit // 2)
        )

    async def _page(self, account_id: str, cursor: str | None) -> TailPage:
        try:
            return await self.store.tail(account_id, cursor)
        except ValueError as error:
            raise faulty_request("invalid Last-Event-ID") from error

    async def _run(
        self,
        request: web.Request,
        response: web.StreamResponse,
        account_id: str,
        page: TailPage,
        authorize_again: Callable[[], Awaitable[None]],
    ) -> None:
        clock = asyncio.get_running_loop().time
        spoke = judged = clock()
        await self._send(response, ready(page.cursor) if not page.rows else batch(page))
        while not await self._stopped():
            if request.transport is None or request.transport.is_closing():
                return
            if clock() - judged >= JUDGE_AGAIN_S:
                judged = clock()
                try:
                    await authorize_again()
                except ApiError as error:
                    await self._send(response, farewell(error.message))
                    return
            try:
                page = await self.store.tail(account_id, page.cursor)
            except PivotError:
                continue  # the store is away; the connection may as well wait for it
            if page.rows:
                await self._send(response, batch(page))
                spoke = clock()
            elif clock() - spoke >= PING_S:
                await self._send(response, b": still here\n\n")
                spoke = clock()

    async def _stopped(self) -> bool:
        """Wait for the next look into the store; True when it is time to end."""
        try:
            await asyncio.wait_for(self._stopping.wait(), self.poll_s)
        except TimeoutError:
            return False
        return True

    async def _send(self, response: web.StreamResponse, data: bytes) -> None:
        async with asyncio.timeout(WRITE_LIMIT_S):
            await response.write(data)


def ready(cursor: str) -> bytes:
    """The first event: from here on nothing is missed."""
    return f"retry: {RETRY_MS}\n".encode() + event("ready", b"{}", cursor)


def batch(page: TailPage) -> bytes:
    """Calls in order. Only the last carries the id: it stands for all of them."""
    last = len(page.rows) - 1
    return b"".join(
        event("call", to_bytes(shown_row(row)), page.cursor if number == last else None)
        for number, row in enumerate(page.rows)
    )


def farewell(reason: str) -> bytes:
    """The last event of a stream, with the reason for its end."""
    return event("end", to_bytes({"message": reason}), None)


def event(name: str, data: bytes, cursor: str | None) -> bytes:
    """One event; JSON text has no line breaks, so one data line holds it."""
    mark = f"id: {cursor}\n".encode() if cursor is not None else b""
    return mark + f"event: {name}\n".encode() + b"data: " + data + b"\n\n"
