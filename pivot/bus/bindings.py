"""Which legs' events reach us, and who wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pivot.bus.rounds import Change, Rounds
from pivot.model.events import Event
from pivot.wire.routing import encode_word

Receiver: TypeAlias = Callable[[Event], None]
ChangeBindings: TypeAlias = Callable[[Sequence[str], Sequence[str]], Awaitable[None]]
"""Binds the first legs at the broker and unbinds the second; done when all of that is so."""


@dataclass(slots=True, eq=False)
class _Leg:
    """One leg, as long as somebody wants its events or its binding stands."""

    call_id: str
    receivers: list[Receiver] = field(default_factory=list)
    bound: bool = False
    changing: bool = False
    """The broker is at it, or will be next."""
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    """Who waits until the binding is as wanted."""

    @property
    def is_as_wanted(self) -> bool:
        return self.bound == bool(self.receivers)

    def settle(self, error: Exception | None = None) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            if each.done():
                continue
            if error is None:
                each.set_result(None)
            else:
                each.set_exception(error)


class Bindings:
    """Counts the receivers of each leg: the first binds at the broker, the last one unbinds.

    A call can pivot twice and a leg can be watched by two calls, so two sessions may want the same leg. The
    broker follows in rounds, see `rounds.py`: binds by some channels, unbinds by one of their own, and nobody
    waits for those. The changes of one leg follow each other.

    Args:
        binds: each binds legs at the broker by a channel of its own.
        unbind: unbinds them.
    """

    def __init__(self, binds: Sequence[Change], unbind: Change) -> None:
        self._binds = Rounds(binds, self._changed, name="bindings")
        self._unbinds = Rounds([unbind], self._changed, name="unbindings")
        self._legs: dict[str, _Leg] = {}
        self.wanted = 0
        """Legs that somebody wants to hear."""

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
        self.wanted += not leg.receivers
        leg.receivers.append(receive)
        if leg.is_as_wanted and not leg.changing:
            return
        stands: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        leg.waiting.append(stands)
        self._follow(leg)
        try:
            await stands
        except BaseException:
            self._forget(leg, receive)
            raise

    def remove(self, call_id: str, receive: Receiver) -> None:
        """Forget this receiver at once; the broker unbinds some time after it was the leg's last.

        An unknown receiver is no error. A broker that does not unbind will be told so by `restore`.
        """
        leg = self._legs.get(encode_word(call_id))
        if leg is not None and receive in leg.receivers:
            self._forget(leg, receive)

    async def restore(self, change: ChangeBindings) -> None:
        """Make a new connection's bindings those that are wanted now."""
        wanted = [leg for leg in self._legs.values() if leg.receivers]
        unwanted = [leg for leg in self._legs.values() if leg.bound and not leg.receivers]
        if not wanted and not unwanted:
            return
        await change([leg.call_id for leg in wanted], [leg.call_id for leg in unwanted])
        for leg in wanted:
            leg.bound = True
        for leg in unwanted:
            leg.bound = False
        for leg in (*wanted, *unwanted):
            self._follow(leg)  # it may have changed meanwhile

    def _forget(self, leg: _Leg, receive: Receiver) -> None:
        leg.receivers.remove(receive)
        self.wanted -= not leg.receivers
        self._follow(leg)

    def _follow(self, leg: _Leg) -> None:
        """Let the broker follow, unless it is at this leg: then it is looked at again afterwards."""
        if leg.changing:
            return
        if leg.is_as_wanted:
            leg.settle()
            self._forget_if_idle(leg)
            return
        leg.changing = True
        rounds = self._binds if leg.receivers else self._unbinds
        rounds.want(encode_word(leg.call_id), leg.call_id)

    def _changed(self, encoded: Sequence[str], rounds: Rounds, error: Exception | None) -> None:
        """A round is over."""
        for each in encoded:
            leg = self._legs[each]
            leg.changing = False
            if error is None:
                leg.bound = rounds is self._binds
                self._follow(leg)
            else:
                leg.settle(error)
                self._forget_if_idle(leg)

    def _forget_if_idle(self, leg: _Leg) -> None:
        if not leg.receivers and not leg.bound and not leg.changing:
            self._legs.pop(encode_word(leg.call_id), None)
