"""The plug-in: texts to espeak-ng through its standard input, a telephone's WAV back."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pivot.speech.plugin import Audio, SpeechWish
from pivot_espeak import telephone
from pivot_espeak.languages import language_for

_MAX_BYTES = 16_777_216
"""Of espeak-ng's output: six minutes. A text of 4,096 characters takes about four, SSML's pauses apart."""
_FILTER = (sys.executable, "-I", "-S", telephone.__file__)
_ENVIRONMENT = {"LANG": "C.UTF-8"}
"""All that programs are told of ours; the worker's environment holds secrets."""


@dataclass(frozen=True, slots=True)
class Options:
    """What stands in `[speech.options]`."""

    program: str = "espeak-ng"
    language: str = "en-us"  # when neither the document nor a tag that espeak-ng speaks tells
    speed: int = 160  # words a minute, 80 to 450
    voices: Mapping[str, str] = field(
        default_factory=dict
    )  # further names, each with a variant: alice = "f3"


class Espeak:
    """Speaks as `espeak`, as `espeak.f3` and the like, and by the names that the operator gives it."""

    def __init__(
        self, program: str, options: Options, languages: frozenset[str], variants: frozenset[str]
    ) -> None:
        names = {"espeak": ""} | {f"espeak.{variant}": variant for variant in variants} | dict(options.voices)
        self._variants = {name.casefold(): variant for name, variant in names.items()}
        self._program = program
        self._options = options
        self._languages = languages

    @property
    def voices(self) -> tuple[str, ...]:
        return tuple(self._variants)

    async def synthesise(self, wish: SpeechWish) -> Audio:
        variant = self._variants[wish.voice.casefold()]
        language = language_for(wish.language, self._languages, self._options.language)
        voice = f"{language}+{variant}" if variant else language
        markup = ("-m",) if wish.ssml else ()  # without it a `<` is read out
        arguments = ("-b", "1", "-v", voice, "-s", str(self._options.speed), *markup, "--stdin", "--stdout")
        spoken = await run(self._program, *arguments, given=(wish.ssml or wish.text).encode())
        return Audio(await run(*_FILTER, given=spoken))


@asynccontextmanager
async def open_engine(options: Mapping[str, Any]) -> AsyncIterator[Espeak]:
    """espeak-ng as the operator wants it.

    Raises:
        ValueError: an option is unknown or cannot be followed.
        FileNotFoundError: espeak-ng is not installed.
    """
    wanted = read_options(options)
    program = shutil.which(wanted.program)
    if program is None:
        raise FileNotFoundError(f"{wanted.program} is not installed; on Debian: apt-get install espeak-ng")
    listed = (await run(program, "--voices")).decode()
    languages = frozenset(re.findall(r"^\s*\d+\s+(\S+)", listed, re.MULTILINE))
    listed = (await run(program, "--voices=variant")).decode()
    variants = frozenset(re.findall(r"!v/(\w+)\s*$", listed, re.MULTILINE))
    if wanted.language not in languages:
        raise ValueError(f"language is {wanted.language!r}, which `{wanted.program} --voices` does not list")
    for name, variant in wanted.voices.items():
        if variant not in variants | {""}:
            raise ValueError(f"voices.{name} is {variant!r}, want a variant such as f3, m1 or an empty text")
    yield Espeak(program, wanted, languages, variants)


def read_options(given: Mapping[str, Any]) -> Options:
    """The operator's options, checked.

    Raises:
        ValueError: which one is wrong, and what is wanted.
    """
    wanted: dict[str, type] = {"program": str, "language": str, "speed": int, "voices": dict}
    for name, value in given.items():
        if name not in wanted:
            raise ValueError(f"{name} is no option; there are {', '.join(wanted)}")
        if type(value) is not wanted[name]:
            raise ValueError(f"{name} is {value!r}, want {wanted[name].__name__}")
    options = Options(**given)
    if not 80 <= options.speed <= 450:
        raise ValueError(f"speed is {options.speed}, want 80 to 450")
    return options


async def run(program: str, *arguments: str, given: bytes = b"", max_bytes: int = _MAX_BYTES) -> bytes:
    """What a program writes; it is killed when the caller gives up, or when it writes too much.

    Raises:
        RuntimeError: it failed, or wrote too much.
    """
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdin=pipe, stdout=pipe, stderr=nothing, env=_ENVIRONMENT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    feeding = asyncio.create_task(_feed(process.stdin, given))
    try:
        written = await _read(process.stdout, max_bytes)
        if await process.wait() != 0:
            raise RuntimeError(f"{Path(program).name} ended with status {process.returncode}")
        return written
    finally:
        feeding.cancel()
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _feed(stdin: asyncio.StreamWriter, given: bytes) -> None:
    with suppress(ConnectionError):
        stdin.write(given)
        await stdin.drain()
        stdin.close()


async def _read(stdout: asyncio.StreamReader, max_bytes: int) -> bytes:
    written = bytearray()
    while chunk := await stdout.read(65_536):
        written += chunk
        if len(written) > max_bytes:
            raise RuntimeError(f"a program wrote more than {max_bytes} bytes")
    return bytes(written)
