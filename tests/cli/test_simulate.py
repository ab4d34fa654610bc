"""Developers hear their documents before any caller does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from pivot.cli.command_line import app
from pivot.cli.simulate import seconds
from pivot.errors import ConfigError

RUN = CliRunner()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The commands set up logging for their own process, which here is everybody's."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A menu, and what its choice leads to."""
    (tmp_path / "menu.xml").write_text(
        "<Response><Gather numDigits='2' action='chosen'><Say>Two keys</Say></Gather>"
        "<Say>None</Say></Response>"
    )
    (tmp_path / "chosen.xml").write_text("<Response><Say>Thank you</Say></Response>")
    (tmp_path / "odd.xml").write_text("<Response>\n  <Say color='red'>Hi</Say>\n</Response>")
    (tmp_path / "broken.xml").write_text("<Response>\n<Say>")
    (tmp_path / "flow.json").write_text('{"module": "tts", "data": {}}')
    return tmp_path


def told(*arguments: str) -> list[tuple[float, str, str]]:
    """What `pivot simulate --json` tells, parameters of requests left out."""
    result = RUN.invoke(app, ["simulate", "--json", *arguments])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return [(row["at_s"], row["what"], row["text"]) for row in rows]


def test_a_scripted_caller_chooses_from_a_menu(folder: Path) -> None:
    """Two documents, seven virtual seconds, no waiting; the switch takes 20 ms from a command to the next."""
    assert told(str(folder / "menu.xml"), "--press", "42") == [
        (0.0, "request", "POST http://document.invalid/menu.xml"),
        (0.0, "answered", "200, 102 bytes"),
        (0.0, "answer", ""),
        (0.02, "say", "Two keys male en-us"),
        (1.0, "stop_media", ""),
        (2.0, "request", "POST http://document.invalid/chosen"),
        (2.0, "answered", "200, 41 bytes"),
        (2.0, "say", "Thank you male en-us"),
        (4.02, "hangup", ""),
        (4.032, "end", "ok"),
    ]


def test_a_silent_caller_hears_the_rest(folder: Path) -> None:
    """Nobody presses anything within five seconds."""
    said = [text for _, what, text in told(str(folder / "menu.xml"), "--say-nothing") if what == "say"]

    assert said == ["Two keys male en-us", "None male en-us"]


def test_a_caller_hangs_up(folder: Path) -> None:
    """In the middle of the prompt."""
    rows = told(str(folder / "menu.xml"), "--hangup-after", "1500ms")

    assert rows[-2:] == [(1.5, "caller_gone", ""), (1.512, "end", "ok")]


def test_findings_name_their_place(folder: Path) -> None:
    """An editor can jump there; errors decide the exit status."""
    files = [str(folder / name) for name in ("menu.xml", "odd.xml", "broken.xml", "flow.json")]

    result = RUN.invoke(app, ["check", *files])

    assert result.exit_code == 1
    lines = [line.removeprefix(f"{folder}/") for line in result.stdout.splitlines()]
    assert [line.partition(" (")[0] for line in lines] == [
        "odd.xml:2:8: warning twiml.attribute",
        "broken.xml:2:6: error answer.xml",
        "flow.json: error answer.schema",
    ]
    assert RUN.invoke(app, ["check", files[0]]).exit_code == 0


def test_a_missing_file_is_named() -> None:
    """With what to do."""
    result = RUN.invoke(app, ["check", "nowhere.xml"])

    assert (result.exit_code, "nowhere.xml cannot be read" in result.output) == (1, True)


@pytest.mark.parametrize(("text", "value"), [("3s", 3.0), ("3", 3.0), ("500ms", 0.5), ("0.5", 0.5)])
def test_times_have_units(text: str, value: float) -> None:
    assert seconds(text) == value


def test_a_time_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match='"soon" is no time'):
        seconds("soon")
