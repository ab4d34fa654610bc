"""Media servers fetch the sounds from pivot itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from pivot.app.health import open_health
from pivot.speech.cache import SoundCache
from pivot.speech.serving import speech_routes
from tests.speech.engines import silence


@dataclass
class Served:
    cache: SoundCache
    base: str
    sound: str
    http: aiohttp.ClientSession


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """One sound on a port."""
    cache = SoundCache(tmp_path, 1_000_000, 3_600.0)
    name = await cache.add(cache.name("hello"), silence(), "audio/wav")
    async with (
        open_health("127.0.0.1", 0, speech_routes(cache)) as port,
        aiohttp.ClientSession(auto_decompress=False) as http,
    ):
        base = f"http://127.0.0.1:{port}/speech/"
        yield Served(cache, base, base + name, http)


async def test_a_sound_is_served_whole(served: Served) -> None:
    """With its type, its length, and leave to keep it: the name tells the content."""
    async with served.http.get(served.sound) as answer:
        assert (answer.status, await answer.read()) == (200, silence())
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["Content-Length"] == str(len(silence()))
        assert "max-age=86400" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_head_tells_what_get_would(served: Served) -> None:
    """Media servers look before they fetch again."""
    async with served.http.head(served.sound) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.headers["Content-Length"] == str(len(silence()))
        etag = answer.headers["ETag"]
    await served.cache.find(served.cache.name("hello"))  # asked for again, and still the same
    async with served.http.get(served.sound, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304


async def test_a_part_is_served_as_a_part(served: Served) -> None:
    """A fetch that broke goes on where it was."""
    async with served.http.get(served.sound, headers={"Range": "bytes=4-11"}) as answer:
        assert (answer.status, await answer.read()) == (206, silence()[4:12])
        assert answer.headers["Content-Range"] == f"bytes 4-11/{len(silence())}"
        assert answer.headers["Content-Type"] == "audio/wav"
    async with served.http.get(served.sound, headers={"Range": "bytes=9999999-"}) as answer:
        assert answer.status == 416


@pytest.mark.parametrize("name", ["", "0" * 64 + ".wav", ".key", "..%2f.key", "%2e%2e/.key", "x"])
async def test_nothing_else_is_there(served: Served, name: str) -> None:
    """No listing, no key, no file outside."""
    async with served.http.get(served.base + name) as answer:
        assert answer.status == 404


async def test_a_sound_is_only_read(served: Served) -> None:
    """Nobody puts or removes one."""
    for method in ("PUT", "POST", "DELETE"):
        async with served.http.request(method, served.sound, data=b"x") as answer:
            assert answer.status == 405
