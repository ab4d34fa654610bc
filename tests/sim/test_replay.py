"""Recorded calls of a real cluster, replayed against a worker over a real broker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pivot.sim.rabbit_link import open_link
from pivot.sim.recorded import RecordedCall, RecordingError, Rewriting, differences, kind_of, read_call
from pivot.sim.replay import Replay, Report
from tests.live.program import worker
from tools.record_calls import calls_of
from tools.replay_calls import main

RECORDED = Path(__file__).parents[1] / "vectors" / "switch" / "calls"
NAME = 'command bridge: Outbound-Caller-ID-Name: recorded "Jo", now "1001"'
"""The account's documents, which have the user's name, are not here."""
KNOWN: dict[str, list[str]] = {
    "play-404-1": [],
    "gather-nested-hangup-1": [],
    "record-key-1": [],
    "record-hangup-1": [],
    "dial-two-one-busy-1": [NAME, "command bridge: Timeout: recorded 10, now 11"],
    "dial-caller-cancels-21": [NAME, "command bridge: Timeout: recorded 20, now 21"],
    "reject-1": [],
    "echo-verb-1": [],
}
"""Recorded calls, and what today's worker changes in the messages: it wishes one second more."""


async def replayed(url: str, call: RecordedCall) -> Report:
    async with open_link(url) as link:
        return await Replay(call, link, wait_s=5.0).run()


@pytest.mark.rabbit
@pytest.mark.live
async def test_recorded_calls_go_as_they_went(amqp_vhost_url: str) -> None:
    """A worker does with the events of a real switch what was recorded, and asks for the action."""
    calls = [read_call(RECORDED / f"{name}.json") for name in KNOWN]
    async with worker(amqp_vhost_url):
        reports = await asyncio.gather(*(replayed(amqp_vhost_url, call) for call in calls))

    told = "\n".join(map(str, reports))
    assert {report.name: report.changed for report in reports} == KNOWN, told
    assert [report.missing for report in reports] == [[]] * len(calls), told
    actions = {report.name for report in reports if any("/after" in each for each in report.requests)}
    assert actions == {"record-key-1", "record-hangup-1", "dial-two-one-busy-1", "dial-caller-cancels-21"}


@pytest.mark.rabbit
@pytest.mark.live
async def test_a_worker_that_is_not_there_is_reported(amqp_vhost_url: str) -> None:
    """A report without differences would mean nothing if silence gave one."""
    async with open_link(amqp_vhost_url) as link:
        report = await Replay(read_call(RECORDED / "reject-1.json"), link, wait_s=0.1).run()

    assert (report.same, report.agrees) == ([], False)
    assert next(text.partition(" s ")[2] for text in report.missing) == "processing"


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its name, and where the format comes from."""
    path = tmp_path / "call.json"
    path.write_text('{"messages": []}')

    assert main(["--amqp", "amqp://nowhere", str(path)]) == 2
    assert f"{path} is no recorded call" in capsys.readouterr().err
    path.write_text('{"name": "a", "call_id": "b", "messages": []}')
    with pytest.raises(RecordingError, match="has no pivot_req"):
        read_call(path)


def test_ids_are_learnt_and_other_members_compared() -> None:
    """A noop's id is the worker's own, the text is not."""
    noop, live = "5" * 32, "6" * 32
    recorded = {"Event-Name": "command", "Commands": [{"Msg-ID": noop}, {"Text": "a"}], "Msg-ID": "x"}
    now = {"Event-Name": "command", "Commands": [{"Msg-ID": live}, {"Text": "b"}], "Msg-ID": "y"}
    rewriting = Rewriting()
    rewriting.learn(recorded, now)

    assert rewriting.apply({"Application-Response": noop}) == {"Application-Response": live}
    told = list(differences(rewriting.apply(recorded), now))
    assert told == ['Commands[1].Text: recorded "a", now "b"']


def test_kinds_name_what_is_queued() -> None:
    """In the order in which the switch does it."""
    queue = {
        "Event-Name": "command",
        "Commands": [{"Application-Name": "noop"}, {"Application-Name": "tts"}],
    }
    assert kind_of(queue) == "command tts noop"
    assert kind_of({"Event-Name": "command", "Application-Name": "noop", "Insert-At": "flush"}) == (
        "command noop (flush)"
    )


def test_calls_are_found_in_what_the_broker_traced() -> None:
    """One file for each pivot_req; a leg belongs to the call that made it, an answer to its question."""
    rows = [
        row("callmgr", {"Event-Name": "pivot_req", "Call": {"Call-ID": "a"}}, 5.0),
        row("callctl", {"Call-ID": "a", "Endpoints": [{"Outbound-Call-ID": "b"}], "Msg-ID": "m"}, 5.5),
        row("callevt", {"Event-Name": "CHANNEL_CREATE", "Call-ID": "b"}, 6.0),
        row("callevt", {"Event-Name": "CHANNEL_CREATE", "Call-ID": "stranger"}, 6.1),
        row("targeted", {"Msg-ID": "m"}, 6.2),
    ]
    (call,) = calls_of(rows)

    assert (call["call_id"], call["legs"]) == ("a", ["b"])
    assert [each["t_s"] for each in call["messages"]] == [0.0, 0.5, 1.0, 1.2]
    assert json.loads(json.dumps(call)) == call


def row(exchange: str, payload: dict[str, object], t_s: float) -> dict[str, object]:
    return {"t_s": t_s, "exchange": exchange, "routing_keys": ["key"], "payload": payload}
