"""The example plug-in, installed as an operator does it: espeak-ng really speaks, and pivot serves it."""

from __future__ import annotations

import asyncio
import importlib
import io
import math
import os
import sys
import wave
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pivot.app.health import open_health
from pivot.errors import ConfigError, SpeechError
from pivot.model.speech import SpeechWish
from pivot.speech.opening import open_speech
from pivot.speech.serving import speech_routes
from pivot.speech.settings import SpeechSettings
from tests.speech.example import install

pytestmark = pytest.mark.live
Hear = Callable[[SpeechWish], Any]


@pytest.fixture(scope="module", autouse=True)
def installed(espeak_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package as pip puts it beside pivot."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(install(tmp_path_factory.mktemp("espeak")))
        yield
    for name in [name for name in sys.modules if name.split(".")[0] == "pivot_espeak"]:
        del sys.modules[name]


def settings(**changes: Any) -> SpeechSettings:
    return SpeechSettings(**({"engine": "espeak", "base_url": "http://127.0.0.1:1"} | changes))


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[Hear]:
    """Gives what fetches a wish's sound as a media server does: seconds and samples."""
    async with open_health("127.0.0.1", 0, []) as free_port:
        pass
    base = settings(base_url=f"http://127.0.0.1:{free_port}", options=options)
    async with open_speech(base) as room, aiohttp.ClientSession() as http:
        assert room is not None
        async with open_health("127.0.0.1", free_port, speech_routes(room.cache)):

            async def hear(wish: SpeechWish) -> array[int]:
                async with http.get(await room.synthesise("a1", wish)) as answer:
                    assert answer.status == 200
                    assert answer.headers["Content-Type"] == "audio/wav"
                    return samples_of(await answer.read())

            yield hear


def samples_of(data: bytes) -> array[int]:
    """Of a telephone's WAV, whose header tells its length."""
    assert data[:4] == b"RIFF"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8_000)
        return array("h", sound.readframes(sound.getnframes()))


def seconds(samples: array[int]) -> float:
    return len(samples) / 8_000


def loudness(samples: array[int]) -> float:
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


async def test_a_text_is_spoken_and_served() -> None:
    """From the entry point to the media server: as long as the words take, and no silence."""
    async with served() as hear:
        hello = await hear(SpeechWish("Hello, and welcome to the menu.", "espeak", "en-US"))
        longer = await hear(SpeechWish("Hello, and welcome to the menu. " * 5, "espeak", "en-US"))

    assert 1.0 < seconds(hello) < 5.0
    assert 4 * seconds(hello) < seconds(longer) < 6 * seconds(hello)
    assert loudness(hello) > 500


async def test_voice_and_language_are_heard() -> None:
    """Another variant or language is another sound; a country that is not spoken has the nearest one."""
    async with served(voices={"alice": "f3"}) as hear:
        said = {
            name: (await hear(SpeechWish("Guten Tag, 15 Minuten", voice, language))).tobytes()
            for name, voice, language in (
                ("english", "espeak", "en-US"),
                ("german", "espeak", "de-DE"),
                ("austrian", "espeak", "de-AT"),
                ("a woman", "espeak.f3", "de-DE"),
                ("alice", "Alice", "de-DE"),
                ("klingon", "espeak", "xx-XX"),
            )
        }

    assert said["german"] == said["austrian"]
    assert said["a woman"] == said["alice"]
    assert said["english"] == said["klingon"]
    assert len({said["english"], said["german"], said["a woman"]}) == 3


async def test_ssml_is_obeyed_and_plain_text_is_read_out() -> None:
    """A pause of three seconds takes three seconds, and a `<` in a text is no markup."""
    async with served() as hear:
        text = SpeechWish("One. Two.", "espeak", "en")
        plain = await hear(text)
        paused = await hear(
            SpeechWish("One. Two.", "espeak", "en", '<speak>One.<break time="3s"/> Two.</speak>')
        )
        literal = await hear(SpeechWish('One. <break time="3s"/> Two.', "espeak", "en"))

    assert 2.0 < seconds(paused) - seconds(plain) < 4.0
    assert loudness(literal) > loudness(paused)


@pytest.mark.parametrize(
    "text",
    [
        "-v nosuch",
        "--help",
        "$(touch x); `id`",
        "'\"\\ \n",
        "\x00\x01",
        "[[h@'l@U]]",
        "مرحبا 你好 🎉",
        "x" * 4096,
    ],
)
async def test_no_text_is_more_than_a_text(text: str) -> None:
    """Whatever a stranger writes is spoken, if anything of it can be."""
    async with served() as hear:
        assert seconds(await hear(SpeechWish(text, "espeak", "en"))) > 0.0


async def test_a_text_that_never_ends_is_cut_off() -> None:
    """Pauses of hours in a few bytes: the program is stopped at its limit, and the switch speaks."""
    pauses = '<break time="3600s"/>' * 50
    async with open_speech(settings()) as room:
        assert room is not None
        with pytest.raises(SpeechError, match=r"more than 16777216 bytes|longer than 10 s"):
            await room.synthesise("a1", SpeechWish("A", "espeak", "en", f"<speak>A{pauses}</speak>"))


HANGING = """#!/bin/sh
case "$*" in *--voices*) exec {espeak} "$@";; esac
echo $$ >{pids}
exec /bin/sleep 600
"""


@pytest.mark.parametrize("timeout_s", [0.5, 60.0], ids=["too slow", "worker stops"])
async def test_a_program_that_hangs_is_ended(timeout_s: float, espeak_path: str, tmp_path: Path) -> None:
    """With its time, or with the worker: none is left behind."""
    pids, program = tmp_path / "pids", tmp_path / "espeak-ng"
    os.mkfifo(pids)
    program.write_text(HANGING.format(espeak=espeak_path, pids=pids))
    program.chmod(0o700)
    async with open_speech(settings(options={"program": str(program)}, timeout_s=timeout_s)) as room:
        assert room is not None
        waiting = asyncio.ensure_future(room.synthesise("a1", SpeechWish("A", "espeak")))
        pid = int(await asyncio.to_thread(pids.read_text))
        os.kill(pid, 0)
        if timeout_s < 1.0:
            with pytest.raises(SpeechError, match="longer than"):
                await waiting
    await asyncio.wait([waiting])

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def tone(hertz: float, rate: int = 22_050) -> bytes:
    """One second of it, as espeak-ng writes: with a header that knows no length."""
    samples = array("h", (round(10_000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(rate)))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.tobytes())
    data = bytearray(file.getvalue())
    data[4:8], data[40:44] = b"\x24\xf0\xff\x7f", b"\x00\xf0\xff\x7f"
    return bytes(data)


@pytest.mark.parametrize(
    ("hertz", "least", "most"),
    [(300, 0.95, 1.05), (1_000, 0.95, 1.05), (3_000, 0.8, 1.05), (6_000, 0.0, 0.02)],
)
def test_a_telephone_gets_what_it_can_carry(hertz: float, least: float, most: float) -> None:
    """What is too high for it is filtered out; it would come back as a wrong tone."""
    telephone = importlib.import_module("pivot_espeak.telephone")

    samples = samples_of(telephone.telephone_wav(tone(hertz)))

    assert len(samples) == 8_000
    assert least < loudness(samples[100:-100]) / (10_000 / math.sqrt(2)) < most


@pytest.mark.parametrize("wrong", [b"", b"RIFF", tone(300)[:30], tone(300).replace(b"WAVE", b"WAVX", 1)])
def test_what_is_no_wav_is_no_sound(wrong: bytes) -> None:
    """And the switch speaks."""
    telephone = importlib.import_module("pivot_espeak.telephone")

    with pytest.raises(ValueError, match="no WAV"):
        telephone.telephone_wav(wrong)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en-GB", "en-gb"),
        ("en-AU", "en-us"),
        ("en", "en-us"),
        ("de-AT", "de"),
        ("pt_BR", "pt-br"),
        ("pt-PT", "pt"),
        ("fr-CA", "fr-fr"),
        ("fr-BE", "fr-be"),
        ("es-MX", "es-419"),
        ("zh-CN", "cmn"),
        ("zh-HK", "yue"),
        ("nb-NO", "nb"),
        ("no", "nb"),
        ("tlh", "en-us"),
        ("", "en-us"),
    ],
)
async def test_a_language_tag_finds_its_language(tag: str, language: str, espeak_path: str) -> None:
    """Among those that the installed espeak-ng lists."""
    engine = importlib.import_module("pivot_espeak.engine")
    languages = importlib.import_module("pivot_espeak.languages")
    listed = (await engine.run(espeak_path, "--voices")).decode().split()

    assert languages.language_for(tag, listed, "en-us") == language


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spede": 1}, "spede is no option; there are program, language, speed, voices"),
        ({"speed": "fast"}, "speed is 'fast', want int"),
        ({"speed": 9}, "speed is 9, want 80 to 450"),
        ({"language": "tlh"}, "language is 'tlh', which"),
        ({"voices": {"alice": "../x"}}, "voices.alice is '../x', want a variant"),
        ({"program": "no-such-program"}, "no-such-program is not installed; on Debian: apt-get install"),
    ],
)
async def test_a_wrong_option_is_named_before_the_worker_starts(
    options: dict[str, Any], message: str
) -> None:
    """By `pivot check-config`, too."""
    with pytest.raises(ConfigError, match=message):
        async with open_speech(settings(options=options)):
            pass
