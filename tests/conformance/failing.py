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
