"""What may still be done when the caller's channel is gone."""

from __future__ import annotations

from pivot.execute.state import CallState
from pivot.model.commands import CancelFetch, CancelTimer, Command, Notify, UnbindCall
from pivot.model.notes import Note
from pivot.model.queues import LeaveQueue
from pivot.model.rooms import BeepConference, LeaveRoom
from pivot.model.speech import DropSpeech
from pivot.model.switch import Hangup, SendFile


def outlives_channel(item: Command | Note, state: CallState) -> bool:
    """Whether this makes sense without the caller: notices, tidying up, and the end of legs of our own."""
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
