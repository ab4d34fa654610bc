"""What may still be done when a channel is gone, the caller's or another leg's."""

from __future__ import annotations

from pivot.execute.state import CallState
from pivot.execute.step_context import Commands
from pivot.model.commands import CancelFetch, CancelTimer, Command, Notify, UnbindCall
from pivot.model.notes import Note
from pivot.model.queues import LeaveQueue
from pivot.model.rooms import BeepConference, LeaveRoom
from pivot.model.speech import DropSpeech
from pivot.model.switch import Hangup, SendFile


def without_channel(course: Commands, state: CallState) -> Commands:
    """What of a course may still be done; all of it has its effect on the state."""
    yield from (item for item in list(course) if outlives_channel(item, state))


def outlives_channel(item: Command | Note, state: CallState) -> bool:
    """Whether this makes sense without the channel: notices, tidying up, and the end of legs of our own."""
    match item:
        case (
            Notify()
            | CancelTimer()
            | CancelFetch()
            | UnbindCall()
            | SendFile()
            | LeaveRoom()
            | LeaveQueue()
            | DropSpeech()
            | BeepConference()
        ):
            return True
        case Hangup(leg=leg):
            return leg is not None and leg in state.controls
    return isinstance(item, Note)
