"""Record: what its action is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivot.model.call import RequestFormat
from pivot.model.commands import Fetch, Notify, StartTimer
from pivot.model.dialling import StartRecording
from pivot.model.events import RecordingStarted, RecordingStopped
from pivot.model.switch import RecordLeg, SendFile, SpeakText
from tests.calls import CALL_ID, pivot_request
from tests.execute.histories import History
from tests.rules import RULES


def test_the_recordings_id_is_told_where_applications_know_it() -> None:
    """`recordings_have_sid`: Kazoo documents it and never sends it; callbacks, which it has not, carry it."""
    document = "<Record action='/r' recordingStatusCallback='/s' recordingStatusCallbackEvent='in-progress'/>"
    for profile, told in (("kazoo", False), ("twilio", True)):
        request = replace(pivot_request(), format=RequestFormat.TWIML)
        history = History(document, replace(RULES, profile=profile), request=request)
        path = f"/tmp/{history.last(RecordLeg).name}"
        history.happens(RecordingStarted(CALL_ID, path))
        history.happens(RecordingStopped(CALL_ID, path, 4.0, "#"))
        history.files()

        asked, notice = history.last(Fetch).request.parameters, history.last(Notify).request.parameters
        assert any(name == "RecordingUrl" for name, _ in asked)
        assert any(name == "RecordingSid" for name, _ in asked) is told
        assert any(name == "RecordingSid" for name, _ in notice)
        assert dict(notice)["RecordingStartTime"] == "Tue, 12 Mar 2024 10:00:00 +0000"


def test_a_recording_at_its_limit_asks_at_once() -> None:
    """Media servers report a little less than the limit: that is no hang-up to wait for."""
    history = History("<Record action='/r' maxLength='10'/>")

    items = history.happens(
        RecordingStopped(CALL_ID, f"/tmp/{history.last(RecordLeg).name}", 9.998, node="fs@media1")
    )
    history.files()

    assert not any(isinstance(item, StartTimer) and item.name.startswith("record ") for item in items)
    assert history.last(Fetch).request.url.endswith("/r")


@pytest.mark.parametrize(
    "document",
    [
        "<Record action='/r'/>",
        "<Start><Recording/></Start><Pause length='60'/>",
        "<Dial record='record-from-ringing' action='/r'>+15550009999</Dial>",
    ],
)
def test_the_files_url_ends_as_the_file_does(document: str) -> None:
    """The operator chose the type; who fetches the file tells it by the ending."""
    history = History(document, replace(RULES, recording_extension="wav"))
    begun = next(item for item in history.done if isinstance(item, RecordLeg | StartRecording))

    history.happens(RecordingStopped(CALL_ID, f"/tmp/{begun.name}", 4.0, "#", node="fs@media1"))

    sent = history.last(SendFile)
    assert (begun.name[-4:], sent.path[-4:], sent.url[-4:]) == (".wav", ".wav", ".wav")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("<Record action='/r'/>", "https://store.test/calls"),
        ("<Record action='/r' recordingUrl='https://own.test/x'/>", "https://own.test/x"),
        ("<Start><Recording/></Start><Pause length='60'/>", "https://store.test/calls"),
    ],
)
def test_files_go_where_the_operator_says(document: str, place: str) -> None:
    """Not every application takes a PUT at its action; a document that names a place has its own."""
    history = History(document, replace(RULES, recordings_url="https://store.test/calls/"))
    begun = next(item for item in history.done if isinstance(item, RecordLeg | StartRecording))

    history.happens(RecordingStopped(CALL_ID, f"/tmp/{begun.name}", 4.0, "#", node="fs@media1"))

    assert history.last(SendFile).url == f"{place}/{begun.name}"


def test_silence_alone_is_told_as_absent() -> None:
    """Who was told that a recording is in progress waits for its end; the next verb runs."""
    history = History(
        "<Record action='/r' timeout='3' recordingStatusCallback='/s'"
        " recordingStatusCallbackEvent='in-progress absent'/><Say>next</Say>"
    )
    path = f"/tmp/{history.last(RecordLeg).name}"
    history.happens(RecordingStarted(CALL_ID, path))

    items = history.happens(RecordingStopped(CALL_ID, path, 3.0, by_silence=True))

    words = [
        dict(item.request.parameters)["RecordingStatus"] for item in history.done if isinstance(item, Notify)
    ]
    assert words == ["in-progress", "absent"]
    assert [item.text for item in items if isinstance(item, SpeakText)] == ["next"]
    assert not any(isinstance(item, Fetch | SendFile) for item in items)
