"""Record and Dial: their actions hear of a file when it is there."""

from __future__ import annotations

import pytest

from pivot.model.commands import Fetch, StartTimer
from pivot.model.dialling import LegsBridged, StartRecording
from pivot.model.events import (
    ChannelDestroyed,
    Event,
    Executed,
    FileSent,
    RecordingStopped,
    TimerFired,
)
from pivot.model.switch import RecordLeg, SendFile
from tests.calls import CALL_ID
from tests.execute.histories import History, notices


@pytest.mark.parametrize("sent", [True, False])
def test_the_action_hears_of_the_file_when_it_is_there(sent: bool) -> None:
    """It was told 1 to 66 ms before the media server put the file (13 of 17); nobody waits for ever."""
    history = History("<Record action='/r'/>")
    path = f"/tmp/{history.last(RecordLeg).name}"

    ended = history.happens(RecordingStopped(CALL_ID, path, 3.82, "#", node="fs@media1"))
    assert not any(isinstance(item, Fetch) for item in ended)
    if sent:
        history.happens(FileSent(history.last(SendFile).msg_id, ok=True), after_s=0.05)
    else:
        history.happens(TimerFired(history.last(StartTimer).name), after_s=2.0)

    told = dict(history.last(Fetch).request.parameters)
    assert (told["RecordingDuration"], told["Digits"]) == ("4", "#")


@pytest.mark.parametrize("ended_first", [True, False])
def test_after_a_hang_up_the_file_is_waited_for_as_well(ended_first: bool) -> None:
    """Most messages end so, and RECORD_STOP comes on either side of the channel's end."""
    history = History("<Record action='/r'/>")
    path = f"/tmp/{history.last(RecordLeg).name}"
    events: list[Event] = [
        RecordingStopped(CALL_ID, path, 3.94),
        ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"),
    ]

    for event in events if ended_first else reversed(events):
        history.happens(event, after_s=0.002)
    asked = [item for item in history.done if isinstance(item, Fetch)]
    history.files()

    assert history.last(Fetch) not in asked
    told = dict(history.last(Fetch).request.parameters)
    assert (told["RecordingDuration"], told["Digits"]) == ("4", "hangup")


def test_a_message_whose_file_is_never_heard_of_is_told_all_the_same() -> None:
    """The caller is gone; nothing further is waited for than other recordings."""
    history = History("<Record action='/r'/>")
    path = f"/tmp/{history.last(RecordLeg).name}"
    history.happens(RecordingStopped(CALL_ID, path, 3.94))
    history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    history.happens(TimerFired("goodbye"), after_s=10.0)

    assert history.last(Fetch).request.url.endswith("/r")


@pytest.mark.parametrize("hung_up", [False, True])
def test_a_dials_action_hears_of_its_file_when_it_is_there(hung_up: bool) -> None:
    """And of the length that the switch has measured, as the callback does."""
    history = History(
        "<Dial action='/d' record='record-from-answer' recordingStatusCallback='/s'>+15550009999</Dial>"
    )
    history.happens(LegsBridged(CALL_ID, "b-leg", answered=True))
    name = history.last(StartRecording).name
    end: Event = (
        ChannelDestroyed(CALL_ID, "NORMAL_CLEARING")
        if hung_up
        else Executed(CALL_ID, "bridge", "NORMAL_CLEARING", bridged=True)
    )
    history.happens(end, after_s=4.6)
    asked = [item for item in history.done if isinstance(item, Fetch)]
    history.happens(RecordingStopped(CALL_ID, f"/tmp/{name}", 3.8, node="fs@media1"), after_s=0.06)
    history.files()

    assert history.last(Fetch) not in asked
    told = dict(history.last(Fetch).request.parameters)
    assert told["DialCallStatus"] == "completed"
    assert (
        told["RecordingDuration"] == dict(notices(history)[-1].request.parameters)["RecordingDuration"] == "4"
    )
