"""What a join leaves behind in the caller's queue."""

from __future__ import annotations

from pivot.execute.step_context import Course, Line
from pivot.model.switch import StopMedia


def empty_queue(line: Line) -> Course:
    """A join completes for nobody: what is sent after it would wait behind it for ever.

    Measured: FreeSWITCH tells no end of `uuid_bridge`, and the call's control process waits for one.
    """
    line.state.flush_id = line.draw_id()
    yield StopMedia(line.state.flush_id)
