"""What a simulated switch publishes, against what reads a real one."""

from __future__ import annotations

import pytest

from pivot.errors import WireError
from pivot.model.codes import Code
from pivot.model.dialling import LegRinging, LegsBridged, LegsParted
from pivot.model.events import (
    ChannelAnswered,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    RecordingStarted,
    RecordingStopped,
    TimerFired,
)
from pivot.wire.events import decode_event
from pivot.wire.switch_events import encode_switch_event
from tests.calls import CALL_ID


@pytest.mark.parametrize(
    "event",
    [
        Executed(CALL_ID, "noop", "n1"),
        Executed(CALL_ID, "bridge", "NO_ANSWER"),
        DigitPressed(CALL_ID, "5"),
        ChannelAnswered(CALL_ID),
        LegRinging(CALL_ID),
        LegsBridged(CALL_ID, "b1@host"),
        LegsParted(CALL_ID),
        RecordingStarted(CALL_ID, "/tmp/r.mp3"),
        RecordingStopped(CALL_ID, "/tmp/r.mp3", 8.123, "#", node="fs@media1"),
        CommandFailed("play", Code.CALL_COMMAND, "DOWN", "m1"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_happens_on_a_simulated_switch_is_read_like_a_real_ones(event: Event) -> None:
    """Else calls would be tried on something that no switch does."""
    message = encode_switch_event(CALL_ID, event, node="fs@media1", msg_id="1795")

    assert decode_event(message.routing_key, message.payload) == event


def test_a_switch_says_nothing_of_what_it_cannot_know() -> None:
    """Our own timers, for one."""
    with pytest.raises(WireError, match="TimerFired"):
        encode_switch_event(CALL_ID, TimerFired("t"), node="fs@media1", msg_id="1795")
