"""What a speech plug-in is: the part of this room that other packages build on.

A package offers it as an entry point of the group `pivot.speech`: a function that takes the operator's
options, a table as in `[speech.options]`, and gives a context manager around a `SpeechEngine`. It is
entered once when the worker starts and left when it stops. What it raises on entering stops the worker, so a
wrong option or a missing program is found at once; `pivot check-config` enters it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from pivot.model.speech import SpeechWish

__all__ = ["ENTRY_POINTS", "Audio", "AudioAt", "OpenEngine", "SpeechEngine", "SpeechWish"]

ENTRY_POINTS = "pivot.speech"


@dataclass(frozen=True, slots=True)
class Audio:
    """A finished sound; pivot keeps it and serves it."""

    data: bytes
    media_type: str = "audio/wav"
    """`audio/wav`, `audio/mpeg` or `audio/ogg`: what media servers play."""


@dataclass(frozen=True, slots=True)
class AudioAt:
    """A sound that lies elsewhere; media servers fetch it from there."""

    url: str
    """http or https, at most 2,000 characters, none of them one that the switch would expand: `$(){}|`."""
    max_age_s: float = 0.0
    """How long the same wish may be answered with it again; 0: only now."""


class SpeechEngine(Protocol):
    """Speaks. Many texts may be asked for at a time, as the operator allows."""

    @property
    def voices(self) -> tuple[str, ...]:
        """Names of voices as documents write them, in any case; a `*` at the end stands for any rest.

        Read once, after entering.
        """

    async def synthesise(self, wish: SpeechWish) -> Audio | AudioAt:
        """The sound of a text; cancelled when it takes longer than the operator allows.

        The text is a stranger's: it may be anything, and must never become part of a command line, a file
        name or a URL as it stands. Any error means that there is no sound, and the switch speaks instead;
        its text goes to the log and into the call's timeline.
        """


OpenEngine: TypeAlias = Callable[[Mapping[str, Any]], AbstractAsyncContextManager[SpeechEngine]]
"""What the entry point names."""
