"""Each behaviour of the simulated switch, as recorded calls and the table of measured facts have it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pivot.model.dialling import (
    BridgeTo,
    CallApart,
    CallerId,
    Endpoint,
    EndpointKind,
    HoldMusic,
    JoinLeg,
    LegsBridged,
    LegsParted,
)
from pivot.model.events import (
    ChannelDestroyed,
    CommandFailed,
    DigitPressed,
    Event,
    Executed,
    RecordingStopped,
)
from pivot.model.switch import AnswerCall, AskIdle, PlayMedia, RecordLeg, SendDigits, SpeakText, StopMedia
from pivot.sim.behaviour import (
    DOCUMENTED,
    ENDINGS,
    FILTERED,
    MEASURED,
    SwitchBehaviour,
    behaviour_named,
    drawn,
)
from pivot.sim.broker import MemoryBroker
from pivot.sim.clock import run_virtually
from pivot.sim.kazoo import SimulatedKazoo
from pivot.sim.leg import Observed
from pivot.sim.link import Arrived
from pivot.sim.switch import SimulatedSwitch
from pivot.wire.events import decode_event
from pivot.wire.payload import decode

A, B, C = "a-leg", "b-leg", "c-leg"
Row = tuple[float, Event]
Deed = tuple[float, Callable[[SimulatedSwitch], None]]


def phone(call_id: str) -> Endpoint:
    return Endpoint(call_id, call_id, EndpointKind.DEVICE, f"user_{call_id}", "pbx.test")


def bridge(*legs: str, ignores: bool = True) -> BridgeTo:
    return BridgeTo("m-bridge", tuple(map(phone, legs)), 20.0, CallerId(), ignore_early_media=ignores)


def happens(
    behaviour: SwitchBehaviour, *deeds: Deed, until_s: float = 60.0
) -> tuple[list[Row], list[Observed]]:
    """What the switch tells of a caller's call when these things happen at these seconds."""
    events: list[Row] = []
    noticed: list[Observed] = []

    async def live() -> None:
        loop = asyncio.get_running_loop()
        switch = SimulatedSwitch(
            loop,
            emit=lambda call_id, event: events.append((round(loop.time(), 3), event)),
            observe=noticed.append,
            sound_of=lambda url: "FILE NOT FOUND" if "missing" in url else None,
            behaviour=behaviour,
        )
        switch.ring(A)
        for at_s, deed in deeds:
            await asyncio.sleep(at_s - loop.time())
            deed(switch)
        await asyncio.sleep(60.0)

    run_virtually(live())
    return events, noticed


def tell(command: Any) -> Callable[[SimulatedSwitch], None]:
    return lambda switch: switch.perform(A, command)


def party(number: int, deed: str, sip: int | None = None) -> Callable[[SimulatedSwitch], None]:
    return lambda switch: switch.parties.do(number, deed, sip)


def hang_up(switch: SimulatedSwitch) -> None:
    switch.hang_up(A)


def of(events: list[Row], *kinds: type) -> list[Row]:
    return [row for row in events if isinstance(row[1], kinds)]


def test_a_bridge_is_told_for_its_first_leg_only() -> None:
    """Whoever waits for the other leg's event waits for ever."""
    talk = (0.0, tell(bridge(B))), (1.0, party(0, "answer")), (3.0, party(0, "hangup"))

    measured, _ = happens(MEASURED, *talk)
    documented, _ = happens(DOCUMENTED, *talk)

    assert of(measured, LegsBridged) == [(1.0, LegsBridged(A, B, answered=True))]
    assert of(measured, LegsParted) == [(3.0, LegsParted(A))]
    assert {event.call_id for _, event in of(documented, LegsBridged)} == {A, B}  # type: ignore[union-attr]


def test_a_joined_leg_begins_nothing_until_a_flush() -> None:
    """Else what comes after a talk is never heard."""
    events, _ = happens(
        MEASURED,
        (0.0, tell(AnswerCall("m1"))),
        (0.1, tell(CallApart("m2", phone(B), 20.0, CallerId()))),
        (1.0, party(0, "answer")),
        (2.0, tell(JoinLeg("m3", B))),
        (4.0, party(0, "hangup")),
        (5.0, tell(SpeakText("m4", "n4", "stuck"))),
        (9.0, tell(StopMedia("m5"))),
        (10.0, tell(SpeakText("m6", "n6", "heard"))),
    )

    assert of(events, LegsBridged) == [(2.06, LegsBridged(A, B, answered=True))]
    assert [(at, event) for at, event in of(events, Executed) if at > 1.0] == [
        (9.02, Executed(A, "noop", "m5")),
        (12.0, Executed(A, "tts", "_none_")),
        (12.02, Executed(A, "noop", "n6")),
    ]


def test_what_waits_behind_a_join_is_refused_at_the_end() -> None:
    """As the control process says when its channel is gone."""
    events, _ = happens(
        MEASURED,
        (0.0, tell(CallApart("m2", phone(B), 20.0, CallerId()))),
        (1.0, party(0, "answer")),
        (2.0, tell(JoinLeg("m3", B))),
        (3.0, tell(SpeakText("m4", "n4", "stuck"))),
        (4.0, hang_up),
    )

    refused = [(event.command, event.msg_id) for _, event in of(events, CommandFailed)]  # type: ignore[union-attr]
    assert sorted(refused) == [("connect_leg", "m3"), ("noop", "n4"), ("tts", "m4")]


@pytest.mark.parametrize("name", ENDINGS)
def test_a_hang_up_is_told_in_each_recorded_order(name: str) -> None:
    """The end of the application and of the channel, 0 to 30 ms apart, either first."""
    ending = ENDINGS[name]
    events, _ = happens(
        behaviour_named(f"measured/{name}"),
        (0.0, tell(PlayMedia("m", "n", "http://m/a.wav"))),
        (1.0, hang_up),
    )

    ((played_at, played),) = of(events, Executed)
    ((gone_at, _),) = of(events, ChannelDestroyed)
    assert played == Executed(A, "play", "PLAYBACK ERROR", hung_up=True)
    assert ending.completed_s is not None
    assert (played_at, gone_at) == (round(1 + ending.completed_s, 3), round(1 + ending.destroyed_s, 3))


def test_a_seed_draws_orders_and_they_are_the_same_again() -> None:
    """Hang-ups of one switch differ; two runs with one seed do not."""
    say = (0.0, tell(SpeakText("m", "n", "hello"))), (1.0, hang_up)
    runs = [happens(drawn(seed), *say)[0] for seed in range(12)]

    assert runs == [happens(drawn(seed), *say)[0] for seed in range(12)]
    first = {type(events[0][1]) for events in runs}
    assert {Executed, ChannelDestroyed} <= first
    assert all(1.0 <= at_s <= 1.04 for events in runs for at_s, _ in events)


def test_keys_go_out_after_the_command_is_told_as_done() -> None:
    """Half a second each; a hang-up cuts the rest."""
    send = (0.0, tell(SendDigits("m", "n", "12w3")))

    events, noticed = happens(MEASURED, send, (1.2, hang_up))
    _, late = happens(MEASURED, send, (2.1, hang_up))

    assert of(events, Executed) == [
        (0.02, Executed(A, "send_dtmf", "_none_")),
        (0.04, Executed(A, "noop", "n")),
    ]
    assert [each.details for each in noticed if each.op == "keys_lost"] == [{"digits": "3"}]
    assert not [each for each in late if each.op == "keys_lost"]


def test_keys_during_hold_music_are_told_when_it_ends() -> None:
    """The music reads no keys."""
    events, _ = happens(
        MEASURED,
        (0.0, tell(HoldMusic("m", "http://m/moh.wav"))),
        (0.5, lambda switch: switch.legs[A].press("#")),
        (2.0, tell(StopMedia("m2"))),
    )

    assert events == [
        (2.0, Executed(A, "hold", "PLAYBACK_INTERRUPTED")),
        (2.0, DigitPressed(A, "#")),
        (2.02, Executed(A, "noop", "m2")),
    ]


def test_a_busy_party_is_told_when_the_attempt_ends() -> None:
    """Its CHANNEL_DESTROY waits for the other's answer."""
    events, _ = happens(
        MEASURED, (0.0, tell(bridge(B, C))), (0.5, party(1, "busy")), (2.0, party(0, "answer"))
    )

    ((gone_at, gone),) = of(events, ChannelDestroyed)
    assert gone_at >= 2.0
    assert isinstance(gone, ChannelDestroyed)
    assert (gone.call_id, gone.hangup_cause, gone.hangup_code) == (C, "USER_BUSY", "sip:486")


def test_a_recording_stops_after_its_command_has_ended() -> None:
    """And lasts longer than its limit."""
    events, _ = happens(MEASURED, (0.0, tell(RecordLeg("m", "r.mp3", ("#",), 3.0, 0.0))))

    ends = of(events, Executed, RecordingStopped)
    assert [at_s for at_s, _ in ends] == [3.5, 3.52]
    assert [type(event) for _, event in ends] == [Executed, RecordingStopped]


def test_a_filtered_leg_tells_no_end() -> None:
    """Keys are told; what waits behind the first command never begins, a sound with Insert-At flush does."""
    events, noticed = happens(
        FILTERED,
        (0.0, tell(CallApart("m2", phone(B), 20.0, CallerId()))),
        (1.0, party(0, "answer")),
        (1.0, tell(SpeakText("m3", "n3", "press one", leg=B))),
        (1.0, tell(AskIdle("m4", leg=B))),
        (2.0, lambda switch: switch.legs[B].press("1")),
        (5.0, tell(SpeakText("m5", "n5", "again", leg=B))),
        (8.0, party(0, "hangup")),
    )

    assert of(events, Executed) == []
    assert of(events, DigitPressed) == [(2.0, DigitPressed(B, "1"))]
    assert [each.details["text"] for each in noticed if each.op == "say"] == ["press one", "again"]
    refused = [(event.command, event.msg_id) for _, event in of(events, CommandFailed)]  # type: ignore[union-attr]
    assert sorted(refused) == [("noop", "n5"), ("tts", "m5")]


def test_early_media_bridges_without_an_answer() -> None:
    """No carrier: an announcement, then the end."""
    events, _ = happens(
        MEASURED,
        (0.0, tell(bridge(B, ignores=False))),
        (0.3, party(0, "early")),
        (0.6, party(0, "fail", 404)),
    )

    assert of(events, LegsBridged, LegsParted, Executed) == [
        (0.3, LegsBridged(A, B, answered=False)),
        (0.6, LegsParted(A)),
        (0.6, Executed(A, "bridge", "ORIGINATOR_CANCEL", bridged=True)),
    ]


async def test_later_ends_keep_the_cause_of_a_bridge_on_the_bus() -> None:
    """And whoever reads them knows better than to take it for theirs."""
    kazoo = SimulatedKazoo(MemoryBroker(), behaviour=MEASURED)
    told: list[Arrived] = []
    await kazoo._link.listen("callevt", "call.*.*", told.append)
    for event in (
        Executed(A, "bridge", "USER_BUSY", bridged=False, hangup_code="sip:486"),
        Executed(A, "tts", "_none_"),
    ):
        kazoo._happened("node", A, event)
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    tts = told[-1]
    assert (decode(tts.body)["Hangup-Cause"], decode(tts.body)["Hangup-Code"]) == ("USER_BUSY", "sip:486")
    assert decode_event(tts.routing_key, tts.body) == Executed(A, "tts", "_none_")


def test_names_of_behaviours_are_checked() -> None:
    """One that is misspelt would test nothing."""
    assert behaviour_named("drawn:7").seed == 7
    assert behaviour_named("measured/destroyed first").endings == (ENDINGS["destroyed first"],)
    with pytest.raises(ValueError, match="measured/ENDING"):
        behaviour_named("measured/nothing")
