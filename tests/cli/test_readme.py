"""README's commands for a first look exist as they are written."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ".venv/bin/pivot"
COMMANDS = [
    line.strip()
    for line in (ROOT / "README.md").read_text().splitlines()
    if line.startswith((f"    {PROGRAM} check ", f"    {PROGRAM} simulate "))
]
_EXAMPLE = "127.0.0.1:8080"
"""Where README's example listens; here the port is one that is free."""
_SERVE = "import sys; from aiohttp import web; from examples.voice_app import make_app;"
_SOON_S = 30.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Until somebody listens there."""
    until = time.monotonic() + _SOON_S
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the example does not listen")


@pytest.fixture(scope="module")
def example() -> Iterator[str]:
    """The example application as a process; its address."""
    port = free_port()
    serve = f"{_SERVE} web.run_app(make_app(), host='127.0.0.1', port={port})"
    server = subprocess.Popen([sys.executable, "-c", serve], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(_SOON_S)


def test_readme_shows_both_commands() -> None:
    """Else the test below would run nothing."""
    assert {shlex.split(command)[1] for command in COMMANDS} == {"check", "simulate"}
    assert any(_EXAMPLE in command for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_readme_runs(command: str, example: str) -> None:
    """From the project's folder, word by word; nothing is wrong with what it names."""
    program, *arguments = shlex.split(command.replace(_EXAMPLE, example), comments=True)
    assert program == PROGRAM

    ran = subprocess.run(
        [Path(sys.executable).with_name("pivot"), *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=2 * _SOON_S,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    if arguments[0] == "simulate":
        assert "We are open from nine to five." in ran.stdout
    else:
        assert ran.stdout == ""
