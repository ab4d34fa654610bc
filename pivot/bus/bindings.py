"""Which legs' events reach us, and who wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pivot.model.events import Event
from pivot.wire.routing import encode_word

Receiver = Callable[[Event], None]
ChangeBinding = Callable[[str], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Leg:
    """One leg, as long as somebody wants its events or its binding stands."""

    call_id: str
    receivers: list[Receiver] = field(default_factory=list)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    bound: bool = False


class Bindings:
    """Counts the receivers of each leg: the first binds at the broker, the last one unbinds.

    A call can pivot twice and a leg can be watched by two calls, so two sessions may want the same leg.
    Whoever changes the receivers then lets the broker follow, one change of a leg at a time. That part is
    never cancelled with its caller: a cancelled request to the broker would cost the whole channel.
    """

    def __init__(self, bind: ChangeBinding, unbind: ChangeBinding) -> None:
        self._bind = bind
        self._unbind = unbind
        self._legs: dict[str, _Leg] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._legs)

    def receivers(self, encoded_call_id: str) -> tuple[Receiver, ...]:
        """Who wants the events whose routing key ends so."""
        leg = self._legs.get(encoded_call_id)
        return tuple(leg.receivers) if leg else ()

    async def add(self, call_id: str, receive: Receiver) -> None:
        """Returns when the binding stands; on any error this receiver gets nothing.

        Raises:
            BusError: the broker did not bind.
        """
        leg = self._legs.setdefault(encode_word(call_id), _Leg(call_id))
        leg.receivers.append(receive)
        try:
            await asyncio.shield(self._follow(leg))
        except BaseException:
            leg.receivers.remove(receive)
            self._follow(leg)
            raise

    async def remove(self, call_id: str, receive: Receiver) -> None:
        """Forget this receiver at once; unbind when it was the leg's last. An unknown one is no error.

        Raises:
            BusError: the broker did not unbind; `restore` will.
        """
        leg = self._legs.get(encode_word(call_id))
        if leg is not None and receive in leg.receivers:
            leg.receivers.remove(receive)
            await asyncio.shield(self._follow(leg))

    async def restore(self, bind: ChangeBinding, unbind: ChangeBinding) -> None:
        """Make a new connection's bindings those that are wanted now."""
        for leg in list(self._legs.values()):
            if leg.receivers:
                await bind(leg.call_id)
                leg.bound = True
            elif leg.bound:
                await unbind(leg.call_id)
                leg.bound = False
                self._forget_if_idle(leg)

    def _follow(self, leg: _Leg) -> asyncio.Task[None]:
        task = asyncio.create_task(self._reconcile(leg), name=f"bindings of {leg.call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; after a cancelled `add` nobody does

    async def _reconcile(self, leg: _Leg) -> None:
        async with leg.lock:
            if leg.receivers and not leg.bound:
                await self._bind(leg.call_id)
                leg.bound = True
            elif leg.bound and not leg.receivers:
                await self._unbind(leg.call_id)
                leg.bound = False
            self._forget_if_idle(leg)

    def _forget_if_idle(self, leg: _Leg) -> None:
        if not leg.receivers and not leg.bound:
            self._legs.pop(encode_word(leg.call_id), None)
