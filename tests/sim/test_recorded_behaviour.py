"""The recorded calls show what the simulated switch's behaviours say, and the page about them is complete."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pivot.sim.behaviour import DOCUMENTED, ENDINGS, FILTERED, MEASURED, basis_of, drawn

RECORDED = Path(__file__).parents[1] / "vectors" / "switch" / "calls"
PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


@dataclass(frozen=True)
class Told:
    """One event of a call."""

    at_s: float
    leg: str
    name: str
    payload: dict[str, Any]

    @property
    def application(self) -> str:
        return str(self.payload.get("Application-Name", ""))

    @property
    def response(self) -> str:
        return str(self.payload.get("Application-Response", ""))

    @property
    def hung_up(self) -> bool:
        return self.payload.get("Channel-Answer-State") == "hangup"


def call(name: str) -> tuple[list[Told], str, list[str]]:
    """What callers, callees and the control process told; the caller's leg; the other legs."""
    row = json.loads((RECORDED / f"{name}.json").read_text())
    told = [
        Told(each["t_s"], each["payload"].get("Call-ID", ""), each["payload"]["Event-Name"], each["payload"])
        for each in row["messages"]
        if each["exchange"] == "callevt"
    ]
    return told, row["call_id"], row["legs"]


def ends(told: list[Told], leg: str, application: str) -> list[Told]:
    return [
        each
        for each in told
        if each.leg == leg and each.name == "CHANNEL_EXECUTE_COMPLETE" and each.application == application
    ]


def at(told: list[Told], leg: str, name: str) -> list[float]:
    return [each.at_s for each in told if each.leg == leg and each.name == name]


def test_the_page_has_each_behaviour_with_its_basis() -> None:
    """An operator reads there what is measured and what is a guess."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| (\w+) \|[^|]*\|$", PAGE.read_text(), re.MULTILINE)

    assert dict(rows) == {name: str(basis) for name, basis in basis_of().items()}


def test_the_page_names_recorded_calls_that_are_here() -> None:
    """Else a row could not be looked up."""
    named = set(re.findall(r"\*([a-z0-9]+(?:-[a-z0-9]+)+)\*", PAGE.read_text()))

    assert named <= {path.stem for path in RECORDED.glob("*.json")}
    assert f"{len(list(RECORDED.glob('*.json')))} of them" in PAGE.read_text()


def test_bridges_are_told_for_the_first_leg() -> None:
    """`tells_both_legs`."""
    for name in ("agent-1", "dialsip-1", "dial-two-one-busy-1"):
        told, caller, others = call(name)
        of_talk = [each for each in told if each.name in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE")]
        assert {each.leg for each in of_talk} == {caller}
        assert all(each.payload["Other-Leg-Call-ID"] in others for each in of_talk)
    assert not MEASURED.tells_both_legs


def test_a_join_has_no_end_and_holds_the_queue() -> None:
    """`talks_hold_queue`: what was queued behind it is refused at the end."""
    told, agent, _ = call("agent-1")
    refused = [each for each in told if each.leg == agent and each.name == "dialplan"]

    assert ends(told, agent, "connect_leg") == []
    texts = [each.payload["Error-Message"].rpartition(": ")[2] for each in refused]
    assert texts == ["connect_leg", "tts", "noop", "noop"]
    assert MEASURED.talks_hold_queue


@pytest.mark.parametrize("name", ["numurl-1", "number-senddigits-41"])
def test_a_filtered_leg_tells_keys_and_its_end_but_no_application(name: str) -> None:
    """`originated_complete`."""
    told, _, others = call(name)
    row = json.loads((RECORDED / f"{name}.json").read_text())
    made = {
        each["payload"].get("Outbound-Call-ID")
        for each in row["messages"]
        if each["payload"].get("Event-Name") == "originate_req"
    }
    (leg,) = made & set(others)
    names = {each.name for each in told if each.leg == leg}

    assert "CHANNEL_EXECUTE_COMPLETE" not in names
    assert {"CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY", "dialplan"} <= names
    assert not FILTERED.originated_complete


def test_a_broadcast_is_told_as_sent() -> None:
    """`originated_broadcast`."""
    told, _, others = call("number-callbacks-11")

    assert [each.response for leg in others for each in ends(told, leg, "play")] == ["BROADCAST_SENT"]
    assert MEASURED.originated_broadcast


HANG_UPS = (
    ("confexit-1", "conference", "_none_"),
    ("conf-two-first-31", "conference", "_none_"),
    ("record-hangup-1", "record", "_none_"),
    ("play-loop0-hangup-1", "play", "PLAYBACK ERROR"),
    ("echo-verb-1", "echo", "_none_"),
)


@pytest.mark.parametrize(("name", "application", "response"), HANG_UPS)
def test_a_hang_up_tells_the_applications_end_within_30_ms(
    name: str, application: str, response: str
) -> None:
    """`endings`, `hung_up_play`, `no_response`, `tells_answer_state`."""
    told, caller, _ = call(name)
    (end,) = [each for each in ends(told, caller, application) if each.hung_up]
    (gone_s,) = at(told, caller, "CHANNEL_DESTROY")

    assert end.response == response
    assert abs(gone_s - end.at_s) <= 0.03
    assert (MEASURED.no_response, MEASURED.hung_up_play) == ("_none_", "PLAYBACK ERROR")


def test_the_table_of_endings_stays_within_what_was_recorded() -> None:
    """0 to 30 ms, either first; drawn ones too."""
    parts = [
        part
        for each in ENDINGS.values()
        for part in (each.completed_s, each.recorded_s, each.refused_s, each.destroyed_s)
    ]
    assert all(part is not None and 0.0 <= part <= drawn(0).ending_spread_s for part in parts)
    orders = {(each.completed_s or 0.0) < each.destroyed_s for each in ENDINGS.values()}
    assert orders == {True, False}


def test_hold_without_music_ends_at_once() -> None:
    """`has_hold_music`."""
    told, caller, _ = call("confexit-1")

    assert [each.response for each in ends(told, caller, "hold")] == ["PLAYBACK ERROR"]
    assert not MEASURED.has_hold_music


def test_a_busy_party_ends_when_the_other_one_answers() -> None:
    """`refusal_waits`: it was rung 2.9 s before, and is busy at once."""
    told, caller, (_, busy) = call("dial-two-one-busy-1")
    (gone_s,) = at(told, busy, "CHANNEL_DESTROY")

    assert gone_s - at(told, busy, "CHANNEL_CREATE")[0] > 2.5
    assert abs(gone_s - at(told, caller, "CHANNEL_BRIDGE")[0]) < 0.02
    assert MEASURED.refusal_waits


def test_record_stop_follows_the_end_of_record() -> None:
    """`stop_follows_completion`."""
    told, caller, _ = call("record-hangup-1")

    assert at(told, caller, "RECORD_STOP")[0] - ends(told, caller, "record")[0].at_s == pytest.approx(0.019)
    assert MEASURED.stop_follows_completion


def test_neighbours_overtake_each_other() -> None:
    """`overtake_s`: three keys of one string, and a leg that rings before it is there."""
    told, _, _ = call("number-senddigits-41")
    keys = [each.payload["DTMF-Digit"] for each in told if each.name == "DTMF"]

    assert "".join(sorted(keys)) == "#12"
    assert keys != ["1", "2", "#"]
    early = [leg for leg in {each.leg for each in told} if _rings_before_it_is_there(told, leg)]
    assert early
    assert drawn(0).overtake_s > 0.0


def _rings_before_it_is_there(told: list[Told], leg: str) -> bool:
    rings, made = at(told, leg, "CHANNEL_PROGRESS"), at(told, leg, "CHANNEL_CREATE")
    return bool(rings and made and rings[0] < made[0])


def test_a_noop_follows_its_media_by_some_milliseconds() -> None:
    """`reaction_s`."""
    gaps = []
    for path in RECORDED.glob("*.json"):
        told, caller, _ = call(path.stem)
        for end in ends(told, caller, "tts"):
            later = [each.at_s for each in ends(told, caller, "noop") if each.at_s >= end.at_s]
            gaps += [later[0] - end.at_s] if later and not end.hung_up else []

    assert len(gaps) >= 15
    assert 0.0 < sorted(gaps)[len(gaps) // 2] < 0.04
    assert MEASURED.reaction_s == 0.02


def test_tones_end_as_played() -> None:
    """`tells_tone_played`."""
    told, caller, _ = call("record-key-1")

    assert [each.response for each in ends(told, caller, "tones")] == ["FILE PLAYED"]
    assert MEASURED.tells_tone_played


def test_early_media_bridges_without_an_answer() -> None:
    """`bridges_early`."""
    told, caller, _ = call("number-callbacks-11")

    assert len(at(told, caller, "CHANNEL_BRIDGE")) == 1
    assert [each for each in told if each.name == "CHANNEL_ANSWER"] == []
    (bridged,) = ends(told, caller, "bridge")
    assert bridged.response == "ORIGINATOR_CANCEL"
    assert MEASURED.bridges_early


def test_a_bridge_that_rings_out_has_no_code() -> None:
    """`ring_over_s`, `unanswered_code`: 3.0 s of 4."""
    told, caller, (_, first) = call("dial-sequential-noanswer-1")
    end = ends(told, caller, "bridge")[0]
    rang_s = at(told, first, "CHANNEL_DESTROY")[0] - at(told, first, "CHANNEL_CREATE")[0]

    assert (end.response, end.payload.get("Hangup-Code")) == ("NO_ANSWER", None)
    assert 3.0 <= rang_s <= 4.0
    assert MEASURED.unanswered_code is None


def test_settings_have_no_end_and_recordings_have_one() -> None:
    """`tells_settings`, `tells_recording`."""
    told, caller, _ = call("dial-rec-ringing-1")

    assert ends(told, caller, "set") == []
    assert len(ends(told, caller, "record_call")) == 2
    assert (MEASURED.tells_settings, MEASURED.tells_recording) == (False, True)


def test_ends_of_bridges_tell_what_they_were() -> None:
    """`tells_dispositions`."""
    told, caller, (party,) = call("dialnum-2")
    (refused,) = ends(told, caller, "bridge")
    assert (refused.payload["Disposition"], refused.payload["Hangup-Code"]) == ("USER_BUSY", "sip:486")
    assert "Disposition" not in next(
        each.payload for each in told if each.leg == party and each.name == "CHANNEL_DESTROY"
    )
    told, caller, _ = call("number-callbacks-11")
    assert [each.payload["Disposition"] for each in ends(told, caller, "bridge")] == ["SUCCESS"]
    bridged = [each.payload["Channel-Answer-State"] for each in told if each.name == "CHANNEL_BRIDGE"]
    assert bridged == ["early"]
    assert MEASURED.tells_dispositions


def test_later_events_keep_the_causes_of_a_bridge() -> None:
    """`keeps_causes`."""
    told, caller, _ = call("dialnum-2")
    later = [*ends(told, caller, "answer"), *ends(told, caller, "tts"), *ends(told, caller, "noop")]

    assert {each.payload["Hangup-Cause"] for each in later} == {"USER_BUSY"}
    assert MEASURED.keeps_causes


def test_send_dtmf_ends_before_its_keys_are_out() -> None:
    """`keys_outlast_command`: four keys take two seconds."""
    told, caller, _ = call("sayfin-1")
    rows = json.loads((RECORDED / "sayfin-1.json").read_text())["messages"]
    (sent_s,) = [each["t_s"] for each in rows if "send_dtmf" in json.dumps(each["payload"].get("Commands"))]

    (end,) = ends(told, caller, "send_dtmf")
    assert (end.response, end.at_s - sent_s < 0.2) == ("_none_", True)
    assert MEASURED.keys_outlast_command


def test_conferences_tell_members() -> None:
    """`conference_events`."""
    row = json.loads((RECORDED / "conf-two-first-31.json").read_text())
    told = [each["payload"].get("Event") for each in row["messages"] if each["exchange"] == "conference"]

    assert {"add-member", "del-member"} <= set(told)
    assert DOCUMENTED.conference_events
    assert MEASURED.conference_events


def test_no_recorded_call_has_a_park_event() -> None:
    """So the simulated switch publishes none."""
    names = {each.name for path in RECORDED.glob("*.json") for each in call(path.stem)[0]}

    assert "CHANNEL_PARK" not in names
