"""The bindings of one call's legs. A slow broker does not delay the call.

A broker that is busy with other applications' queues took 0.5 to 12.7 s for single bindings; timers, requests
and hang-ups of a call must not wait for that. So a binding is begun and not waited for. Only a command to the
switch waits until the bindings before it stand, since its first events may come a millisecond later: at most
`BIND_WAIT_S`, together. Then the call goes on without it, `processing` is said in time, and when the binding
stands at last, `ListenedLate` lets the engine ask the channel what it has missed. The alternative, to give
the call up, costs a caller for what is almost always a matter of a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from pivot.errors import BusError
from pivot.model.commands import BindCall
from pivot.model.events import CommandFailed, Event, ListenedLate
from pivot.session.cancelling import cancel
from pivot.session.ports import Bus

log = structlog.get_logger()

BIND_WAIT_S = 0.25
"""Far above what a binding takes (3 ms), and no caller notices it."""
_AGAIN_S = 1.0
"""A binding that the broker refused or lost is tried again as long as the call lives."""

_unbinding: set[asyncio.Task[None]] = set()
"""Of calls that may be over: only kept so that each is carried out."""


class BindingFailed(BusError):
    """A leg cannot be listened to, which was found out before anything was sent that depends on it."""


class Listening:
    """All legs of one call.

    Args:
        bus: which binds.
        hear: is given the events of the legs.
    """

    def __init__(self, bus: Bus, hear: Callable[[Event], None]) -> None:
        self._bus = bus
        self._hear = hear
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._waited_until: dict[str, float] = {}
        """By leg that commands still wait for: how long."""
        self._is_waiting = False

    @property
    def legs(self) -> list[str]:
        """Those that are listened to, or will be."""
        return list(self._tasks)

    def begin(self, leg: str) -> None:
        """Listen to a leg; returns at once."""
        if leg in self._tasks:
            return
        task = asyncio.create_task(self._bus.bind(leg, self._hear), name=f"binding {leg}")
        self._tasks[leg] = task
        self._waited_until[leg] = asyncio.get_running_loop().time() + BIND_WAIT_S
        task.add_done_callback(lambda done: self._tell_failure(leg, done))

    def end(self, leg: str) -> None:
        """Listen to it no more; nobody waits for the broker."""
        task = self._tasks.pop(leg, None)
        self._waited_until.pop(leg, None)
        if task is not None:
            self._start_unbinding(self._unbind(leg, task))

    async def ready(self) -> None:
        """Return when every leg is listened to, or was waited for long enough.

        Raises:
            BindingFailed: one of them cannot be; it is forgotten.
        """
        self._is_waiting = True
        try:
            await self._ready()
        finally:
            self._is_waiting = False

    async def _ready(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waited_until:
            leg, until = next(iter(self._waited_until.items()))
            task = self._tasks[leg]
            if not task.done():
                await asyncio.wait([task], timeout=max(0.0, until - loop.time()))
            if self._waited_until.pop(leg, None) is None:
                continue
            if not task.done():
                log.info("session.binding_slow", leg=leg, waited_s=BIND_WAIT_S)
                self._tasks[leg] = asyncio.create_task(self._late(leg, task), name=f"late binding {leg}")
            elif (error := _error_of(task)) is not None:
                del self._tasks[leg]
                raise BindingFailed(error.code, str(error)) from error

    async def stop(self) -> None:
        """Listen to nothing any more; returns as soon as that is on its way."""
        for leg in self.legs:
            self.end(leg)
        await asyncio.sleep(0)

    def _tell_failure(self, leg: str, binding: asyncio.Task[None]) -> None:
        """Nothing depends on it so far: the engine hears of it as of any command."""
        if self._tasks.get(leg) is not binding or self._is_waiting or binding.cancelled():
            return
        error = binding.exception()
        if isinstance(error, BusError) and self._waited_until.pop(leg, None) is not None:
            del self._tasks[leg]
            self._hear(CommandFailed(BindCall.__name__, error.code, str(error)))

    async def _late(self, leg: str, binding: asyncio.Task[None]) -> None:
        """Commands have gone out that the binding should have been there for."""
        try:
            while (error := await _ended(binding)) is not None:
                log.warning("session.binding_failed", leg=leg, error=str(error))
                await asyncio.sleep(_AGAIN_S)
                binding = asyncio.create_task(self._bus.bind(leg, self._hear), name=f"binding {leg}")
        except asyncio.CancelledError:
            await cancel(binding)
            if binding.cancelled() or binding.exception() is not None:
                raise
            return  # it stood just then, and is to be unbound
        self._hear(ListenedLate(leg))

    async def _unbind(self, leg: str, task: asyncio.Task[None]) -> None:
        if not task.done():
            await cancel(task)
        if not task.cancelled() and task.exception() is None:
            try:
                await self._bus.unbind(leg, self._hear)
            except BusError as error:  # the broker forgets a lost connection's bindings by itself
                log.debug("session.unbinding_failed", leg=leg, error=str(error))

    def _start_unbinding(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="unbinding")
        _unbinding.add(task)
        task.add_done_callback(_unbinding.discard)


async def _ended(binding: asyncio.Task[None]) -> BusError | None:
    await asyncio.wait([binding])
    return _error_of(binding)


def _error_of(binding: asyncio.Task[None]) -> BusError | None:
    """What it failed with; a fault of our own is raised."""
    error = binding.exception()
    if error is not None and not isinstance(error, BusError):
        raise error
    return error
