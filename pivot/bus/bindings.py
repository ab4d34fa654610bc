"""Which legs' events reach us, and who wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

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

    @property
    def is_as_wanted(self) -> bool:
        return self.bound == bool(self.receivers)


class Bindings:
    """Counts the receivers of each leg: the first binds at the broker, the last one unbinds.

    A call can pivot twice and a leg can be watched by two calls, so two sessions may want the same leg.
    The broker follows in rounds, one at a time: whatever changes during one is done together in the next.
    A round is never cancelled with who waits for it: a cancelled request to the broker would cost the
    whole channel.
    """

    def __init__(self, change: ChangeBindings) -> None:
        self._change = change
        self._legs: dict[str, _Leg] = {}
        self._behind: set[_Leg] = set()
        """Their receivers have changed since the last round began."""
        self._changing: set[_Leg] = set()
        """Those of the round under way."""
        self._next_round: asyncio.Future[None] | None = None
        self._rounds: asyncio.Task[None] | None = None

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
            await self._followed(leg)
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
            await self._followed(leg)

    async def restore(self, change: ChangeBindings) -> None:
        """Make a new connection's bindings those that are wanted now."""
        wanted = [leg for leg in self._legs.values() if leg.receivers]
        unwanted = [leg for leg in self._legs.values() if leg.bound and not leg.receivers]
        await self._make_so(wanted, unwanted, change)

    async def _followed(self, leg: _Leg) -> None:
        """Returns when the broker's binding is as wanted."""
        if leg.is_as_wanted and leg not in self._changing:
            return
        await asyncio.shield(self._follow(leg))

    def _follow(self, leg: _Leg) -> asyncio.Future[None]:
        """Let the next round see to this leg; done, or failed, with that."""
        self._behind.add(leg)
        if self._next_round is None:
            self._next_round = asyncio.get_running_loop().create_future()
            self._next_round.add_done_callback(_retrieved)
        if self._rounds is None:
            self._rounds = asyncio.create_task(self._follow_all(), name="bindings")
        return self._next_round

    async def _follow_all(self) -> None:
        while (round_ := self._next_round) is not None:
            self._changing, self._behind, self._next_round = self._behind, set(), None
            wanted = [leg for leg in self._changing if leg.receivers and not leg.bound]
            unwanted = [leg for leg in self._changing if leg.bound and not leg.receivers]
            try:
                await self._make_so(wanted, unwanted, self._change)
            except Exception as error:
                round_.set_exception(error)
            else:
                round_.set_result(None)
            for leg in self._changing:
                self._forget_if_idle(leg)
            self._changing = set()
        self._rounds = None

    async def _make_so(self, wanted: list[_Leg], unwanted: list[_Leg], change: ChangeBindings) -> None:
        if wanted or unwanted:
            await change([leg.call_id for leg in wanted], [leg.call_id for leg in unwanted])
        for leg in wanted:
            leg.bound = True
        for leg in unwanted:
            leg.bound = False
        for leg in (*wanted, *unwanted):
            if leg.is_as_wanted:
                self._forget_if_idle(leg)
            else:
                self._follow(leg)  # it changed meanwhile

    def _forget_if_idle(self, leg: _Leg) -> None:
        if not leg.receivers and not leg.bound and leg not in self._behind:
            self._legs.pop(encode_word(leg.call_id), None)


def _retrieved(round_: asyncio.Future[None]) -> None:
    """Whoever waited has the error; after a cancelled `add` nobody does."""
    if not round_.cancelled():
        round_.exception()
