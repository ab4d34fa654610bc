"""What of a call goes to the bus, when the broker does not say what became of it.

A message that was written and not confirmed may have taken effect. For most commands the call is given up
then; for the messages that decide about it, unknown is not unsent. If the connection stands, whatever is sent
next comes behind the message, so the call goes on as if it had been confirmed. If the connection broke,

- `processing` is said again while callflow waits, as a second one is harmless; later, one that may have been
  heard counts as said;
- the flow, and the hang-up of a call that is over, are sent again: a flow that begins twice is better than
  a caller who hears nothing.

Before anything of this is sent on another connection, it must be known that nobody else is given the request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from pivot.errors import BusError
from pivot.execute.machine import CallMachine
from pivot.model.codes import Code
from pivot.model.commands import BusCommand, SayProcessing
from pivot.session.ports import Bus, Delivery

Clock: TypeAlias = Callable[[], float]
"""Seconds since the request came; not kept, as it is the session's own and would make a cycle."""
INSISTS_S = 60.0
"""How long the last command of a call waits for the broker; nothing stays longer in the queue of requests."""
_AGAIN_S = 0.1


class Publishing:
    """Of one call.

    Args:
        machine: whose call it is, and until when callflow waits.
        delivery: the request's.
        bus: where to.
    """

    def __init__(self, machine: CallMachine, delivery: Delivery, bus: Bus) -> None:
        self._machine = machine
        self._delivery = delivery
        self._bus = bus
        self._may_have_told = False
        """callflow has heard `processing`, or may have."""

    async def say_processing(self, command: SayProcessing, at_s: Clock) -> None:
        """Callflow may have heard an unconfirmed one, and is silent then: what follows it must follow.

        Said twice it does no harm, so after a break it is said again while callflow still waits.
        """
        while True:
            await self.until_ours(at_s)
            if at_s() > self._machine.state.answer_by_s:
                if self._may_have_told:
                    return
                raise BusError(Code.BUS_LOST, "the broker kept us until callflow had gone on")
            try:
                await self.send(command)
            except BusError as error:
                if error.code == Code.BUS_RETURNED:
                    raise
                self._may_have_told |= error.unconfirmed
                if error.in_line:
                    return
            else:
                self._may_have_told = True
                return
            await asyncio.sleep(_AGAIN_S)

    async def insist(self, command: BusCommand, at_s: Clock) -> None:
        """The last command of a call that is ours: without it the caller would hear nothing, for good."""
        until = at_s() + INSISTS_S
        while True:
            await self.until_ours(at_s)
            try:
                return await self.send(command)
            except BusError as error:
                if error.in_line:
                    return
                if error.code == Code.BUS_RETURNED or at_s() > until:
                    raise
            await asyncio.sleep(_AGAIN_S)

    async def until_ours(self, at_s: Clock) -> None:
        """After a break: wait until it is known that nobody else is given the request.

        Raises:
            BusError: it was not found out as long as that mattered.
        """
        if not self._delivery.lost:
            return
        patience_s = self._machine.state.answer_by_s - at_s()
        try:
            async with asyncio.timeout(INSISTS_S if self._may_have_told else max(0.0, patience_s)):
                await self._delivery.regained()
        except TimeoutError as error:
            message = "the request went back to the queue, for another worker"
            raise BusError(Code.BUS_LOST, message) from error

    async def send(self, command: BusCommand) -> None:
        await self._bus.send(self._machine.call_for(command), command)
