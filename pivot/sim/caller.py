"""A scripted caller: rows of time and deed, as the conformance cases write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pivot.sim.publisher import Clock
from pivot.sim.switch import SimulatedSwitch

BETWEEN_KEYS_S = 0.1


def follow_script(
    script: Iterable[Mapping[str, Any]], switch: SimulatedSwitch, call_id: str, clock: Clock
) -> None:
    """Let the caller do what the script says, in seconds from now.

    Args:
        script: rows with `t` and `do`: `dtmf` with `digits`, `hangup`, `talk` with `dur`, and what the
            dialled parties do, `leg` and `leg_dtmf`, and those behind a gateway, `ws`, and the target
            of a Refer, `refer` with `notify`. The rest is left to
            whoever plays it.
        switch: where the caller's leg is.
        call_id: the caller's leg.
        clock: counts the seconds.
    """
    leg = switch.legs[call_id]
    for row in script:
        at_s: float = row["t"]
        match row["do"]:
            case "dtmf":
                for index, digit in enumerate(row["digits"]):
                    clock.call_later(at_s + index * BETWEEN_KEYS_S, leg.press, digit)
            case "hangup":
                clock.call_later(at_s, switch.hang_up, call_id)
            case "talk":
                clock.call_later(at_s, leg.talk, row["dur"])
            case "leg" | "leg_dtmf" | "ws" | "refer":
                switch.parties.follow(row, at_s, BETWEEN_KEYS_S)
