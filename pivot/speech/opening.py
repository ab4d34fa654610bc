"""Opens the speech plug-in and everything around it, or nothing when none is wanted."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog

from pivot.errors import ConfigError
from pivot.speech.cache import SoundCache
from pivot.speech.loading import find_engine, identity_of, load_engine
from pivot.speech.plugin import SpeechEngine
from pivot.speech.settings import SpeechSettings
from pivot.speech.synthesiser import Synthesiser

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_OPENS_WITHIN_S = 30.0


@asynccontextmanager
async def open_speech(settings: SpeechSettings) -> AsyncIterator[Synthesiser | None]:
    """The plug-in in use; None: the switch speaks.

    Raises:
        ConfigError: there is no such plug-in, it does not open, or the cache's folder cannot be used.
    """
    if not settings.engine:
        yield None
        return
    point = find_engine(settings.engine)
    open_engine = load_engine(point)
    async with AsyncExitStack() as opened:
        cache = _open_cache(settings, opened)
        engine: SpeechEngine
        try:
            async with asyncio.timeout(_OPENS_WITHIN_S):
                engine = await opened.enter_async_context(open_engine(settings.options))
                synthesiser = Synthesiser(engine, identity_of(point, settings.options), cache, settings)
        except ConfigError:
            raise
        except Exception as error:
            raise ConfigError(
                f'speech.engine "{settings.engine}" does not open: {type(error).__name__}: {error};'
                " see speech.options and the plug-in's own description"
            ) from error
        _check_voices(synthesiser, settings)
        opened.push_async_callback(synthesiser.close)
        log.info("speech.ready", engine=settings.engine, voices=len(synthesiser.repertoire.voices))
        yield synthesiser


def _open_cache(settings: SpeechSettings, opened: AsyncExitStack) -> SoundCache:
    if settings.cache_dir:
        folder = Path(settings.cache_dir)
    else:
        folder = Path(tempfile.mkdtemp(prefix="pivot-speech-"))
        opened.callback(shutil.rmtree, folder, ignore_errors=True)
    try:
        return SoundCache(folder, settings.cache_bytes, settings.cache_age_s)
    except OSError as error:
        raise ConfigError(
            f'speech.cache_dir is "{folder}": {error.strerror}; name a folder that pivot may write to'
        ) from error


def _check_voices(synthesiser: Synthesiser, settings: SpeechSettings) -> None:
    voices = synthesiser.repertoire.voices
    if not all(isinstance(voice, str) and voice for voice in voices):
        raise ConfigError(f'speech.engine "{settings.engine}" has voices without a name; ask its author')
    if settings.default_voice and not synthesiser.repertoire.has(settings.default_voice):
        raise ConfigError(
            f'speech.default_voice is "{settings.default_voice}", which the plug-in does not have;'
            f" it has {', '.join(voices[:20]) or 'none'}"
        )
