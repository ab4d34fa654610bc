"""Events that may be the beginning of the caller's hang-up, and are held until that is known.

A hang-up ends the application that runs on the channel. The switch tells both, CHANNEL_EXECUTE_COMPLETE
(after CHANNEL_UNBRIDGE for a talk) and CHANNEL_DESTROY, each by a process of its own: within some 30 ms, in
either order. Commands that waited behind the application are refused in the same moment, and the call's
control queue goes. Taken for itself, each of these would let the document go on: the action would be told
that the caller is still there, a broken sound would be an error, commands would go to a dead channel.

`Channel-Answer-State` of these events says whether the channel had been hung up. With `hangup` its end is
waited for, without the member only shortly, with any other value not at all. CHANNEL_DESTROY decides: then
what was held has no meaning of its own any more. Otherwise the events are seen late, in their order, by the
instruction that was running when they came.

Source: recorded calls of FreeSWITCH 1.10.11 with Kazoo 4.3; see `tests/vectors/switch/hangups.json`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias

from pivot.execute.call_data import HeldEvent, Phase
from pivot.execute.phases.core import HELD, WATCH, Core
from pivot.model.codes import Code
from pivot.model.commands import Acknowledge, CancelTimer, Command, SayProcessing, StartTimer
from pivot.model.dialling import LegsParted
from pivot.model.events import CommandFailed, Event, Executed, TimerFired
from pivot.model.notes import Note
from pivot.model.queues import QueueChange, QueueNews

_NOOP = "noop"
_REFUSED = "Could not execute dialplan action"
"""What the switch's side of Kazoo says of commands that it will not run, also when the channel has ended."""
_WITHOUT_HINT_S = 0.2
"""The channel's end came up to 72 ms later, on a loaded machine."""
_AFTER_HINT_S = 2.0
"""The channel was hung up: its end has been told or is lost."""
_QUEUE_GONE_S = 1.0
"""The control queue goes with the call; who took the call over would have said so."""

Due: TypeAlias = Generator[Command | Note, None, tuple[HeldEvent, ...]]


def due(core: Core, event: Event) -> Due:
    """What is to be seen now, in order; `event` itself is among it unless it is held."""
    place = _place(core)
    held = core.state.held
    if _proves_life(core, event):
        return (*(yield from release(core)), HeldEvent(event, place))
    if held and event == TimerFired(HELD):
        return (yield from release(core))
    wait_s = _doubtful_for_s(core, event)
    if wait_s is None and not (held and _waits_behind(event)):
        return (HeldEvent(event, place),)
    core.state.held = (*held, HeldEvent(event, place))
    if wait_s is not None and (not held or wait_s > _WITHOUT_HINT_S):
        yield StartTimer(HELD, wait_s)
    return ()


def release(core: Core) -> Due:
    """Nothing is held any more."""
    held, core.state.held = core.state.held, ()
    if held:
        yield CancelTimer(HELD)
    return held


def is_stale(core: Core, held: HeldEvent) -> bool:
    """What it was for is over: the call, or the instruction."""
    if core.state.phase is Phase.OVER:
        return True
    return held.place != _place(core) and isinstance(held.event, Executed | LegsParted)


def _place(core: Core) -> tuple[int, int]:
    program = core.state.program
    return core.state.documents, -1 if program is None else program.position


def _proves_life(core: Core, event: Event) -> bool:
    """The switch runs the commands behind the application."""
    return (
        isinstance(event, Executed)
        and event.application == _NOOP
        and event.call_id == core.call.call_id
        and not event.hung_up
    )


def _doubtful_for_s(core: Core, event: Event) -> float | None:
    """How long the channel's end is waited for; None: this event does not come with one."""
    match event:
        case Executed(call_id) | LegsParted(call_id) if call_id == core.call.call_id:
            hint = event.hung_up
            return _AFTER_HINT_S if hint else _WITHOUT_HINT_S if hint is None else None
        case QueueNews(change=QueueChange.PARTED):
            return _WITHOUT_HINT_S  # the other side's session may hear of our hang-up before we do
        case CommandFailed(code=Code.CALL_COMMAND, message=message) if message.startswith(_REFUSED):
            return _WITHOUT_HINT_S
        case CommandFailed(command, Code.BUS_RETURNED, msg_id=None) if _is_ours(command, event.dropped):
            return _QUEUE_GONE_S
    return None


def _is_ours(command: str, dropped: tuple[str, ...]) -> bool:
    """Callflow was told that the call is ours, and no other worker can be given it."""
    return not {SayProcessing.__name__, Acknowledge.__name__} & {command, *dropped}


def _waits_behind(event: Event) -> bool:
    """A step's time that is up meanwhile must not end what has ended by itself before."""
    return isinstance(event, TimerFired) and event.name != WATCH
