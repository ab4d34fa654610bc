"""The simulated gateway: it answers at once, hears as long as there is a call, and can be hung up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pivot.model.dialling import (
    BridgeTo,
    CallToHear,
    Endpoint,
    EndpointKind,
    LegControlled,
    LegFailed,
    LegPrepared,
    LegReady,
    RingPrepared,
)
from pivot.model.events import ChannelDestroyed, Event
from pivot.model.instructions import NameValue
from pivot.model.switch import Hangup
from pivot.sim.caller import follow_script
from pivot.sim.clock import run_virtually
from pivot.sim.leg import Observed
from pivot.sim.switch import SimulatedSwitch

A, G = "a-leg", "gateway-leg"
HEADERS = {
    "Kind": "stream",
    "Sid": "MZ1",
    "Url": "wss://ai.test/a%2Cb",
    "Bidirectional": "false",
    "Name": "s1",
    "Track": "both_tracks",
}
GATEWAY = Endpoint(
    "sip:g@gw.test",
    G,
    EndpointKind.ROUTE,
    "sip:g@gw.test",
    headers=tuple(NameValue(f"X-Stream-{name}", value) for name, value in HEADERS.items()),
)
HEAR = CallToHear("m1", GATEWAY, A, 10.0)
WORD = RingPrepared("m1", G, f"{G}-originate")


def happens(
    play: Callable[[SimulatedSwitch], None], script: list[dict[str, Any]]
) -> tuple[list[Event], list[tuple[float, str, str | None]]]:
    """What the switch reports of the gateway's leg, and what is noticed, with the name of the stream."""
    events: list[Event] = []
    noticed: list[Observed] = []

    async def live() -> None:
        loop = asyncio.get_running_loop()
        switch = SimulatedSwitch(loop, lambda call_id, event: events.append(event), noticed.append)
        switch.ring(A)
        follow_script(script, switch, A, loop)
        play(switch)
        await asyncio.sleep(60.0)

    run_virtually(live())
    of_gateway = [event for event in events if getattr(event, "call_id", G) == G]
    return of_gateway, [(round(each.at_s, 3), each.op, str(each.details.get("name"))) for each in noticed]


def test_nobody_rings_before_the_word() -> None:
    """As the switch's side does it; what the gateway hears ends with the call."""

    def play(switch: SimulatedSwitch) -> None:
        switch.perform(A, HEAR)

    def play_on(switch: SimulatedSwitch) -> None:
        switch.perform(A, HEAR)
        switch.perform(A, WORD)

    prepared = [
        LegControlled("m1", G, f"{G}-control"),
        LegPrepared("m1", G, f"{G}-control", f"{G}-originate"),
    ]

    assert happens(play, []) == (prepared, [])
    events, noticed = happens(play_on, [{"t": 5.0, "do": "hangup"}])
    assert events[:2] == prepared
    assert LegReady("m1", G) in events
    assert isinstance(events[-1], ChannelDestroyed)
    assert noticed == [(0.0, "ws_connect", "s1"), (5.0, "caller_gone", "None"), (5.0, "ws_close", "s1")]


def test_a_call_that_is_gone_cannot_be_heard() -> None:
    """The caller may leave between the request and the word."""

    def play(switch: SimulatedSwitch) -> None:
        switch.perform(A, HEAR)
        switch.hang_up(A)
        switch.perform(A, WORD)

    events, noticed = happens(play, [])

    assert events[-1] == LegFailed("m1", "INVALID_CALL_REFERENCE")
    assert [op for _, op, _ in noticed] == ["caller_gone"]


def test_a_bridged_gateway_ends_when_its_socket_or_the_caller_does() -> None:
    """And closes its socket when the program hangs it up."""

    def play(switch: SimulatedSwitch) -> None:
        switch.perform(A, BridgeTo("m1", (GATEWAY,), 10.0))

    def play_and_stop(switch: SimulatedSwitch) -> None:
        play(switch)
        asyncio.get_running_loop().call_later(2.0, switch.perform, A, Hangup("m2", leg=G))

    for script in ([{"t": 4.0, "do": "ws", "event": "close"}], [{"t": 4.0, "do": "hangup"}]):
        events, noticed = happens(play, script)
        assert isinstance(events[-1], ChannelDestroyed)
        assert (4.0, "ws_close", "s1") in noticed
    assert happens(play_and_stop, [])[1][-1] == (2.0, "ws_close", "s1")
