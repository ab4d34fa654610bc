"""Record: what its action is told."""

from __future__ import annotations

from dataclasses import replace

from pivot.model.call import RequestFormat
from pivot.model.commands import Fetch, Notify
from pivot.model.events import RecordingStarted, RecordingStopped
from pivot.model.switch import RecordLeg
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

        asked, notice = history.last(Fetch).request.parameters, history.last(Notify).request.parameters
        assert any(name == "RecordingUrl" for name, _ in asked)
        assert any(name == "RecordingSid" for name, _ in asked) is told
        assert any(name == "RecordingSid" for name, _ in notice)
        assert dict(notice)["RecordingStartTime"] == "Tue, 12 Mar 2024 10:00:00 +0000"
