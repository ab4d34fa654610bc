"""Conformance cases that the engine does not fulfil, each with its reason."""

from __future__ import annotations

FAILING: dict[str, str] = {
    "gather-32": "no speech recognition is connected",
    "gather-33": "no speech recognition is connected",
    "gather-35": "no speech recognition is connected",
    "gather-38": "no speech recognition is connected",
    "record-22": "no transcription is connected",
    "refer-03": "the bus has no REFER, so no phone can refuse one",
}

FAILING_OVER_RABBIT: dict[str, str] = {}
"""Those that fail only over a real broker."""

_MEASURED = {
    "dial-25": "a recording begins at once, the dialling only when the call is answered",
    "device-01": "the real switch reports 480 as NO_USER_RESPONSE, which is no-answer",
}
_LONGER = {
    name: "the recording is longer than its limit, as on the real switch"
    for name in ("record-06", "record-07", "own-record-01", "own-record-05")
}
FAILING_ON: dict[str, dict[str, str]] = {
    "measured": _MEASURED,
    "measured/destroyed first": _MEASURED,
    "filtered": _MEASURED,
    "drawn:0": _MEASURED | _LONGER,
    "drawn:1": _MEASURED,
    "drawn:2": _MEASURED | _LONGER,
}
"""By the simulated switch's behaviour: further cases that fail there."""
