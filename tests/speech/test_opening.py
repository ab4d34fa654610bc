"""Plug-ins are found by name among the installed packages; what is wrong is named with its remedy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pivot.app.http_servers import require_port
from pivot.errors import ConfigError
from pivot.model.speech import SpeechWish
from pivot.settings.loading import load
from pivot.speech.opening import open_speech
from pivot.speech.settings import SpeechSettings

PLUGIN = """
from contextlib import asynccontextmanager
from pivot.speech.plugin import Audio

class Engine:
    voices = ("kate", "Acme.*")

    def __init__(self, options):
        self.options = options

    async def synthesise(self, wish):
        return Audio(f"{wish.text} {self.options.get('speed', 1)}".encode(), "audio/mpeg")

log = []

@asynccontextmanager
async def open_engine(options):
    if options.get("speed") == "fast":
        raise ValueError("speed is 'fast', want a number")
    log.append("opened")
    yield Engine(options)
    log.append("closed")

number = 5
"""
SETTINGS = SpeechSettings(engine="acme", base_url="http://pivot.example:8090")
GOOD = "acme_speech:open_engine"
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a package with an entry point beside pivot, as pip does."""

    def put(target: str = GOOD, name: str = "acme", package: str = "acme-speech") -> None:
        folder = tmp_path / package
        info = folder / f"{package.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[pivot.speech]\n{name} = {target}\n")
        (folder / "acme_speech.py").write_text(PLUGIN)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "acme_speech", raising=False)

    return put


async def test_a_plugin_is_found_entered_and_left(install: Install, tmp_path: Path) -> None:
    """With the operator's options."""
    install()
    settings = replace(SETTINGS, options={"speed": 2}, cache_dir=str(tmp_path / "sounds"))

    async with open_speech(settings) as room:
        assert room is not None
        url = await room.synthesise("a1", SpeechWish("Hello", "kate"))
        path = room.cache.path(url.rpartition("/")[2])
        assert room.repertoire.voices == ("kate", "Acme.*")

    assert path is not None
    assert path.suffix == ".mp3"
    assert path.read_bytes() == b"Hello 2"
    assert sys.modules["acme_speech"].log == ["opened", "closed"]


async def test_without_a_folder_nothing_is_left_behind(install: Install) -> None:
    """Nobody has to choose one."""
    install()

    async with open_speech(SETTINGS) as room:
        assert room is not None
        path = room.cache.path("0" * 64 + ".wav")
        assert path is not None
        assert path.parent.is_dir()

    assert not path.parent.exists()


async def test_no_plugin_is_the_default() -> None:
    """The switch speaks, as with Kazoo's own app."""
    async with open_speech(SpeechSettings()) as room:
        assert room is None


@pytest.mark.parametrize(
    ("target", "changes", "message"),
    [
        (GOOD, {"engine": "amce"}, r'"amce", but no package .* \(installed: .*acme'),
        ("acme_speech:nothing", {}, "cannot be imported: AttributeError"),
        ("nowhere:open_engine", {}, "cannot be imported: ModuleNotFoundError"),
        ("acme_speech:number", {}, "is no function"),
        (GOOD, {"options": {"speed": "fast"}}, "ValueError: speed is 'fast', want a number"),
        (GOOD, {"default_voice": "joe"}, '"joe", which the plug-in does not have; it has kate'),
        (GOOD, {"cache_dir": "/dev/null/x"}, "speech.cache_dir is .* Not a directory"),
    ],
)
async def test_what_cannot_work_is_named(
    install: Install, target: str, changes: dict[str, Any], message: str
) -> None:
    """At the start, and not in a caller's ear."""
    install(target)

    with pytest.raises(ConfigError, match=message):
        async with open_speech(replace(SETTINGS, **changes)):
            pass


async def test_two_packages_with_one_name_are_a_mistake(install: Install) -> None:
    """Which of them speaks must not depend on the order of folders."""
    install()
    install("acme_speech:other", package="acme-speech-too")

    with pytest.raises(ConfigError, match="several packages offer it: acme-speech, acme-speech-too"):
        async with open_speech(SETTINGS):
            pass


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PIVOT_SPEECH__ENGINE": "acme"}, "speech.base_url is empty, want"),
        ({"PIVOT_SPEECH__BASE_URL": "pivot:8090"}, "speech.base_url is no plain http URL"),
        ({"PIVOT_SPEECH__BASE_URL": "http://u:p@pivot"}, "speech.base_url is no plain http URL"),
        ({"PIVOT_SPEECH__BASE_URL": "http://pivot:port"}, "speech.base_url is no plain http URL"),
        ({"PIVOT_SPEECH__WAIT_S": "0"}, "speech.wait_s is 0, want more than 0"),
        ({"PIVOT_SPEECH__PER_ACCOUNT": "0"}, "speech.per_account is 0, want at least 1"),
        ({"PIVOT_SPEECH__CACHE_BYTES": "5"}, "speech.cache_bytes is 5, want at least max_sound_bytes"),
    ],
)
def test_settings_that_make_no_sense_are_named(environment: dict[str, str], message: str) -> None:
    """Key, value and remedy."""
    with pytest.raises(ConfigError, match=message):
        load(environment=environment)


def test_sounds_need_a_port() -> None:
    """Else every caller would hear the switch, after a silence."""
    speech = {"PIVOT_SPEECH__ENGINE": "acme", "PIVOT_SPEECH__BASE_URL": "http://pivot:8090"}

    with pytest.raises(ConfigError, match=r"no port serves its sounds; set health\.port"):
        require_port(load(environment=speech))
    require_port(load(environment=speech | {"PIVOT_HEALTH__PORT": "8091"}))
    require_port(load(environment=speech | {"PIVOT_WEB__ENABLED": "true"}))
