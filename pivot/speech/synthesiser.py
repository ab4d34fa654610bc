"""Makes each sound once: what is wished for is found, being made already, or asked of the plug-in."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import structlog

from pivot.errors import SpeechError
from pivot.model.speech import Repertoire, SpeechWish
from pivot.speech.cache import SUFFIXES, SoundCache
from pivot.speech.concurrency import ConcurrencyLimit
from pivot.speech.plugin import Audio, AudioAt, SpeechEngine
from pivot.speech.settings import SpeechSettings

log = structlog.get_logger()

PATH: Final = "/speech/"
"""Under which sounds are served."""
MOST_SILENT: Final = 5
"""Syntheses of one account in a row that ran out of time; then it does without the plug-in for a while."""
REST_S: Final = 10.0
_MOST_ACCOUNTS: Final = 10_000
"""With a run of such syntheses."""
_MOST_ADDRESSES: Final = 10_000
_SAFE_URL: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!&*+,;=%-]{1,2000}")
"""Without what means something to the switch, which puts the URL into an expression of its own."""


@dataclass(slots=True)
class Counts:
    """Since the start; for metrics."""

    made: int = 0
    found: int = 0
    failed: int = 0


class Synthesiser:
    """The speech plug-in in use. Implements the session's `Speech`.

    A synthesis goes on when its caller stops waiting, until its own limit: the next caller is likely to hear
    the same text. A plug-in that has fallen silent is not waited for by one caller after the other.

    Args:
        engine: the plug-in, entered.
        identity: what else makes its sounds what they are: its name, version and options.
        cache: where sounds are kept.
        clock: seconds that never run backwards.
    """

    def __init__(
        self,
        engine: SpeechEngine,
        identity: str,
        cache: SoundCache,
        settings: SpeechSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.repertoire = Repertoire(tuple(engine.voices), settings.default_voice)
        self.counts = Counts()
        self.cache = cache
        self._engine = engine
        self._identity = identity
        self._settings = settings
        self._places = ConcurrencyLimit(settings.at_once, settings.per_account)
        self._jobs: dict[str, asyncio.Task[str]] = {}
        self._addresses: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._clock = clock
        self._silences: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """By account: how many syntheses in a row ran out of time, and until when none is tried."""

    @property
    def running(self) -> int:
        """Syntheses that run or wait for their turn."""
        return len(self._jobs)

    async def synthesise(self, account_id: str | None, wish: SpeechWish) -> str:
        """The URL of the sound.

        Raises:
            SpeechError: why there is none.
        """
        return await asyncio.shield(self._job(account_id, wish))

    def prepare(self, account_id: str | None, wish: SpeechWish) -> None:
        """Begin, unless it is there or being made already."""
        self._job(account_id, wish)

    async def close(self) -> None:
        """Give up what is being made."""
        jobs = tuple(self._jobs.values())
        for job in jobs:
            job.cancel()
        if jobs:
            await asyncio.wait(jobs)

    def _job(self, account_id: str | None, wish: SpeechWish) -> asyncio.Task[str]:
        name = self.cache.name(self._identity, wish.voice, wish.language, wish.text, wish.ssml)
        job = self._jobs.get(name)
        if job is None:
            job = asyncio.create_task(self._make(name, account_id or "", wish), name=f"speech {name[:8]}")
            self._jobs[name] = job
            job.add_done_callback(lambda done: self._forget(name, done))
        return job

    def _forget(self, name: str, job: asyncio.Task[str]) -> None:
        del self._jobs[name]
        if not job.cancelled() and job.exception() is not None:
            self.counts.failed += 1
            log.warning("speech.failed", error=str(job.exception()))

    async def _make(self, name: str, account_id: str, wish: SpeechWish) -> str:
        try:
            if (url := await self._found(name)) is not None:
                self.counts.found += 1
                return url
            async with self._places.one(account_id, self._settings.timeout_s):
                made = await self._made(account_id, wish)
            url = await self._kept(name, made)
        except SpeechError:
            raise
        except TimeoutError:
            raise SpeechError(f"it took longer than {self._settings.timeout_s:g} s") from None
        except Exception as error:
            raise SpeechError(f"{type(error).__name__}: {error}"[:500]) from error
        self.counts.made += 1
        return url

    async def _made(self, account_id: str, wish: SpeechWish) -> Audio | AudioAt:
        _, rests_until = self._silences.get(account_id, (0, 0.0))
        if self._clock() < rests_until:
            raise SpeechError("the plug-in has not answered lately and is left alone for a while")
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                made = await self._engine.synthesise(wish)
        except TimeoutError:
            self._note_silence(account_id)
            raise
        except Exception:
            self._silences.pop(account_id, None)
            raise
        self._silences.pop(account_id, None)
        return made

    def _note_silence(self, account_id: str) -> None:
        silent, rests_until = self._silences.pop(account_id, (0, 0.0))
        if silent + 1 >= MOST_SILENT:
            rests_until = self._clock() + REST_S
            log.error("speech.silent", account_id=account_id, syntheses=silent + 1, rest_s=REST_S)
        self._silences[account_id] = silent + 1, rests_until
        while len(self._silences) > _MOST_ACCOUNTS:
            self._silences.popitem(last=False)

    async def _found(self, name: str) -> str | None:
        url, until = self._addresses.get(name, ("", 0.0))
        if until > self._clock():
            return url
        file_name = await self.cache.find(name)
        return None if file_name is None else self._url(file_name)

    async def _kept(self, name: str, made: Audio | AudioAt) -> str:
        if isinstance(made, AudioAt):
            return self._address(name, made)
        if made.media_type not in SUFFIXES:
            raise SpeechError(f"the plug-in made {made.media_type}, want one of {', '.join(SUFFIXES)}")
        if not 0 < len(made.data) <= self._settings.max_sound_bytes:
            raise SpeechError(
                f"the plug-in made {len(made.data)} bytes, want 1 to {self._settings.max_sound_bytes}"
            )
        return self._url(await self.cache.add(name, made.data, made.media_type))

    def _address(self, name: str, made: AudioAt) -> str:
        if not _is_url(made.url):
            raise SpeechError("the plug-in names a place that is no plain http URL")
        if made.max_age_s > 0:
            self._addresses[name] = made.url, self._clock() + made.max_age_s
            while len(self._addresses) > _MOST_ADDRESSES:
                self._addresses.popitem(last=False)
        return made.url

    def _url(self, file_name: str) -> str:
        return self._settings.base_url.rstrip("/") + PATH + file_name


def _is_url(url: str) -> bool:
    with suppress(ValueError):
        return _SAFE_URL.fullmatch(url) is not None and bool(urlsplit(url).hostname)
    return False
