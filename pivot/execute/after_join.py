"""The commands that clear the caller's command queue after `connect_leg` has joined two legs."""

from __future__ import annotations

from pivot.execute.step_context import Commands, StepContext
from pivot.model.switch import StopMedia


def empty_queue(context: StepContext) -> Commands:
    """A join completes for nobody: what is sent after it would wait behind it for ever.

    Measured: FreeSWITCH tells no end of `uuid_bridge`, and the call's control process waits for one.
    """
    context.state.flush_id = context.draw_id()
    yield StopMedia(context.state.flush_id)
