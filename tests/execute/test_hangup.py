"""The caller hangs up: the switch tells it in any order, and the document must not go on as if it had not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivot.model.codes import Code, Outcome
from pivot.model.commands import CancelFetch, End, Fetch, StartTimer
from pivot.model.dialling import LegsBridged, LegsParted
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    Fetched,
    FetchFailed,
    RecordingStopped,
    TimerFired,
)
from pivot.model.fetch import FetchFailure
from pivot.model.notes import Noticed
from pivot.model.queues import QueueChange, QueueNews, queue_id
from pivot.model.rooms import BeepConference, ConferenceJoined, EnterRoom, RoomChange, RoomNews
from pivot.model.switch import PlayMedia, RecordLeg, SendFile, SpeakText, SwitchCommand
from pivot.wire.events import decode_event
from pivot.wire.routing import call_event
from tests.calls import ACCOUNT_ID, CALL_ID, twiml
from tests.execute.histories import History
from tests.rules import RULES

RECORDED = json.loads((Path(__file__).parents[1] / "vectors/switch/hangups.json").read_text())["hangups"]
ACTION = "/action"
TWILIO = replace(RULES, profile="twilio")
"""Its CallStatus is the caller's own; Kazoo's is the Dial's."""
REFUSED = CommandFailed("noop", Code.CALL_COMMAND, "Could not execute dialplan action: noop", "m9")


def talking() -> History:
    """A Dial to a SIP address, bridged."""
    history = History(
        f"<Dial action='{ACTION}'><Sip>sip:kate@example.com</Sip></Dial><Say>after</Say>", TWILIO
    )
    history.happens(LegsBridged(CALL_ID, history.legs()[0]))
    return history


def ringing() -> History:
    return History(f"<Dial action='{ACTION}'><Number>+15550009999</Number></Dial><Say>after</Say>", TWILIO)


def conferring() -> History:
    """A member of a conference, joined."""
    history = History(
        f"<Dial action='{ACTION}'><Conference statusCallback='/c' statusCallbackEvent='leave'>R</Conference>"
        "</Dial><Say>after</Say>",
        TWILIO,
    )
    room = history.last(EnterRoom).room
    history.happens(RoomNews(room, RoomChange.ENTERED, started=True))
    history.happens(ConferenceJoined(CALL_ID, 7))
    return history


def recording() -> History:
    return History(f"<Record action='{ACTION}'/><Say>after</Say>", TWILIO)


def waiting() -> History:
    history = History(f"<Enqueue action='{ACTION}'>support</Enqueue><Say>after</Say>", TWILIO)
    history.happens(QueueNews(queue_id(ACCOUNT_ID, "support"), QueueChange.ENTERED, CALL_ID))
    return history


def playing() -> History:
    return History("<Play loop='3'>https://app.test/a.wav</Play><Say>after</Say>", TWILIO)


def saying() -> History:
    return History("<Say>one</Say><Say>after</Say>", TWILIO)


def echoing() -> History:
    return History("<Echo/><Say>after</Say>", TWILIO)


SCENES = {
    "talk": (talking, "bridge"),
    "ringing": (ringing, "bridge"),
    "conference": (conferring, "conference"),
    "record": (recording, "record"),
    "queue": (waiting, "hold"),
    "play": (playing, "play"),
    "say": (saying, "tts"),
    "echo": (echoing, "echo"),
}
ASKS = ("talk", "ringing", "conference", "record", "queue")


def scene_of(recorded: dict[str, Any]) -> str:
    """Which verb a recorded call was in."""
    words = {"conf": "conference", "dial": "talk", "agent": "talk", "number": "talk", "queue": "talk"}
    word = recorded["name"].split("-")[0].removesuffix("exit").removesuffix("sip")
    return "say" if "say" in recorded["name"] else words.get(word, word)


def happened(members: dict[str, Any], history: History) -> Event | None:
    """A recorded event as an event of this history's call."""
    if "Recording" in members:
        names = [item.name for item in history.done if isinstance(item, RecordLeg)]
        members = {**members, "Recording": {"File-Path": f"/tmp/{(names or ['other.mp3'])[0]}"}}
    name = members["Event-Name"]
    members = {"Msg-ID": "m9", **members}
    return decode_event(call_event(name, CALL_ID), json.dumps(members).encode())


def told(history: History, path: str = ACTION) -> list[dict[str, str]]:
    """What the application's action was asked with, each time."""
    return [
        dict(item.request.parameters)
        for item in history.done
        if isinstance(item, Fetch) and item.request.url.endswith(path)
    ]


def check_hung_up(history: History, scene: str, done_before: int) -> None:
    """What must be true after any hang-up, whatever came first."""
    since = history.done[done_before:]
    commands = [
        item
        for item in since
        if isinstance(item, SwitchCommand) and not isinstance(item, SendFile | BeepConference)
    ]
    assert commands == []
    assert [item for item in since if isinstance(item, Noticed) and item.is_error] == []
    statuses = [each["CallStatus"] for each in told(history)]
    assert statuses == (["completed"] if scene in ASKS else [])


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each["name"])
def test_a_recorded_hang_up_is_told_as_one(recorded: dict[str, Any]) -> None:
    """Members that hung up were told as having left, actions not at all or as of a call in progress."""
    scene = scene_of(recorded)
    history = SCENES[scene][0]()
    before, last_ms = len(history.done), recorded["events"][0]["t_ms"]

    for each in recorded["events"]:
        event = happened(each["members"], history)
        if event is not None:
            history.happens(event, after_s=(each["t_ms"] - last_ms) / 1000)
        last_ms = each["t_ms"]

    history.files()
    check_hung_up(history, scene, before)


@pytest.mark.parametrize("scene", SCENES)
@given(st.data())
def test_any_order_of_a_hang_ups_events_is_one(scene: str, data: st.DataObject) -> None:
    """Each event is published by a process of its own; some switches do not say that the channel was hung up.

    The commands behind are refused, the control queue is gone, and the recording ends, somewhere in between.
    """
    begin, application = SCENES[scene]
    history = begin()
    hint = data.draw(st.sampled_from([True, None]))
    response = "PLAYBACK ERROR" if application == "play" else None
    events: list[Event] = [
        Executed(CALL_ID, application, response, hint),
        ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"),
    ]
    if scene == "talk":
        events.append(LegsParted(CALL_ID, hint))
    if scene == "record":
        events.append(RecordingStopped(CALL_ID, f"/tmp/{history.last(RecordLeg).name}", 3.0))
    others: list[Event] = [REFUSED, CommandFailed("SpeakText", Code.BUS_RETURNED, "returned")]
    events += data.draw(st.lists(st.sampled_from(others), max_size=3))
    before = len(history.done)

    for event in data.draw(st.permutations(events)):
        history.happens(event, after_s=data.draw(st.sampled_from([0.0, 0.002, 0.02])))

    history.files()
    check_hung_up(history, scene, before)
    assert history.forgotten() == set()
    for _ in range(10):
        if not history.over:
            history.settle()
    assert history.over
    assert history.sent_to_the_dead() == []


@pytest.mark.parametrize("scene", ASKS)
@pytest.mark.parametrize("hint", [True, None])
def test_a_hang_up_whose_end_is_lost_goes_on_late(scene: str, hint: bool | None) -> None:
    """The caller may be there after all: he must hear what follows. That he is not is found by asking."""
    begin, application = SCENES[scene]
    history = begin()
    before = len(history.done)
    held = history.happens(Executed(CALL_ID, application, "NORMAL_CLEARING", hint))

    timers = [item for item in held if isinstance(item, StartTimer)]
    history.happens(TimerFired("held"), after_s=timers[0].delay_s)

    assert timers == [StartTimer("held", 2.0 if hint else 0.2)]
    if scene in ("talk", "ringing", "conference"):
        assert [each["CallStatus"] for each in told(history)] == ["in-progress"]
    else:
        assert not [item for item in history.done[before:] if isinstance(item, Noticed)]


@pytest.mark.parametrize("scene", ["talk", "conference"])
def test_an_application_that_ends_on_a_living_channel_costs_no_wait(scene: str) -> None:
    """The party hung up, or the member was taken out: the switch says that the caller is still there."""
    begin, application = SCENES[scene]
    history = begin()

    history.happens(Executed(CALL_ID, application, "NORMAL_CLEARING", hung_up=False), after_s=0.0)

    assert [each["CallStatus"] for each in told(history)] == ["in-progress"]


@pytest.mark.parametrize("scene", ["talk", "conference", "record"])
def test_a_request_in_flight_outlives_the_caller(scene: str) -> None:
    """Half of the callers hang up in the second in which the other party or the beep has ended."""
    begin, application = SCENES[scene]
    history = begin()
    if scene == "record":
        path = f"/tmp/{history.last(RecordLeg).name}"
        history.happens(RecordingStopped(CALL_ID, path, 3.0, terminator="#"))
        history.files()
    else:
        history.happens(Executed(CALL_ID, application, "NORMAL_CLEARING"))
    asked = history.last(Fetch).request

    ended = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
    answered = history.happens(Fetched(asked.fetch_id, twiml("<Say>never heard</Say>")))

    assert asked.url.endswith(ACTION)
    assert CancelFetch(asked.fetch_id) not in ended
    assert not [item for item in answered if isinstance(item, SpeakText)]
    assert len(told(history)) == 1


def test_a_fallback_in_flight_outlives_the_caller_too() -> None:
    """The message was recorded; somebody must learn of it."""
    history = recording()
    path = f"/tmp/{history.last(RecordLeg).name}"
    history.happens(RecordingStopped(CALL_ID, path, 3.0, terminator="#"))
    asked = history.last(Fetch).request

    history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))
    history.happens(FetchFailed(asked.fetch_id, FetchFailure(Code.FETCH_REFUSED, "no")))

    assert history.machine.state.telling == ()


def test_a_gathers_request_ends_with_the_call() -> None:
    """Nobody is told of keys whose answer nobody hears."""
    history = History(f"<Gather action='{ACTION}' numDigits='1'/>")
    history.happens(DigitPressed(CALL_ID, "1"))
    asked = history.last(Fetch).request

    ended = history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"))

    assert asked.url.endswith(ACTION)
    assert CancelFetch(asked.fetch_id) in ended
    assert history.over


@pytest.mark.parametrize("hint", [True, None, False])
def test_a_broken_sound_is_complained_of_when_the_next_command_runs(hint: bool | None) -> None:
    """The complaint counts as soon as the channel is known to live; the next round is played."""
    history = playing()
    noop_id = history.last(PlayMedia).noop_id
    history.happens(Executed(CALL_ID, "play", "PLAYBACK ERROR", hint), after_s=0.0)

    items = history.happens(Executed(CALL_ID, "noop", noop_id), after_s=0.0)

    faults = [item.twilio_code for item in history.done if isinstance(item, Noticed)]
    assert faults == [13420]
    assert len([item for item in items if isinstance(item, PlayMedia)]) == 1


def test_a_control_queue_that_goes_with_the_call_costs_no_action() -> None:
    """A command that comes back is often the first sign of a hang-up."""
    history = talking()

    history.happens(CommandFailed("SpeakText", Code.BUS_RETURNED, "returned"))
    history.happens(ChannelDestroyed(CALL_ID, "NORMAL_CLEARING"), after_s=0.03)

    assert [each["CallStatus"] for each in told(history)] == ["completed"]


def test_a_control_queue_that_is_gone_alone_ends_the_call_for_us() -> None:
    """Another process may have the call: nothing is said of how it ended."""
    history = talking()

    held = history.happens(CommandFailed("SpeakText", Code.BUS_RETURNED, "returned"))
    history.happens(CommandFailed("SpeakText", Code.BUS_RETURNED, "returned"))
    items = history.happens(TimerFired("held"), after_s=1.0)

    assert StartTimer("held", 1.0) in held
    ends = [item for item in items if isinstance(item, End)]
    assert [(end.outcome, end.code) for end in ends] == [(Outcome.GONE, Code.BUS_RETURNED)]


def test_what_was_held_for_an_instruction_is_not_seen_by_the_next() -> None:
    """The end of one bridge must not end the next one."""
    history = History(
        "<Dial><Sip>sip:a@example.com</Sip></Dial><Dial><Sip>sip:b@example.com</Sip></Dial><Say>after</Say>"
    )
    history.happens(Executed(CALL_ID, "bridge", "USER_BUSY", hung_up=None))
    history.happens(Executed(CALL_ID, "bridge", "USER_BUSY", hung_up=None))

    history.happens(TimerFired("held"), after_s=0.2)

    program = history.machine.state.program
    assert program is not None
    assert program.position == 2
