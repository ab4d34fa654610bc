"""Start: what goes on beside the call, and for how long."""

from __future__ import annotations

from pivot.model.codes import Code
from pivot.model.commands import End, Fetch, Notify, StartTimer
from pivot.model.dialling import DialCarrier, StartRecording, StopRecording
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    Fetched,
    FileSent,
    RecordingStarted,
    RecordingStopped,
    TimerFired,
)
from pivot.model.notes import Noticed, Unsupported
from pivot.model.switch import AnswerCall, Hangup, SendFile
from tests.calls import CALL_ID, answer, twiml
from tests.execute.histories import History, notices

STATUS = "recordingStatusCallback='/s' recordingStatusCallbackEvent='in-progress completed absent'"
RECORDING = f"<Start><Recording name='r1' {STATUS}/></Start><Pause/><Redirect>/next</Redirect>"


def told(history: History) -> list[str]:
    """What the recording's callback was told, in order."""
    return [dict(item.request.parameters)["RecordingStatus"] for item in notices(history)]


def next_document(history: History, inner: str) -> None:
    """The first document ends in another one."""
    history.happens(TimerFired(history.last(StartTimer).name))
    history.happens(Fetched(history.last(Fetch).request.fetch_id, twiml(inner)))


def stop_of(history: History) -> RecordingStopped:
    """The switch tells that the newest recording has ended."""
    return RecordingStopped(CALL_ID, f"/tmp/{history.last(StartRecording).name}", 9.0, node="fs@media1")


def test_a_recording_begins_and_the_document_goes_on() -> None:
    """Nobody waits for the switch: answer, recording and the next verb leave together."""
    history = History(RECORDING)

    answered, recording, pause = history.done[-3:]

    assert isinstance(answered, AnswerCall)
    assert isinstance(recording, StartRecording)
    assert recording == StartRecording(
        recording.msg_id,
        f"{recording.recording_id}.mp3",
        recording.recording_id,
        86_400.0,
        stereo=True,
        label="r1",
    )
    assert isinstance(pause, StartTimer)


def test_a_recording_outlives_documents_and_its_file_outlives_the_call() -> None:
    """It belongs to the call: the second document runs, the caller goes, and then the file is sent."""
    history = History(RECORDING)
    recording = history.last(StartRecording)
    history.happens(RecordingStarted(CALL_ID, f"/tmp/{recording.name}"))

    next_document(history, "<Pause length='60'/>")
    ended = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
    stopped = history.happens(stop_of(history))
    sent = history.happens(FileSent(history.last(SendFile).msg_id, ok=True))

    assert not any(isinstance(item, StopRecording | SendFile) for item in ended)
    assert [type(item) for item in stopped] == [SendFile]
    assert history.last(SendFile).url == f"http://127.0.0.1:8000/voice/{recording.recording_id}.mp3"
    assert [type(item) for item in sent] == [Notify, End]
    assert told(history) == ["in-progress", "completed"]
    assert history.machine.state.side == []


def test_a_switch_that_does_not_record_costs_the_recording_alone() -> None:
    """The document goes on, the application learns that there will be no file, and the end waits for none."""
    history = History(RECORDING)
    recording = history.last(StartRecording)

    refused = history.happens(CommandFailed("StartRecording", Code.CALL_COMMAND, "no", recording.msg_id))
    over = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert refused[0] == Noticed(Code.CALL_COMMAND, "the switch does not record: no", is_error=True)
    assert told(history) == ["absent"]
    assert isinstance(over[-1], End)


def test_a_dial_keeps_the_audio_where_the_recording_hears_it() -> None:
    """Else the switch would let both parties talk past it, and the file would be silent."""
    dial = "<Dial>+15550009999</Dial>"

    assert not History(dial).last(DialCarrier).process_media
    assert History(f"<Start><Recording/></Start>{dial}").last(DialCarrier).process_media


def test_a_call_that_becomes_a_flow_is_recorded_no_further() -> None:
    """Nobody would fetch the file once the call is callflow's."""
    history = History(RECORDING)
    history.happens(TimerFired(history.last(StartTimer).name))
    flow = answer('{"module": "hangup", "data": {}}', "application/json")

    items = history.happens(Fetched(history.last(Fetch).request.fetch_id, flow))

    assert [type(item).__name__ for item in items] == [
        "AnswerAccepted",
        "StopRecording",
        "HandOverFlow",
        "End",
    ]


def test_when_we_hang_up_the_switch_ends_the_recording() -> None:
    """The document is over: the hang-up is enough, and the file is still sent."""
    history = History("<Start><Recording/></Start>")

    assert isinstance(history.done[-2], Hangup)
    assert not any(isinstance(item, StopRecording) for item in history.done)
    assert any(isinstance(item, SendFile) for item in history.happens(stop_of(history)))


def test_siprec_is_told_of_and_passed_over() -> None:
    """There is no client for it on the bus; the call goes on."""
    history = History("<Start><Siprec name='s'/></Start><Pause/>")

    assert history.last(Unsupported).verb == "Start Siprec"
    assert isinstance(history.done[-1], StartTimer)
    assert history.machine.state.side == []
