"""What the switch does not publish is said in the log once, not for every call."""

from __future__ import annotations

from structlog.testing import capture_logs

from pivot.model.codes import Code
from pivot.model.notes import Noticed
from pivot.session.switch_silence import SwitchSilence


def test_each_missing_setting_is_logged_once() -> None:
    """Thousands of calls would else say the same; other warnings are their calls' own."""
    silence = SwitchSilence()
    moments = [
        Noticed(Code.SWITCH_SILENT, "publish_conference_event"),
        Noticed(Code.SWITCH_SILENT, "publish_conference_event"),
        Noticed(Code.CALL_COMMAND, "a file could not be fetched"),
        Noticed(Code.SWITCH_SILENT, "another setting"),
    ]

    with capture_logs() as lines:
        for moment in moments:
            silence.saw(moment, 1.0)

    assert [(line["event"], line["message"]) for line in lines] == [
        ("switch.silent", "publish_conference_event"),
        ("switch.silent", "another setting"),
    ]
