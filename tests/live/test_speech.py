"""A speech plug-in in the whole program: from the bus to the sound that a media server fetches."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from pivot.model.switch import PlayMedia, SpeakText
from pivot.sim.kazoo import SimulatedCall, SimulatedKazoo
from tests.live.program import worker
from tests.live.voice_server import VoiceServer
from tests.speech.example import install

pytestmark = pytest.mark.live

WAIT_S = 15.0


@pytest.fixture
def settings(espeak_path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """espeak-ng speaks everything; its sounds are on the health port."""
    monkeypatch.setenv("PYTHONPATH", str(install(tmp_path)), prepend=os.pathsep)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "SPEECH__ENGINE": "espeak",
        "SPEECH__DEFAULT_VOICE": "espeak",
        "SPEECH__BASE_URL": f"http://127.0.0.1:{port}",
        "SPEECH__CACHE_DIR": str(tmp_path / "sounds"),
        "HEALTH__PORT": str(port),
    }


def heard(call: SimulatedCall, kind: type[PlayMedia | SpeakText]) -> list[PlayMedia | SpeakText]:
    return [item.command for item in call.heard if isinstance(item.command, kind)]


async def over(call: SimulatedCall) -> str:
    async with asyncio.timeout(WAIT_S):
        return await call.over


@pytest.mark.rabbit
async def test_a_say_is_played_from_a_url_that_has_its_sound(
    amqp_vhost_url: str, kazoo: SimulatedKazoo, server: VoiceServer, settings: dict[str, str]
) -> None:
    """The second caller's sound is the first one's, and so is the next worker's."""
    played = []
    for _ in range(2):
        async with worker(amqp_vhost_url, **settings) as program, aiohttp.ClientSession() as http:
            calls = [await kazoo.place_call(f"{server.url}/say", Request_Format="twiml") for _ in range(2)]
            for call in calls:
                assert await over(call) == "NORMAL_CLEARING"
                assert heard(call, SpeakText) == []
                played += [each.media for each in heard(call, PlayMedia) if isinstance(each, PlayMedia)]
            async with http.get(played[-1]) as answer:
                assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/wav")
                assert (await answer.read())[:4] == b"RIFF"
            async with http.get(f"{settings['SPEECH__BASE_URL']}/metrics") as answer:
                figures = dict(line.rsplit(" ", 1) for line in (await answer.text()).splitlines())
            assert float(figures["pivot_speech_made_total"]) == (1.0 if len(played) == 2 else 0.0)
            program.stop()
            assert await program.ended() == 0
    assert len(played) == 4
    assert len(set(played)) == 1


@pytest.mark.rabbit
async def test_callers_hear_the_switch_when_the_plugin_has_gone(
    amqp_vhost_url: str,
    kazoo: SimulatedKazoo,
    server: VoiceServer,
    settings: dict[str, str],
    espeak_path: str,
    tmp_path: Path,
) -> None:
    """Somebody removes the program while calls run: nobody is hung up because of it."""
    program_file = tmp_path / "espeak-ng"
    program_file.symlink_to(espeak_path)
    options = json.dumps({"program": str(program_file)})
    async with worker(amqp_vhost_url, **settings, SPEECH__OPTIONS=options) as program:
        program_file.unlink()
        call = await kazoo.place_call(f"{server.url}/say", Request_Format="twiml")

        assert await over(call) == "NORMAL_CLEARING"
        (spoken,) = heard(call, SpeakText)
        assert isinstance(spoken, SpeakText)
        assert spoken.text == "hi"
        assert "FileNotFoundError" in (await program.logged("speech.failed"))["error"]


async def test_check_knows_the_plugins_voices(settings: dict[str, str], tmp_path: Path) -> None:
    """No warning of a voice that callers will hear."""
    document = tmp_path / "say.xml"
    document.write_text("<Response><Say voice='espeak.f3'>A</Say><Say voice='Polly.Amy'>B</Say></Response>")
    environment = dict(os.environ) | {f"PIVOT_{name}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pivot", "check", str(document)),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()

    (line,) = output.decode().splitlines()
    assert "needs a speech plug-in that has it; the plug-in's espeak speaks" in line
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({}, 0, '"default_voice": "espeak"'),
        ({"SPEECH__OPTIONS": '{"speed": 9}'}, 1, "speed is 9, want 80 to 450"),
        ({"SPEECH__ENGINE": "espaek"}, 1, 'speech.engine is "espaek", but no package beside pivot offers it'),
        (
            {"SPEECH__DEFAULT_VOICE": "joe"},
            1,
            'speech.default_voice is "joe", which the plug-in does not have',
        ),
        ({"HEALTH__PORT": "0"}, 1, "no port serves its sounds; set health.port"),
    ],
)
async def test_check_config_opens_the_plugin(
    settings: dict[str, str], change: dict[str, str], status: int, said: str
) -> None:
    """What passes here speaks when the worker starts."""
    environment = dict(os.environ) | {f"PIVOT_{name}": value for name, value in (settings | change).items()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pivot", "check-config", "--json"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert said in output.decode()
    assert process.returncode == status
