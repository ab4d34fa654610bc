"""Speech plug-ins for tests."""

from __future__ import annotations

import asyncio
import io
import wave
from dataclasses import dataclass, field

from pivot.speech.plugin import Audio, AudioAt, SpeechWish


def silence(seconds: float = 0.1) -> bytes:
    """A WAV of that length."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(int(seconds * 16_000)))
    return file.getvalue()


@dataclass
class Silent:
    """Makes silence of everything, when it is let.

    Attributes:
        asked: every wish, in order.
        most: how many were being made at the same time, at most.
        open: set: sounds are made at once.
    """

    voices: tuple[str, ...] = ("kate",)
    makes: Audio | AudioAt | Exception = field(default_factory=lambda: Audio(silence()))
    asked: list[SpeechWish] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    most: int = 0
    _now: int = 0
    _arrived: asyncio.Queue[SpeechWish] = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self.open.set()

    async def is_asked(self, times: int = 1) -> None:
        """Returns when so many more wishes have come."""
        async with asyncio.timeout(30):
            for _ in range(times):
                await self._arrived.get()

    async def synthesise(self, wish: SpeechWish) -> Audio | AudioAt:
        self.asked.append(wish)
        self._arrived.put_nowait(wish)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await self.open.wait()
        finally:
            self._now -= 1
        if isinstance(self.makes, Exception):
            raise self.makes
        return self.makes
